"""The loop: it learns, it ends where it should, and a killed run goes on as if nothing happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_task import Colours, Toy

from studio.core.errors import Cancelled, StudioError
from studio.jobs import Context, run
from studio.training import checkpoint
from studio.training.feed import Mixed, Order, batches, made_once
from studio.training.launch import Alone
from studio.training.loop import train
from studio.training.plan import Plan

HERE = Path(__file__).parent
LINES = {"log_every": 5, "precision": "float32"}


def curve(folder: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["losses"]["loss"]) for line in checkpoint.lines(folder)
            if "losses" in line]  # fmt: skip


def test_it_learns_and_tells_how_far_it_is(tmp_path: Path) -> None:
    seen = []
    plan = Plan(steps=60, batch=16, learning_rate=0.03, picture_s=0.0, average=0.9, **LINES)
    context = Context()
    outcome = run(train(Toy(), plan, tmp_path, context), seen.append)
    assert (outcome.step, outcome.why) == (60, "steps")
    assert outcome.score is not None
    assert outcome.score > 0.9
    told = [p for p in seen if p.losses]
    assert [p.step for p in told] == list(range(5, 65, 5))
    assert told[-1].losses["loss"] < 0.6 * told[0].losses["loss"]
    assert told[-1].losses["loss"] == pytest.approx(
        told[-1].losses["entropy"] + told[-1].losses["small"]
    )
    assert told[0].picture is not None
    assert seen[-1].figures == {"right": outcome.score}
    assert context.fraction == 1.0
    assert (tmp_path / checkpoint.BEST).is_file()


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (Plan(minutes=0.005, batch=8, **LINES), "time"),
        (Plan(steps=10**6, threshold=0.4, validate_s=0.0, batch=8, **LINES), "threshold"),
        (Plan(steps=10**6, patience=2, validate_s=0.0, learning_rate=1e-9, batch=8, **LINES),
         "patience"),
        (Plan(epochs=0.5, batch=8, **LINES), "steps"),
    ],
)  # fmt: skip
def test_it_ends_by_time_score_patience_or_epoch(tmp_path: Path, plan: Plan, why: str) -> None:
    outcome = run(train(Toy(), plan, tmp_path))
    assert outcome.why == why
    assert checkpoint.load(tmp_path)["step"] == outcome.step


def test_finishing_early_keeps_what_there_is(tmp_path: Path) -> None:
    context = Context()
    plan = Plan(steps=10**6, batch=8, **LINES)
    outcome = run(train(Toy(), plan, tmp_path, context), lambda p: context.finish())
    assert (outcome.why, outcome.step) == ("asked", 5)


def test_a_resumed_run_has_the_curve_of_one_that_was_not_stopped(tmp_path: Path) -> None:
    plan = Plan(steps=40, batch=16, deterministic=True, **LINES)
    run(train(Toy(), plan, tmp_path / "whole"))
    context = Context()

    def stop(progress) -> None:
        if progress.step == 15:
            context.cancel()
            context.check()

    with pytest.raises(Cancelled):
        run(train(Toy(), plan, tmp_path / "parts", context), stop)
    assert checkpoint.load(tmp_path / "parts")["step"] == 15
    run(train(Toy(), plan, tmp_path / "parts", resume=True))
    assert curve(tmp_path / "parts") == curve(tmp_path / "whole")
    whole, parts = (checkpoint.load(tmp_path / name)["average"] for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_killed_run_goes_on_with_the_same_curve(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from toy_task import Toy;"
        "from studio.jobs import run;"
        "from studio.training.loop import train; from studio.training.plan import Plan;"
        "run(train(Toy(), Plan(steps=4000, batch=16, checkpoint_s=0.05, log_every=5,"
        "precision='float32'), Path(sys.argv[1])))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}"}
    victim = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment)
    deadline = time.monotonic() + 100
    while not (tmp_path / checkpoint.CHECKPOINT).is_file() or len(curve(tmp_path)) < 8:
        assert time.monotonic() < deadline
        assert victim.poll() is None
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    step = checkpoint.load(tmp_path)["step"]
    before = curve(tmp_path)
    assert step % 5 == 0
    # The rate depends on how far the run is, so the same length is asked for, and ended soon after.
    context = Context()
    plan = Plan(steps=4000, batch=16, **LINES)
    run(
        train(Toy(), plan, tmp_path, context, resume=True),
        lambda p: context.finish() if p.step >= step + 20 else None,
    )
    again, other = curve(tmp_path), Context()
    run(
        train(Toy(), plan, tmp_path / "whole", other),
        lambda p: other.finish() if p.step >= step + 20 else None,
    )
    assert again == curve(tmp_path / "whole")
    kept = [line for line in before if line[0] <= step]
    assert again[: len(kept)] == kept


def test_a_loss_that_is_no_number_is_told_and_the_checkpoint_stays_sound(tmp_path: Path) -> None:
    plan = Plan(steps=30, batch=8, checkpoint_s=0.0, **LINES)
    with pytest.raises(StudioError, match="loss of step 11 is not a number"):
        run(train(Toy(burst_at=12), plan, tmp_path))
    assert checkpoint.load(tmp_path)["step"] == 10


def test_another_run_s_checkpoint_is_refused(tmp_path: Path) -> None:
    run(train(Toy(), Plan(steps=5, batch=8, **LINES), tmp_path))
    with pytest.raises(StudioError, match="has the batch 8, not 4"):
        run(train(Toy(), Plan(steps=9, batch=4, **LINES), tmp_path, resume=True))
    (tmp_path / checkpoint.CHECKPOINT).write_bytes(b"half")
    with pytest.raises(StudioError, match="cannot be read"):
        run(train(Toy(), Plan(steps=9, batch=8, **LINES), tmp_path, resume=True))


def test_sgd_learns_and_goes_on_with_itself_alone(tmp_path: Path) -> None:
    """The schedule of US 11494932: SGD with momentum, the rate a tenth in two steps."""
    plan = Plan(steps=40, batch=16, learning_rate=0.2, average=0.9, optimiser="sgd",
                schedule="steps", **LINES)  # fmt: skip
    assert run(train(Toy(), plan, tmp_path)).score > 0.9
    state = checkpoint.load(tmp_path)["optimiser"]
    assert [group["momentum"] for group in state["param_groups"]] == [0.9, 0.9]
    with pytest.raises(StudioError, match="kind of optimiser sgd, not own"):
        run(train(Toy(), Plan(steps=60, batch=16, **LINES), tmp_path, resume=True))


def test_a_run_that_is_judged_anew_forgets_its_old_best(tmp_path: Path) -> None:
    class Stricter(Toy):
        score = "half"

        def validate(self, network, device):
            return {"half": super().validate(network, device)["right"] / 2}

    first = run(train(Toy(), Plan(steps=40, batch=8, **LINES), tmp_path))
    before = (tmp_path / checkpoint.BEST).read_bytes()
    again = run(train(Stricter(), Plan(steps=44, batch=8, **LINES), tmp_path, resume=True))
    assert again.score == again.figures["half"] < first.score
    assert (tmp_path / checkpoint.BEST).read_bytes() != before


def test_low_precision_learns_too(tmp_path: Path) -> None:
    plan = Plan(steps=60, batch=16, learning_rate=0.03, average=0.9, precision="bfloat16")
    outcome = run(train(Toy(), plan, tmp_path))
    assert outcome.score is not None
    assert outcome.score > 0.9
    assert Alone("cpu", "bfloat16").precision == "bfloat16"


def test_the_rate_rises_and_falls() -> None:
    plan = Plan(steps=100, learning_rate=1.0, warm_up=0.1, last_rate=0.02)
    rates = [plan.rate(plan.way(step, 0.0, 100)) for step in range(101)]
    assert rates[5] == pytest.approx(0.5)
    assert int(np.argmax(rates)) == 10
    assert rates[-1] == pytest.approx(0.02)
    assert (np.diff(rates[10:]) <= 0).all()
    assert Plan(minutes=2).way(0, 60.0, None) == 0.5
    plan = Plan(epochs=50, learning_rate=0.02, warm_up=0.0, schedule="steps")
    rates = [plan.rate(epoch / 50) for epoch in (0, 29, 30, 44, 45, 50)]
    assert rates == pytest.approx([0.02, 0.02, 0.002, 0.002, 0.0002, 0.0002])
    for wrong in ({}, {"steps": 0}, {"minutes": 1, "batch": 0}):
        with pytest.raises(StudioError):
            Plan(**wrong)


def test_every_sample_comes_once_an_epoch_whatever_the_workers_and_ranks() -> None:
    order = Order(96, 24, seed=3)
    epoch = np.concatenate([order.at(step) for step in range(4)])
    assert sorted(epoch) == list(range(96))
    assert list(order.at(1)) == list(Order(96, 24, seed=3).at(1))
    assert list(order.at(4)) != list(order.at(0))
    plain = batches(Colours(1), Order(96, 24, 3), 2)
    ahead = batches(Colours(1), Order(96, 24, 3), 2, workers=1)
    ranks = [batches(Colours(1), Order(96, 24, 3), 2, rank=r, world=2) for r in range(2)]
    for _ in range(2):
        one = next(plain)
        assert torch.equal(one["rgb"], next(ahead)["rgb"])
        halves = [next(rank)["rgb"] for rank in ranks]
        assert torch.equal(one["rgb"][0::2], halves[0])
        assert torch.equal(one["rgb"][1::2], halves[1])


def test_mixed_sources_come_in_their_shares() -> None:
    mixed = Mixed([Colours(1), Colours(2, length=7)], [0.8, 0.2])
    assert len(mixed) == 120
    rare = {Colours(2)[n]["rgb"].tobytes() for n in range(7)}
    share = np.mean([mixed[n]["rgb"].tobytes() in rare for n in range(400)])
    assert 0.13 < share < 0.27
    assert mixed[5]["rgb"].tobytes() == mixed[5]["rgb"].tobytes()


def test_samples_of_several_passes_are_made_once() -> None:
    asked: list[int] = []

    class Slow(Colours):
        def __getitem__(self, number: int) -> dict[str, np.ndarray]:
            asked.append(number)
            return super().__getitem__(number)

    plain = Colours(1, length=3)
    with made_once(Slow(1, length=3)) as kept:
        for _ in range(2):
            for number in range(3):
                sample = kept[number]
                assert sample.keys() == plain[number].keys()
                for key, value in plain[number].items():
                    np.testing.assert_array_equal(sample[key], value)
        assert asked == [0, 1, 2]
        assert len(kept) == 3
