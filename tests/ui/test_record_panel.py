"""The Cameras step in the window: add, open, name, record, list, preview, recover."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from live import OTHER, WEBCAM, Driver, Socket, film, hub
from network_cameras import HttpCamera
from PySide6.QtCore import Qt, QTimer

from studio.document.project import TakeItem
from studio.media.recording.take import TakeRecord, list_takes, write_take
from studio.ui.cameras import CameraService
from studio.ui.takes_list import describe


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def socket() -> Socket:
    return Socket(WEBCAM)


@pytest.fixture
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where takes go by default."""
    monkeypatch.setattr("studio.features.record.params.user_videos_path", lambda: tmp_path / "v")
    return tmp_path / "v" / "Doppel"


@pytest.fixture
def panel(qtbot, studio, window, opened, driver, socket, takes):
    """The Cameras step on devices of our own."""
    studio.settings.change(cameras_agreed=True)
    studio.cameras = CameraService(studio.settings, studio.notices, hub(driver), socket.devices())
    window.steps.panels.pop("record", None)
    made = opened("record")
    qtbot.waitUntil(lambda: made.loaded)
    qtbot.waitUntil(lambda: not studio.watch.busy)
    return made


def live(studio) -> bool:
    states = [camera.status.state for camera in studio.cameras.hub.live()]
    return bool(states) and set(states) == {"live"}


def record(qtbot, studio, panel, wait_ms: int = 400) -> TakeItem:
    qtbot.waitUntil(panel.run_button.isEnabled)
    panel.run_button.click()
    qtbot.waitUntil(lambda: panel.stop_button.isVisible())
    qtbot.wait(wait_ms)
    panel.stop_button.click()
    qtbot.waitUntil(lambda: studio.running("record") is None)
    return studio.project.newest(TakeItem)


def test_the_first_step_is_cameras_and_it_opens_nothing(studio, panel, driver) -> None:
    first = next(f for f in studio.registry.features.values() if f.manifest.menu == "Capture")
    assert first.id == "record"
    assert driver.opened == []
    assert not panel.run_button.isEnabled()
    assert not panel.cameras.cards


def test_a_device_is_added_by_name_and_opened(qtbot, studio, panel) -> None:
    panel.cameras.fill_menu()
    action = panel.cameras._menu.actions()[0]
    assert action.text() == "Webcam"
    action.trigger()
    qtbot.waitUntil(lambda: live(studio))
    panel.cameras.tell()
    card = panel.cameras.cards["usb-1"]
    qtbot.waitUntil(lambda: "96 × 64" in card.state.text())
    panel.cameras.fill_menu()
    assert panel.cameras._menu.actions()[0].text() == "No further camera is plugged in"


def test_only_sizes_and_rates_that_it_offers_are_to_be_chosen(qtbot, studio, panel, driver) -> None:
    panel.cameras.add(WEBCAM.device.source())
    settings = panel.cameras.settings
    assert settings.controls["size_px"].options == [None, (1280, 720), (640, 480)]
    settings.controls["size_px"].set_value((1280, 720))
    qtbot.waitUntil(lambda: studio.cameras.sources[0].size_px == (1280, 720))
    assert max(panel.cameras.settings.controls["rate_hz"].options[1:]) == 30
    panel.cameras.settings.controls["rotation"].set_value(90)
    qtbot.waitUntil(lambda: driver.opened[-1].rotation == 90)
    qtbot.waitUntil(lambda: "64 × 96" in _state(panel))


def _state(panel) -> str:
    panel.cameras.tell()
    return panel.cameras.cards["usb-1"].state.text()


