"""The service of live cameras and the devices: who is there, what is opened, what is told."""

from __future__ import annotations

import sys
import threading

import pytest
from live import OTHER, WEBCAM, Driver, Socket, film, hub
from network_cameras import until

from studio.core.errors import StudioError
from studio.core.settings import SettingsFile
from studio.media.live.source import source_of
from studio.ui.cameras import CameraService
from studio.ui.devices import Devices
from studio.ui.notices import Notices


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def socket() -> Socket:
    return Socket(WEBCAM)


@pytest.fixture
def service(qapp, driver: Driver, socket: Socket):
    settings = SettingsFile()
    settings.change(cameras_agreed=True)
    made = CameraService(settings, Notices(), hub(driver), socket.devices())
    yield made
    made.close()
    until(lambda: not [t for t in threading.enumerate() if "Webcam" in t.name])


def live(service: CameraService) -> bool:
    return [c.status.state for c in service.hub.live()] == ["live"] * len(service.sources)


def test_nothing_is_opened_before_the_user_asks(qtbot, service, driver) -> None:
    service.look_for_devices()
    assert [d.name for d in service.free_devices()] == ["Webcam"]
    service.add(WEBCAM.device.source())
    qtbot.wait(100)
    assert driver.opened == []
    assert not service.running
    service.open()
    qtbot.waitUntil(lambda: live(service))
    assert service.free_devices() == ()


def test_the_first_camera_opens_at_once(qtbot, service, driver) -> None:
    service.open_first()
    qtbot.waitUntil(lambda: live(service))
    assert driver.opened[0].id == "usb-1"


def test_before_the_first_camera_opens_somebody_is_told_and_asked_once(
    qtbot, service, driver
) -> None:
    service._settings.change(cameras_agreed=False)
    service.open_first()
    service.open()
    qtbot.wait(50)
    assert driver.opened == []
    (notice,) = service._notices.shown
    assert "stay on this computer" in notice.hint
    settled = []
    service._notices.settled.connect(settled.append)
    ((words, agree),) = notice.answers
    assert words == "Open the camera"
    agree()
    qtbot.waitUntil(lambda: live(service))
    assert settled == [notice]
    service.close_cameras()
    service.open()  # nobody is asked again
    qtbot.waitUntil(lambda: live(service))


def test_a_film_in_a_cameras_place_asks_nobody(qtbot, service, tmp_path) -> None:
    service._settings.change(cameras_agreed=False)
    service.add(source_of(film(tmp_path / "a.mp4")))
    service.open()
    qtbot.waitUntil(lambda: live(service))


def test_without_a_camera_the_ways_out_are_offered(qtbot, service, socket) -> None:
    socket.plugged = ()
    service.open_first()
    (notice,) = service._notices.shown
    assert notice.message == "No camera is plugged in."
    asked = []
    service.ask.connect(asked.append)
    for _, call in notice.answers:
        call()
    assert asked == ["files", "stream"]
    assert not service.running
    settled = []
    service._notices.settled.connect(settled.append)
    service.add(WEBCAM.device.source())
    assert settled == [notice]


def test_two_cameras_of_one_name_are_told_apart(service) -> None:
    service.add(WEBCAM.device.source(), OTHER.device.source())
    assert [source.name for source in service.sources] == ["Webcam", "Webcam 2"]
    with pytest.raises(StudioError, match="among the cameras"):
        service.add(WEBCAM.device.source())
    with pytest.raises(StudioError, match="cannot both be called"):
        service.change(service.sources[1].model_copy(update={"name": "Webcam"}))
    service.move("usb-2", 0)
    assert [source.name for source in service.sources] == ["Webcam 2", "Webcam"]


def test_cameras_are_remembered_but_not_opened(qapp, service, driver) -> None:
    service.add(WEBCAM.device.source(rotation=90))
    again = CameraService(SettingsFile(), Notices(), hub(driver), Socket().devices())
    assert again.sources == service.sources
    assert not again.running
    again.close()


def test_unplugging_and_coming_back_are_told_once(qtbot, service, driver, socket) -> None:
    service.look_for_devices()
    service.add(WEBCAM.device.source())
    service.open()
    qtbot.waitUntil(lambda: live(service))
    service._tell()
    driver.present = False
    socket.plug()
    qtbot.waitUntil(lambda: service.hub.live()[0].status.state == "lost")
    service._tell()
    service._tell()
    assert [n.message for n in service._notices.shown] == ["Webcam was unplugged."]
    assert "Plug it in again" in service._notices.shown[0].hint
    driver.present = True
    socket.plug(WEBCAM)
    qtbot.waitUntil(lambda: live(service))
    service._tell()
    service._tell()
    assert [n.message for n in service._notices.shown[1:]] == ["Webcam is back."]


def test_a_camera_that_is_plugged_in_is_offered(qtbot, service, driver, socket) -> None:
    service.look_for_devices()
    assert service._notices.shown == [], "what was there at the start is no news"
    socket.plug(WEBCAM, OTHER)
    (notice,) = service._notices.shown
    assert notice.message == "“Webcam” was plugged in."
    notice.answers[0][1]()
    qtbot.waitUntil(lambda: live(service))
    assert driver.opened[0].id == "usb-2"


def test_the_last_camera_closes_what_is_open(qtbot, service, driver) -> None:
    service.add(WEBCAM.device.source())
    service.open()
    service.remove("usb-1")
    assert not service.running
    service.remove("usb-1")


def test_files_added_later_begin_together(qtbot, tmp_path, qapp) -> None:
    service = CameraService(SettingsFile(), Notices(), devices=Socket().devices())
    service.add(source_of(film(tmp_path / "a.mp4")))
    service.open()
    qtbot.waitUntil(lambda: live(service))
    service.add(source_of(film(tmp_path / "b.mp4")))
    qtbot.waitUntil(lambda: all(camera.recent() for camera in service.hub.live()))
    times = [camera.recent()[0].time_s for camera in service.hub.live()]
    assert times[0] == pytest.approx(times[1], abs=0.02)
    service.close()


def test_a_missing_multimedia_backend_breaks_nothing(qapp, monkeypatch, caplog) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", None)
    devices = Devices()
    devices.start()
    devices.refresh()
    assert devices.plugged == ()
    assert "Qt Multimedia" in devices.trouble
    assert len([r for r in caplog.records if "cameras cannot be listed" in r.message]) == 1
    devices.close()


def test_the_real_list_opens_nothing_and_knows_modes(qapp) -> None:
    devices = Devices()
    devices.start()
    assert devices.trouble == ""
    assert devices.modes("no such camera") == ()
    devices.close()
