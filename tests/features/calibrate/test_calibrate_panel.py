"""The panel, clicked through: choose, watch, accept; live cameras; the way to it."""

from __future__ import annotations

from pathlib import Path

import filmed
import numpy as np
import pytest

from studio.document.project import Clip, Project, RigItem, TakeItem
from studio.features.calibrate.result import Inputs
from studio.features.calibrate.step import Step
from studio.ui.drop import wanting
from studio.ui.next_step import NextStep
from studio.vision.camera import project

pytestmark = pytest.mark.usefixtures("private_cache")


@pytest.fixture
def panel(shown):
    from studio.features.calibrate.panel import Panel

    return shown(Panel, "calibrate", 360, 640, 20_000)


def test_from_files_to_an_accepted_rig(qtbot, session, studio, panel):
    assert not panel.run_button.isEnabled(), "neither files nor a board"
    panel.fill(session.params())
    assert panel.params() == session.params()
    assert panel.run_button.isEnabled()
    panel.run_button.click()
    qtbot.waitUntil(lambda: "cam3" in panel.coverage.maps, timeout=30_000)
    assert panel.next_action.isVisible()
    assert not panel.run_button.isVisible()
    qtbot.waitUntil(lambda: panel.newest is not None, timeout=60_000)
    qtbot.waitUntil(lambda: panel.decision.accept.isVisible(), timeout=5_000)
    assert studio.project.usable_rig() is None
    assert panel.verdict.title.text() == "Not in use yet"
    panel.decision.accept.click()
    assert studio.project.usable_rig() is not None
    assert panel.verdict.title.text() == "In use"
    studio.document.undo()
    assert studio.project.usable_rig() is None
    panel.decision.again.click()
    assert panel.run_button.isVisible()
    assert panel.board.isVisible()


def test_enough_now_ends_the_looking(qtbot, session, studio, panel):
    panel.fill(session.params())
    panel.run()
    qtbot.waitUntil(lambda: panel.enough.isEnabled(), timeout=30_000)
    panel.enough.click()
    assert panel.next_action.words.text() == "Solving what was seen"
    qtbot.waitUntil(lambda: panel.newest is not None, timeout=60_000)
    assert panel.newest.trust.moments <= 26


def test_live_cameras_are_offered_and_must_be_open(session, studio, panel):
    panel.board.set_spec(filmed.SPEC)
    panel.source.set_value("live")
    panel._show_source()
    assert panel.open_cameras.isVisible()
    assert not panel.run_button.isEnabled()


def test_board_videos_come_here_and_other_videos_do_not(studio):
    assert wanting(studio, Path("/x/board1.mp4")).id == "calibrate"
    assert wanting(studio, Path("/x/Charuco_left.MOV")).id == "calibrate"
    assert wanting(studio, Path("/x/cam1.mp4")).id == "capture"
    assert wanting(studio, Path("/x/board.toml")).id == "capture"


def test_a_take_without_a_rig_is_offered_its_calibration(studio):
    NextStep(studio)
    clips = tuple(
        Clip(camera=f"cam{i}", path=f"/cam{i}.mp4", size_px=(640, 480), rate_hz=30, frames=9)
        for i in (1, 2)
    )
    take = TakeItem(name="Walk", clips=clips)
    studio.document.replace(Project(items=(take,)))
    asked = []
    studio.panel_wanted.connect(lambda id, params: asked.append(id))
    following = studio.next_of("capture")
    assert following.button == "Calibrate"
    following.do()
    assert asked == ["calibrate"]
    rig = RigItem.of("Rig", filmed.rig(2))
    studio.document.replace(Project(items=(take, rig)))
    assert studio.next_of("capture").button != "Calibrate"


def test_the_floor_is_set_from_the_board_and_from_clicks(qtbot, session, solved, studio, panel):
    """The whole way in the panel; undo brings the old world back."""
    made = Step().pack(Inputs(), session.params(), solved[0], studio.assets, 1.0)
    studio.document.edit("Calibrate", lambda project: project.with_items(made.items))
    before = panel.newest
    panel.decision.set_floor.click()
    floor = panel.floor
    assert floor.isVisible()
    assert not panel.verdict.isVisible()
    floor.slider.setValue(floor._moments.index(max(floor._moments)))
    qtbot.waitUntil(lambda: not floor.thumbnail.pixmap().isNull(), timeout=10_000)
    floor.apply.click()
    assert not floor.isVisible()
    assert panel.newest.trust.since == ("Floor set under the board, at 25.0 s.",)
    studio.document.undo()
    assert panel.newest == before
    panel.decision.set_floor.click()
    floor.way.set_value("points")
    floor._show_way()
    rig = panel.newest.rig()
    assert not floor.apply.isEnabled()
    for number, xyz in enumerate(np.array([[0.0, 0, 0.1], [0.4, 0, 0.1], [0, 0.4, 0.1]])):
        for camera in rig.cameras[:2]:
            x, y = project(camera, xyz[None])[0]
            floor.pictures.clicks[number, camera.name] = (float(x), float(y))
    floor.pictures.changed.emit()
    assert "Origin: ± " in floor.spots.text()
    floor.apply.click()
    moved = panel.newest.rig()
    for camera in rig.cameras:
        assert moved[camera.name].centre_m[2] == pytest.approx(camera.centre_m[2] - 0.1, abs=1e-4)
    assert panel.newest.recipe.params["world"] == "points"
