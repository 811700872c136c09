"""The live pose step in the window: a film as a camera, points on it, a skeleton, a stream."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from live import film

from studio.core.types import Skeleton
from studio.human.layouts import layout
from studio.live.moment import Moment
from studio.perception.detector import Person2D

LAYOUT, JOINTS = layout("coco_17"), layout("openpose_137")


class Finder:
    """Finds somebody in every picture."""

    layout, identity = LAYOUT, "finder"

    def detect(self, rgb: np.ndarray, time_s: float = 0.0) -> tuple[Person2D, ...]:
        xy = np.column_stack([20.0 + np.arange(17), np.linspace(4, 60, 17)])
        return (Person2D(LAYOUT, xy, np.ones(17), 0),)

    def follow(self, people: Sequence[Person2D]) -> None:
        pass

    def close(self) -> None:
        pass


class Stander:
    """A skeleton that stands."""

    def solve(self, time_s, people, frames):
        xyz = np.column_stack([np.zeros(137), np.zeros(137), np.linspace(1.7, 0, 137)])
        return (Skeleton(time_s, JOINTS, xyz, np.full(137, 0.01)),)


@pytest.fixture
def panel(qtbot, studio, window, opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The step, on a film that plays over and over, with quick networks."""
    monkeypatch.setattr("studio.features.follow.engine.maker", lambda *how: Finder)
    monkeypatch.setattr("studio.features.follow.engine.LiftSolver", lambda camera: Stander())
    made = opened("follow")
    qtbot.waitUntil(lambda: made.loaded)
    made.cameras.add_places([str(film(tmp_path / "cam.mp4"))])
    qtbot.waitUntil(made.run_button.isEnabled, timeout=20000)
    yield made
    made.stop()
    qtbot.waitUntil(lambda: studio.running("follow") is None, timeout=20000)
    made.board.close()
    studio.cameras.close_cameras()


def test_whoever_is_before_the_camera_is_shown_and_told(qtbot, studio, panel) -> None:
    shown: list[object] = []
    studio.live.connect(lambda feature, value: shown.append(value))
    panel.json.address.setText("json://127.0.0.1:0")
    panel.json.switch.setChecked(True)
    port = panel.json.outlet.address.port
    panel.run()
    assert panel.hud.isVisibleTo(panel)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as there:
        there.settimeout(20)
        qtbot.waitUntil(lambda: panel.hud.rows["Rate"].text() != "–", timeout=20000)
        lines = there.makefile()
        told = [json.loads(next(lines)) for _ in range(3)]
    assert [one["type"] for one in told] == ["layout", "layout", "pose"]
    assert told[2]["people"][0]["points"][0] == [20.0, 4.0, 1.0]
    assert panel.hud.rows["Camera to screen"].text().endswith(" ms")
    assert any(isinstance(one, Moment) for one in shown)
    assert any(isinstance(one, Skeleton) for one in shown)
    assert set(studio.cameras.followed) == {"cam"}  # its picture is shown with its points
    panel.stop()
    qtbot.waitUntil(lambda: studio.running("follow") is None, timeout=20000)
    assert studio.cameras.followed == {}
    assert not panel.hud.isVisibleTo(panel)


def test_a_stream_to_another_computer_is_refused_unless_allowed(panel) -> None:
    panel.osc.address.setText("osc://192.168.7.7:39540")
    panel.osc.switch.setChecked(True)
    assert panel.osc.outlet is None
    assert "not this computer" in panel.osc.wrong.text()
    panel.other_hosts.setChecked(True)
    assert panel.osc.outlet is not None
    assert not panel.osc.wrong.isVisibleTo(panel)
    panel.osc.switch.setChecked(False)
    assert panel.osc.outlet is None


def test_settings_come_back(panel) -> None:
    params = panel.params().model_copy(
        update={"quality": "balanced", "backend": "dope", "face": False, "people": 3}
    )
    panel.set_params(params)
    assert panel.params() == params
