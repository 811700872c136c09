"""A photograph by the camera itself, as somebody takes one of themselves."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import pytest
from live import WEBCAM, Driver, Socket, hub

from studio.core.settings import SettingsFile
from studio.ui.cameras import CameraService
from studio.ui.notices import Notices
from studio.ui.photo import shutter
from studio.ui.photo.shutter import Shutter


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def button(qtbot, private_cache, monkeypatch, driver):
    monkeypatch.setattr(shutter, "COUNT_S", 0.4)
    monkeypatch.setattr(shutter, "SERIES_S", 0.2)
    settings, notices = SettingsFile(), Notices()
    settings.change(cameras_agreed=True)
    cameras = CameraService(settings, notices, hub(driver), Socket(WEBCAM).devices())
    made = Shutter(SimpleNamespace(cameras=cameras, notices=notices))  # pyright: ignore
    qtbot.addWidget(made)
    made.show()
    made.cameras, made.told = cameras, []
    made.taken.connect(made.told.append)
    yield made
    cameras.close()


def test_it_counts_takes_a_photograph_and_lets_the_camera_go(qtbot, button, driver):
    button.click()
    qtbot.waitUntil(lambda: button.text() == "1…", timeout=5000)
    assert button.told == []
    qtbot.waitUntil(lambda: bool(button.told), timeout=5000)
    (path,) = button.told
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape[:2] == driver.size_px[::-1]
    assert abs(int(picture.mean()) - driver.level) < 40
    assert not button.cameras.running
    assert not button.counting
    assert button.text() == "From the camera"


def test_pressed_again_or_left_it_takes_none(qtbot, button):
    for stop in (button.click, button.hide):
        button.show()
        button.click()
        qtbot.waitUntil(lambda: button.text() == "1…", timeout=5000)
        stop()
        assert not button.counting
        assert not button.cameras.running
    qtbot.wait(800)
    assert button.told == []


def test_a_camera_that_was_open_stays_open(qtbot, button):
    button.cameras.open_first()
    button.click()
    qtbot.waitUntil(lambda: bool(button.told), timeout=5000)
    assert button.cameras.running


def test_a_camera_that_shows_nothing_is_said(qtbot, button, driver, monkeypatch):
    monkeypatch.setattr(shutter, "PATIENCE_S", 0.3)
    driver.present = False
    said: list[str] = []
    monkeypatch.setattr(button._studio.notices, "tell", lambda text, *_: said.append(text))
    button.click()
    qtbot.waitUntil(lambda: not button.counting, timeout=5000)
    assert "No picture came from the camera." in said
