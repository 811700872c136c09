"""The networks' window: figures beside baselines, a run followed live, runs compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication

from studio.core.card import CARD as CARD_FILE
from studio.core.card import WEIGHTS, Card
from studio.perception.neural_heads.network import OWN, HeadNetwork
from studio.perception.own import pack
from studio.training import checkpoint, runs
from studio.training.runs import free_folder, list_runs, read_run, run_folder
from studio.training.tasks import find_task
from studio.ui.networks import NetworksWindow, work
from studio.ui.networks.figures_page import FiguresPage, table_of, wins
from studio.ui.networks.run_charts import run_charts
from studio.ui.networks.training_page import PLACES, TrainingPage
from studio.ui.networks.work import Known, Wish

TOY = "toy_task:Toy"
CARD = Card(
    "toy", "Apache-2.0", {"task": "Tell two colours", "steps": 40, "megabytes": 0.01},
    (
        {"what": "right", "value": 0.9, "unit": "", "better": "higher",
         "baselines": {"a coin": 0.5}},
        {"what": "error", "value": 7.0, "unit": "px", "better": "lower",
         "baselines": {"MediaPipe": 5.0}, "note": "on photographs"},
        {"what": "speed", "unit": "ms", "better": "lower", "note": "no camera"},
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def private_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(runs, "cache_folder", lambda name: tmp_path / name)
    return tmp_path / "training"


def told(folder: Path, steps: int, score: float) -> None:
    """A run of so many steps, as its log tells it."""
    folder.mkdir(parents=True)
    lines = [
        {"step": s, "spent_s": s / 2, "rate": 1e-3, "samples_per_s": 9.0,
         "losses": {"loss": 3 / s, "entropy": 2 / s, "overlap": 1 / s}}
        for s in range(10, steps + 1, 10)
    ]  # fmt: skip
    lines.append({"step": steps, "spent_s": steps / 2, "figures": {"right": score}})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / checkpoint.LOG).write_text(text + '{"step": 99', "utf-8")
    (folder / checkpoint.BEST).write_bytes(b"weights")


def test_a_run_is_read_as_it_was_told() -> None:
    assert list_runs("toy") == ()
    told(run_folder("toy"), 40, 0.7)
    told(run_folder("toy", 2), 80, 0.6)
    told(run_folder("toy two"), 10, 0.1)
    assert free_folder("toy") == run_folder("toy", 3)
    found = list_runs("toy")
    assert {run.name for run in found} == {"toy", "toy 2"}
    run = read_run(run_folder("toy"))
    assert (run.step, run.spent_s) == (40, 20.0)
    np.testing.assert_allclose(run.losses["loss"].values, [0.3, 0.15, 0.1, 0.075])
    assert run.best("right", "higher") == 0.7
    assert run.best("other", "higher") is None
    one = run_charts((run,))
    assert [chart.title for chart in one] == [
        "Loss", "right", "Terms of the loss", "Learning rate", "Speed",
    ]  # fmt: skip
    smoothed = one[0].series[1].y
    np.testing.assert_allclose(smoothed[-1], np.mean([0.3, 0.15, 0.1, 0.075]))
    both = run_charts(found)
    assert [chart.title for chart in both] == ["Loss", "right"]
    assert {series.name for series in both[1].series} == {"toy", "toy 2"}


def test_figures_stand_beside_their_baselines(qtbot) -> None:
    assert [wins(row) for row in CARD.figures] == [True, False, None]
    head, *rows = table_of(CARD)
    assert head == ["Figure", "This network", "a coin", "MediaPipe", "Note"]
    assert rows[1] == ["error", "7 px", "–", "5 px", "on photographs"]
    assert rows[2][1] == "–"
    page = FiguresPage()
    qtbot.addWidget(page)
    page.show_card(CARD)
    assert page.table.rowCount() == 3
    page.copy_button.click()
    assert "7 px\t–\t5 px" in QGuiApplication.clipboard().text()
    page.show_card(None)
    assert not page.none.isHidden()


@pytest.fixture
def networks(qtbot, studio, monkeypatch: pytest.MonkeyPatch) -> NetworksWindow:
    home = str(Path(__file__).parents[2] / "training")
    monkeypatch.setenv("PYTHONPATH", home)
    monkeypatch.syspath_prepend(home)
    monkeypatch.setattr(work, "TASKS", {TOY: TOY})
    made = NetworksWindow(studio, None)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.current == TOY, timeout=20_000)
    yield made
    made.close()
    sys.modules.pop("toy_task", None)


def test_a_network_is_trained_in_a_process_and_followed(qtbot, studio, networks) -> None:
    assert networks.does.text() == "Tell two colours"
    networks.pages.setCurrentWidget(networks.training)
    networks.train(Wish(minutes=20.0, workers=0, device="cpu", resume=False))
    assert networks.training.pause_button.isVisible()
    assert not networks.training.minutes.isEnabled()
    qtbot.waitUntil(lambda: networks.training.plots.chart is not None, timeout=60_000)
    qtbot.waitUntil(lambda: "loss" in networks.training.told.text(), timeout=5_000)
    networks._finish()
    qtbot.waitUntil(lambda: not studio.watch.busy, timeout=60_000)
    qtbot.waitUntil(lambda: networks.runs.table.rowCount() == 1, timeout=5_000)
    run = networks.runs.runs[0]
    assert run.validated
    assert run.step > 0
    assert networks.training.train_button.isVisible()
    assert (run.folder / checkpoint.PICTURE).is_file()


def test_a_network_in_use_is_measured_again(qtbot, studio, networks, tmp_path, monkeypatch) -> None:
    home = tmp_path / "models" / "toy"
    home.mkdir(parents=True)
    monkeypatch.setattr(work, "TASKS", {"toy": TOY})
    monkeypatch.setattr(work, "find_task", lambda name: find_task(TOY))
    network = find_task(TOY).network()
    (home / WEIGHTS).write_bytes(pack(network, {"name": "toy"}))
    (home / CARD_FILE).write_text(CARD.toml(), "utf-8")
    monkeypatch.setenv("DOPPEL_MODELS_DIR", str(tmp_path / "models"))
    networks.show_networks({"toy": work.look("toy")})
    assert networks.figures.table.rowCount() == 3
    networks.figures.measure_button.click()
    assert not networks.figures.measure_button.isEnabled()
    qtbot.waitUntil(lambda: networks.figures.table.rowCount() == 1, timeout=20_000)
    assert networks.figures.measure_button.isEnabled()


def test_runs_are_compared_and_only_one_that_was_validated_is_used(qtbot, networks) -> None:
    told(run_folder(TOY), 40, 0.7)
    told(run_folder(TOY, 2), 80, 0.6)
    (run_folder(TOY, 2) / checkpoint.BEST).unlink()
    networks.show_networks({TOY: work.look(TOY)})
    page = networks.runs
    page.table.clearSelection()
    assert not page.publish_button.isEnabled()
    by_name = {run.name: row for row, run in enumerate(page.runs)}
    page.table.selectRow(by_name["toy_task.Toy"])
    assert page.publish_button.isEnabled()
    with qtbot.waitSignal(page.publish) as asked:
        page.publish_button.click()
    assert asked.args[0].name == "toy_task.Toy"
    page.table.selectRow(by_name["toy_task.Toy 2"])
    assert not page.publish_button.isEnabled()
    page.table.selectAll()
    assert len(page.chosen()) == 2
    assert page.plots.charts == ("Loss", "right")
    assert isinstance(networks.known[TOY], Known)


def test_layers_are_asked_for_where_they_are_each_heads_own(qtbot, tmp_path: Path) -> None:
    page, wishes = TrainingPage(), list[Wish]()
    qtbot.addWidget(page)
    page.wanted.connect(wishes.append)
    page.show()
    assert not page.rank.isVisible()
    page.rank.set_value(8)
    page.train_button.click()
    page.show_layered(True)
    assert page.rank.isVisible()
    page.placement.set_value("surface")
    page.samples.set_value(str(tmp_path))
    page.train_button.click()
    usual, layered = wishes
    assert usual.options() == {}
    assert layered.options() == {"data": str(tmp_path), "rank": 8, "placement": "surface"}
    assert isinstance(network := find_task("neus", rank=8, placement="surface").network(),
                      HeadNetwork)  # fmt: skip
    assert network.told() == "low-rank of rank 8, own: surface"
    assert set(PLACES) == set(OWN) - {"none"}
