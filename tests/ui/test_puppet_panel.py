"""The puppet in the window: a film as a camera, the stage in its place, films and pictures out."""

from __future__ import annotations

import socket
from pathlib import Path

import av
import numpy as np
import pytest
from avatar_people import sticks
from live import film
from PySide6.QtCore import Qt

from studio.core.settings import SettingsFile
from studio.document.project import StageItem
from studio.document.stage import CameraLayer
from studio.live.outlets.osc import unpacked
from studio.live.performing.face import FaceNow
from studio.media.formats.avatar import avatar_of
from studio.media.formats.bvh import read_bvh
from studio.perception.faces.head import stored
from studio.perception.faces.solver import SolvedFace
from studio.ui.staging.expressions import HeldKeys

RED = (250, 10, 10)


class Finder:
    """Sees a face that turns in every picture."""

    class solver:
        @staticmethod
        def take_neutral() -> None:
            taken.append(True)

    def perform(self, rgb: np.ndarray, time_s: float, settings: object) -> FaceNow:
        angle = 20 * float(np.sin(6 * time_s))
        points = stored()["shape"][:, [0, 2, 1]] * (12, -12, 12) + (48, 32, 0)
        return FaceNow(SolvedFace(np.full(52, 0.2), (angle, 0.0, 0.0), (0.0, 0.0)), 1.0, points)

    def close(self) -> None:
        pass


taken: list[bool] = []