def test_rename_reorder_remove(qtbot, studio, panel, tmp_path) -> None:
    places = [str(film(tmp_path / f"{name}.mp4")) for name in ("a", "b")]
    panel.cameras.add_places(places)
    first, second = (source.id for source in studio.cameras.sources)
    card = panel.cameras.cards[first]
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_F2)
    card.name.setText("Left")
    qtbot.keyClick(card.name, Qt.Key.Key_Return)
    assert [source.name for source in studio.cameras.sources] == ["Left", "b"]
    qtbot.waitUntil(panel.cameras.cards[second].isVisible)
    qtbot.keyClick(panel.cameras.cards[second], Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [source.name for source in studio.cameras.sources] == ["b", "Left"]
    panel.cameras.cards[second].renamed.emit(second, "Left")
    assert "cannot both be called" in panel.cameras.wrong.text()
    qtbot.waitUntil(panel.cameras.cards[first].isVisible)
    qtbot.keyClick(panel.cameras.cards[first], Qt.Key.Key_Delete)
    assert [source.name for source in studio.cameras.sources] == ["b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No camera was named"),
        ("ftp://phone/1", "not understood"),
        ("/no/such.mp4", "There is no"),
    ],
)
def test_what_is_no_camera_is_explained_in_place(panel, text: str, said: str) -> None:
    panel.cameras.ask_stream()
    panel.cameras.stream.setText(text)
    panel.cameras._add_stream()
    assert panel.cameras.wrong.isVisibleTo(panel)
    assert said in panel.cameras.wrong.text()
    assert panel.cameras.stream_form.isVisibleTo(panel)


def test_a_phone_is_watched_and_recorded(qtbot, studio, window, panel, takes) -> None:
    studio.cameras.close()
    studio.cameras.hub.__init__()
    phone = HttpCamera()
    try:
        panel.cameras.ask_stream()
        panel.cameras.stream.setText(phone.url)
        panel.cameras._add_stream()
        assert not panel.cameras.stream_form.isVisibleTo(panel)
        qtbot.waitUntil(lambda: live(studio), timeout=8000)
        studio.cameras.told.emit()
        take = record(qtbot, studio, panel, 600)
        assert take.clips[0].frames > 10
        assert take.clips[0].camera == f"127.0.0.1:{phone.port}"
    finally:
        studio.cameras.hub.stop(wait_s=2.0)
        phone.die()


def test_record_stop_list_show_and_go_on(qtbot, studio, window, panel, takes, driver) -> None:
    panel.cameras.add(WEBCAM.device.source())
    qtbot.waitUntil(lambda: live(studio))
    studio.cameras.told.emit()
    qtbot.waitUntil(panel.run_button.isEnabled)
    panel.name.setText("Walk")
    panel.run_button.click()
    qtbot.waitUntil(lambda: panel.stop_button.isVisible())
    assert not panel.cameras.add_button.isEnabled()
    assert not panel.cameras.open_button.isEnabled()
    assert panel.cameras.settings is not None
    assert not panel.cameras.settings.isEnabled()
    qtbot.waitUntil(lambda: "missing" in panel.told.text())
    assert not panel.pause_button.isVisible()
    qtbot.wait(300)
    panel.stop_button.click()
    qtbot.waitUntil(lambda: studio.running("record") is None)
    take = studio.project.newest(TakeItem)
    assert take.name == "Walk"
    assert take.clips[0].size_px == (96, 64)
    assert Path(take.clips[0].path).parent == takes / "Walk"
    assert panel.facts.isVisible()
    assert panel.next_button.isVisibleTo(panel)
    assert panel.others.isVisibleTo(panel)
    qtbot.waitUntil(lambda: len(panel.takes.takes) == 1)
    assert panel.takes.takes[0].rgb is not None
    studio.document.edit("Remove", lambda p: p.without([take.id]))
    panel.takes.wanted.emit(takes / "Walk", panel.takes.takes[0].take)
    again = studio.project.newest(TakeItem)
    assert again.clips == take.clips
    assert studio.selection.ids == (again.id,)


