"""A camera is never on unseen, nor before somebody agreed."""

from __future__ import annotations

import pytest
from live import OTHER, WEBCAM, Driver, Socket, film, hub
from network_cameras import until

from studio.core.settings import SettingsFile
from studio.media.live.source import Source, source_of
from studio.ui.camera_light import CameraLight
from studio.ui.cameras import CameraService
from studio.ui.notices import Notices

PHONE = Source(id="phone", name="Phone", kind="http", place="http://10.0.0.9:8080/video")


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def service(qapp, driver: Driver):
    made = CameraService(SettingsFile(), Notices(), hub(driver), Socket(WEBCAM).devices())
    yield made
    made.close()


def states(service: CameraService) -> list[str]:
    return [camera.status.state for camera in service.hub.live()]


@pytest.mark.parametrize("source", [WEBCAM.device.source(), PHONE], ids=["device", "phone"])
def test_a_camera_added_to_a_running_film_waits_until_somebody_agrees(
    qtbot, service, driver, tmp_path, source
):
    service.add(source_of(film(tmp_path / "a.mp4")))
    service.open()
    qtbot.waitUntil(lambda: states(service) == ["live"])
    assert service._notices.shown == []
    service.add(source)
    qtbot.wait(50)
    assert [one.kind for one in driver.opened] == ["video"]
    (notice,) = service._notices.shown
    assert "stay on this computer" in notice.hint
    ((_, agree),) = notice.answers
    agree()
    qtbot.waitUntil(lambda: states(service) == ["live", "live"])
    assert [one.kind for one in driver.opened] == ["video", source.kind]
    service.close_cameras()
    service.open()
    qtbot.waitUntil(lambda: states(service) == ["live", "live"])
    assert service._notices.shown == [notice]  # nobody is asked again


def test_changing_a_camera_does_not_open_it_behind_the_question(qtbot, service, driver, tmp_path):
    service.add(source_of(film(tmp_path / "a.mp4")))
    service.open()
    (webcam,) = service.add(WEBCAM.device.source())
    service.change(webcam.model_copy(update={"mirror": True}))
    service.hub.present([])
    qtbot.wait(50)
    assert [one.kind for one in driver.opened] == ["video"]


def test_the_light_is_on_while_a_camera_looks_and_a_click_switches_off(
    qtbot, service, driver, tmp_path
):
    service._settings.change(cameras_agreed=True)
    light = CameraLight(service)
    qtbot.addWidget(light)
    assert light.isHidden()
    service.add(source_of(film(tmp_path / "a.mp4")))
    service.open()
    qtbot.waitUntil(lambda: states(service) == ["live"])
    assert light.isHidden()  # a film looks at nobody
    service.add(WEBCAM.device.source())
    qtbot.waitUntil(lambda: not light.isHidden())
    assert light.text() == "Camera on"
    assert "Webcam" in light.toolTip()
    service.add(OTHER.device.source(name="Second"))
    qtbot.waitUntil(lambda: light.text() == "2 cameras on")
    driver.present = False
    driver.going = False
    light.click()
    assert light.isHidden()
    assert not service.running
    assert "No camera" in light.accessibleName()


def test_the_light_goes_out_with_the_cable_and_on_again(qtbot, service, driver):
    service._settings.change(cameras_agreed=True)
    light = CameraLight(service)
    qtbot.addWidget(light)
    service.add(WEBCAM.device.source())
    service.open()
    qtbot.waitUntil(lambda: states(service) == ["live"])
    qtbot.waitUntil(lambda: not light.isHidden())
    driver.present = driver.going = False
    until(lambda: states(service)[0] in ("lost", "opening"))
    qtbot.waitUntil(lambda: light.isHidden(), timeout=60_000)
    driver.present = driver.going = True
    qtbot.waitUntil(lambda: not light.isHidden(), timeout=60_000)


def test_it_is_in_the_window_whatever_is_shown(qtbot, window, driver):
    studio = window.studio
    studio.settings.change(cameras_agreed=True)
    studio.cameras.hub._opener = driver
    studio.cameras.add(WEBCAM.device.source())
    assert not window.top.light.isVisible()
    studio.cameras.open()
    qtbot.waitUntil(window.top.light.isVisible, timeout=30_000)
    window.top.light.click()
    assert not window.top.light.isVisible()