@pytest.fixture
def panel(qtbot, studio, window, opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The step, on a film that plays over and over, a figure of sticks, and a quick face."""
    monkeypatch.setattr("studio.features.puppet.engine.face_performer", Finder)
    monkeypatch.setattr(
        "studio.features.puppet.panel.of_project", lambda *_: lambda _: avatar_of(sticks())
    )
    made = opened("puppet")
    qtbot.waitUntil(lambda: made.loaded, timeout=60000)
    made.body.setChecked(False)
    monkeypatch.setattr(made.movement, "_folder", lambda: tmp_path / "out")
    monkeypatch.setattr(made.output, "_folder", lambda: tmp_path / "out")
    made.cameras.add_places([str(film(tmp_path / "cam.mp4"))])
    qtbot.waitUntil(made.run_button.isEnabled, timeout=20000)
    yield made
    made.stop()
    qtbot.waitUntil(lambda: studio.running("puppet") is None, timeout=20000)
    studio.cameras.close_cameras()


def test_the_stage_stands_in_the_cameras_place_and_leaves_as_film_and_picture(
    qtbot, studio, panel, tmp_path: Path
) -> None:
    panel.stage_box.background.setCurrentIndex(1)
    panel.stage_box._choose_background()
    panel.run()
    qtbot.waitUntil(lambda: panel.lane.newest is not None, timeout=60000)
    qtbot.waitUntil(lambda: "cam" in studio.cameras.followed or panel._number > 3, timeout=20000)
    rgba = panel.lane.newest.staged.rgba
    assert rgba[2, 2].tolist() == [0, 177, 64, 255]  # green behind
    assert (rgba[..., :3] != (0, 177, 64)).any()  # and the figure before it
    qtbot.mouseClick(panel.neutral, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(taken), timeout=20000)
    qtbot.mouseClick(panel.output.snap_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.output.record_button, Qt.MouseButton.LeftButton)
    assert panel.output.recording
    before = panel._number
    qtbot.waitUntil(lambda: panel._number > before + 8, timeout=30000)
    qtbot.mouseClick(panel.output.record_button, Qt.MouseButton.LeftButton)
    files = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert set(files) == {".png", ".mp4"}
    with av.open(str(files[".mp4"])) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 3
    qtbot.waitUntil(lambda: "ms" in panel.hud.text(), timeout=20000)


def test_the_stage_gets_the_room(window, panel) -> None:
    docks = window.docks
    assert docks.docks["canvas"].dockAreaWidget() is docks.docks["viewport"].dockAreaWidget()
    assert not docks.is_open("timeline")


def test_layers_are_the_projects_and_undo_reaches_them(studio, panel) -> None:
    layers = panel.stage_box.layers
    layers.add(CameraLayer(name="Me", opacity=0.5))
    (item,) = studio.project.all(StageItem)
    assert [layer.name for layer in item.stage.layers] == ["Grey", "Avatar", "Me"]
    layers.shift(2, -1)
    assert [x.name for x in studio.project.all(StageItem)[0].stage.layers][1] == "Me"
    assert panel.stage_box.background.currentText() == "My layers"
    studio.document.undo()
    assert [x.name for x in panel.stage_box.stage.layers] == ["Grey", "Avatar", "Me"]
    panel.stage_box._change_avatar(framing="head")
    assert panel.stage_box.framing.currentText() == "Head"


def test_keys_hold_expressions_and_settings_hold_at_once(qtbot, studio, panel) -> None:
    panel.run()
    qtbot.waitUntil(lambda: panel.lane.newest is not None, timeout=60000)
    panel.setFocus()
    qtbot.keyPress(panel, Qt.Key.Key_1)
    assert panel.controls.weights["mouthSmileLeft"] == 1.0
    qtbot.keyRelease(panel, Qt.Key.Key_1)
    assert not panel.controls.weights
    panel.gains.search.setFocus()
    qtbot.keyClick(panel.gains.search, Qt.Key.Key_1)
    assert not panel.controls.weights  # somebody writes
    panel.gains.search.setText("smile")
    assert panel.gains._found()[0] == "mouthSmile"
    panel.gains.set_value({"jawOpen": 1.5})
    panel.mirror.setChecked(True)
    assert panel.controls.settings.gains == {} or panel.params().gains == {"jawOpen": 1.5}
    assert panel.controls.settings.mirror
    assert panel.lane.mirrored


def test_the_clean_window_fills_the_screen_and_escape_closes_it(qtbot, panel) -> None:
    output = panel.output.window_
    output.show_picture(np.full((20, 30, 3), RED, np.uint8))
    output.show_on(panel.screen())
    qtbot.waitExposed(output)
    picture = output.grab().toImage()
    colour = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    assert (colour.red(), colour.green()) == (250, 10)
    qtbot.keyClick(output, Qt.Key.Key_Escape)
    assert not output.isVisible()


def test_other_programs_hear_while_somebody_performs_and_only_then(qtbot, studio, panel) -> None:
    vmc, livelink = panel.programs.rows
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(20)
        vmc.address.setText(f"127.0.0.1:{there.getsockname()[1]}")  # without its kind
        vmc.switch.setChecked(True)
        assert vmc.outlet is None  # nobody performs yet
        assert vmc.told.text() == "Nothing is sent yet"
        panel.run()
        assert vmc.outlet is not None
        qtbot.waitUntil(lambda: vmc.outlet.sent > 0, timeout=60000)
        assert unpacked(there.recv(65536))[0] == ("/VMC/Ext/OK", (1,))
        panel._judge()
        assert vmc.told.text() == "Sent to whoever listens there"
        panel.stop()
        qtbot.waitUntil(lambda: studio.running("puppet") is None, timeout=20000)
        panel.refresh()
        assert panel.board.told() == ()
    livelink.address.setText("livelink://10.0.0.9:11111")
    livelink.switch.setChecked(True)
    assert "not this computer" in livelink.wrong.text()
    panel.programs.other_hosts.setChecked(True)
    assert not livelink.wrong.isVisibleTo(livelink)


def test_the_movement_is_kept_as_an_animation_and_its_folder_is_a_click_away(
    qtbot, studio, panel, tmp_path: Path
) -> None:
    panel.refresh()
    movement = panel.movement
    assert not movement.button.isEnabled()
    panel.run()
    qtbot.waitUntil(lambda: panel.lane.newest is not None, timeout=60000)
    qtbot.waitUntil(movement.button.isEnabled, timeout=20000)
    movement.kind.setCurrentText("All four")
    qtbot.mouseClick(movement.button, Qt.MouseButton.LeftButton)
    assert not movement.kind.isEnabled()
    qtbot.waitUntil(lambda: movement._recorder.frames > 5, timeout=20000)
    panel.stop()  # the job ends: what was performed is written
    qtbot.waitUntil(lambda: "Open folder" in movement.told.text(), timeout=60000)
    files = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert set(files) == {".glb", ".bvh", ".vrma", ".csv"}
    assert len({path.stem for path in files.values()}) == 1
    assert len(files[".csv"].read_text("utf-8").splitlines()) > 6
    assert len(read_bvh(files[".bvh"])[1]) > 5
    assert (tmp_path / "out").as_uri() in movement.told.text()
    assert studio.notices.shown[-1].level == "good"


def test_where_nothing_can_be_written_that_is_said(qtbot, studio, panel, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    panel.run()
    qtbot.waitUntil(lambda: panel.lane.newest is not None, timeout=60000)
    panel.movement.button.click()
    qtbot.waitUntil(lambda: panel.movement._recorder.frames > 1, timeout=20000)
    panel.movement.button.click()
    qtbot.waitUntil(lambda: not panel.movement.writing, timeout=60000)
    assert studio.notices.shown[-1].level == "stop"
    assert studio.notices.shown[-1].hint
    assert not panel.movement.told.isVisibleTo(panel)


def test_limits_hold_at_once_and_never_cross(qtbot, panel) -> None:
    gains = panel.gains
    gains.kind.setCurrentIndex(1)
    gains.search.setText("jaw open")
    assert gains._found()[0] == "jawOpen"
    least, most = (gains._grid.itemAtPosition(0, k).widget() for k in (1, 2))
    most.setValue(40)
    assert panel.controls.settings.limits == {"jawOpen": (0.0, 0.4)}
    least.setValue(60)
    assert panel.controls.settings.limits == {"jawOpen": (0.6, 0.6)}
    params = panel.params()
    gains.set_value({}, {})
    assert panel.params().limits == {}
    panel.set_params(params)
    assert panel.params() == params
    gains.search.setText("zzz")
    assert "No expression" in gains._grid.itemAtPosition(0, 0).widget().text()


def test_a_key_holds_what_it_was_given_and_in_the_next_session_too(qtbot, studio, panel) -> None:
    keys = panel.keys
    keys.key.setCurrentIndex(1)
    keys.what.setCurrentIndex(keys.what.findData("tongueOut"))
    keys.what.activated.emit(keys.what.currentIndex())
    assert "Tongue out" in keys.buttons[1].toolTip()
    keys.buttons[1].setChecked(True)
    assert panel.controls.weights == {"tongueOut": 1.0}
    keys.buttons[1].setChecked(False)
    kept = SettingsFile(studio.settings.path).value.expression_keys
    again = HeldKeys(kept)
    qtbot.addWidget(again)
    assert again.names == ["Smile", "tongueOut", "Anger", "Sadness", "Wink", "Wave"]
    other = HeldKeys(("gone", "Wave"))
    qtbot.addWidget(other)
    assert other.names[:3] == ["Smile", "Wave", "Anger"]