def test_a_camera_that_does_not_come_back_is_told(qtbot, studio, panel, driver, tmp_path) -> None:
    gone = Driver()
    opener = studio.cameras.hub._opener
    studio.cameras.hub._opener = lambda s, e: (gone if s.name == "Gone" else opener)(s, e)
    panel.cameras.add(WEBCAM.device.source(), OTHER.device.source(name="Gone"))
    qtbot.waitUntil(lambda: live(studio))
    studio.cameras.told.emit()
    qtbot.waitUntil(panel.run_button.isEnabled)
    panel.run_button.click()
    qtbot.waitUntil(lambda: studio.running("record") is not None)
    qtbot.wait(400)
    gone.present = False
    qtbot.wait(1500)
    panel.stop_button.click()
    qtbot.waitUntil(lambda: studio.running("record") is None)
    facts = {fact.label: fact for fact in studio.project.newest(TakeItem).facts}
    assert facts["Webcam"].verdict == "good"
    assert facts["Gone"].verdict == facts["Take"].verdict == "look"
    assert facts["Take"].blame.startswith("Gone was away for 1.")
    qtbot.waitUntil(lambda: len(panel.takes.takes) == 1)
    assert "Gone away for a while" in describe(panel.takes.takes[0].take)


def test_a_camera_pulled_out_while_recording_is_told_in_the_facts(
    qtbot, studio, panel, driver
) -> None:
    panel.cameras.add(WEBCAM.device.source())
    qtbot.waitUntil(lambda: live(studio))
    studio.cameras.told.emit()
    qtbot.waitUntil(panel.run_button.isEnabled)
    panel.run_button.click()
    qtbot.waitUntil(lambda: studio.running("record") is not None)
    qtbot.wait(300)
    driver.present = False
    qtbot.waitUntil(lambda: not live(studio))
    qtbot.wait(700)
    driver.present = True
    qtbot.waitUntil(lambda: live(studio))
    qtbot.wait(300)
    panel.stop_button.click()
    qtbot.waitUntil(lambda: studio.running("record") is None)
    facts = {fact.label: fact for fact in studio.project.newest(TakeItem).facts}
    assert "away for" in facts["Webcam"].text
    assert facts["Webcam"].verdict == "look"
    assert facts["Take"].verdict == "look"
    assert "Webcam was away for" in facts["Take"].blame


def test_a_take_that_was_cut_off_is_recovered_at_the_start(
    qtbot, studio, window, panel, takes, tmp_path
) -> None:
    panel.cameras.add(WEBCAM.device.source())
    qtbot.waitUntil(lambda: live(studio))
    studio.cameras.told.emit()
    record(qtbot, studio, panel)
    ((folder, take),) = list_takes(takes)
    write_take(folder, TakeRecord(**{**take.model_dump(), "finished": False, "ended": None}))
    panel._recover()
    qtbot.waitUntil(lambda: any("recovered" in n.message for n in studio.notices.shown))
    (notice,) = [n for n in studio.notices.shown if "recovered" in n.message]
    assert notice.message.startswith("“Take 1” was cut off and has been recovered.")
    assert list_takes(takes)[0][1].recovered
    qtbot.waitUntil(lambda: any(known.take.recovered for known in panel.takes.takes))


def test_the_webcam_door_opens_the_first_camera(qtbot, studio, window, panel) -> None:
    window.welcome.webcam_door.click()
    assert window.steps.current == "record"
    qtbot.waitUntil(lambda: live(studio))


def test_the_webcam_door_without_a_camera_says_so(studio, window, panel, socket) -> None:
    socket.plug()
    window.welcome.webcam_door.click()
    assert studio.notices.shown[-1].message == "No camera is plugged in."
    assert panel.cameras.isVisible()
    assert "phone" in panel.cameras._empty.text()


def test_nothing_is_left_behind(qtbot, studio, window, panel, driver) -> None:
    panel.cameras.add(WEBCAM.device.source())
    qtbot.waitUntil(lambda: live(studio))
    timers = [t for t in studio.cameras.findChildren(QTimer) if t.isActive()]
    assert len(timers) == 1
    studio.cameras.close()
    assert not any(t.isActive() for t in timers)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if "Webcam" in name or "recording" in name]
