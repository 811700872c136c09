"""From a run to models/NAME: weights and a card of what was measured; the better one stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from toy_task import Toy

from studio.core.card import Card, find_card, read_card
from studio.core.errors import StudioError
from studio.jobs import Context, run
from studio.perception.own import pack, unpack
from studio.training import checkpoint
from studio.training.loop import train
from studio.training.many import train_together
from studio.training.plan import Plan
from studio.training.publish import publish
from studio.training.task import Bench, Row
from studio.training.tasks import find_task

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    plan = Plan(steps=60, batch=16, learning_rate=0.03, average=0.9, precision="float32")
    run(train(Toy(), plan, folder))
    return folder


def test_the_card_says_what_was_measured(ran: Path, tmp_path: Path, monkeypatch) -> None:
    done = publish(Toy(), ran, tmp_path, Bench(), facts={"machine": 'two "cores"'})
    assert done.replaced
    card = read_card(tmp_path / "toy")
    assert card.weights.stat().st_size < 4000
    assert (card.name, card.licence) == ("toy", "Apache-2.0")
    assert card.facts["steps"] == 60
    assert card.facts["machine"] == 'two "cores"'
    row = card.figures[0]
    assert row["what"] == "right"
    assert row["baselines"] == {"a coin": 0.5}
    again = unpack(Toy().network(), card.weights)
    assert Toy().evaluate(again, "cpu", Bench())[0].value == pytest.approx(row["value"], abs=1e-3)
    monkeypatch.setenv("DOPPEL_MODELS_DIR", str(tmp_path))
    assert find_card("toy").figures == card.figures
    with pytest.raises(StudioError, match="no trained network “nobody”"):
        find_card("nobody")


def test_a_worse_network_does_not_replace_a_better_one(ran: Path, tmp_path: Path) -> None:
    publish(Toy(), ran, tmp_path, Bench())
    before = (tmp_path / "toy" / "weights.safetensors").read_bytes()
    worse = tmp_path / "worse"
    run(train(Toy(), Plan(steps=1, batch=8, precision="float32", seed=4), worse))
    done = publish(Toy(), worse, tmp_path, Bench())
    assert not done.replaced
    assert "kept the old weights" in done.why
    assert (tmp_path / "toy" / "weights.safetensors").read_bytes() == before


def test_weights_of_another_network_are_refused(ran: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    for network, said in ((torch.nn.Linear(3, 3), "another network"),):
        path.write_bytes(pack(network, {}))
        with pytest.raises(StudioError, match=said):
            unpack(Toy().network(), path)
    path.write_bytes(b"no weights")
    with pytest.raises(StudioError, match="cannot be read"):
        unpack(Toy().network(), path)
    with pytest.raises(StudioError, match="no validated weights"):
        publish(Toy(), tmp_path / "none", tmp_path, Bench())
    (tmp_path / "card.toml").write_text("name = ", "utf-8")
    with pytest.raises(StudioError, match="cannot be read"):
        read_card(tmp_path)


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rows = ({"what": "a \\ b", "value": 0.25, "baselines": {"x y": 1.0}},)
    card = Card("n", "CC0", {"outputs": ["a", "b"], "text": 'one\n"two"', "on": True}, rows)
    (tmp_path / "card.toml").write_text(card.toml(), "utf-8")
    again = read_card(tmp_path)
    assert (dict(again.facts), tuple(again.figures)) == (dict(card.facts), rows)


def test_rows_without_a_value_say_why() -> None:
    assert Row("real", None, note="the footage is not here").value is None


def together(folder: Path, context: Context) -> list[int]:
    plan = Plan(steps=60, batch=16, learning_rate=0.03, average=0.9, precision="float32",
                log_every=5)  # fmt: skip
    seen: list[int] = []
    engine = train_together("toy_task:Toy", {}, plan, folder, context, device="cpu", devices=2)
    outcome = run(engine, lambda p: seen.append(p.step))
    assert outcome.step == 60
    assert outcome.score is not None
    assert outcome.score > 0.9
    return seen


def test_two_processes_learn_as_one(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    assert together(tmp_path, Context()) == list(range(5, 65, 5))


@pytest.mark.slow
def test_two_processes_can_be_paused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    context = Context()
    context.pause()
    threading.Timer(1.0, context.resume).start()
    seen = together(tmp_path, context)
    assert seen == sorted(set(seen))


def test_a_process_that_fails_is_told(tmp_path: Path) -> None:
    plan = Plan(steps=5, precision="float32")
    with pytest.raises(StudioError, match="process of the training ended"):
        run(train_together("no_such:Task", {}, plan, tmp_path, device="cpu"))


BARE = """
import sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {BLOCKED}:
            raise ImportError("not on this machine: " + name)
sys.meta_path.insert(0, Bare())
from studio.training.kit import main
sys.exit(main(sys.argv[1:]))
"""
BLOCKED = {
    "pydantic", "platformdirs", "jaxtyping", "cv2", "scipy", "mediapipe", "tyro", "rich", "anny",
    "roma", "moderngl", "lightning_fabric", "trimesh", "PySide6", "beartype", "av", "psygnal",
}  # fmt: skip


def test_the_kit_needs_only_torch_numpy_and_safetensors(tmp_path: Path) -> None:
    code = BARE.replace("{BLOCKED}", repr(BLOCKED))
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", code, "toy_task:Toy", "--out", str(tmp_path), "--batch", "8",
               "--precision", "float32", "--device", "cpu"]  # fmt: skip
    short = [*command, "--steps", "100000", "--minutes", "0.02"]
    first = subprocess.run(short, env=environment, capture_output=True, text=True, check=True)
    told = json.loads(first.stdout)
    assert told["why"] == "asked"
    whole = [*command, "--steps", str(told["step"] + 10)]
    second = subprocess.run(whole, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(second.stdout)["step"] == told["step"] + 10
    assert json.loads(second.stdout)["why"] == "steps"
    assert checkpoint.load(tmp_path)["step"] == told["step"] + 10


def test_tasks_are_found_by_name() -> None:
    assert find_task("toy_task:Toy", good=False).good is False
    with pytest.raises(StudioError, match="no network “nobody”"):
        find_task("nobody")
    with pytest.raises(StudioError, match="cannot be loaded"):
        find_task("toy_task:Nobody")
    with pytest.raises(StudioError, match="cannot be trained with"):
        find_task("toy_task:Toy", colour="red")
