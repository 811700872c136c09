"""The live grid: pictures at the screen's rate, words over them, aids, curves."""

from __future__ import annotations

import time

import numpy as np
import pytest
from live import OTHER, WEBCAM, Driver, hub
from PySide6.QtWidgets import QApplication

from studio.media.live.stats import Stats, Status
from studio.ui.live_charts import live_charts
from studio.ui.live_grid import LiveGrid, caption, overlay


def stats(**more: object) -> Stats:
    fields: dict[str, object] = {
        "status": Status("live", "Left is live."), "size_px": (96, 64), "codec": "raw",
        "frames": 10, "dropped": 0, "late": 0, "skipped": 0, "size_changes": 0, "returns": 0,
        "rate_hz": 29.97, "latency_s": 0.041, "ring_bytes": 0, "notes": (),
        "history": np.zeros((0, 6)),
    }  # fmt: skip
    return Stats(**{**fields, **more})


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def cameras(driver: Driver):
    made = hub(driver)
    made.add(WEBCAM.device.source(name="Left"))
    made.add(OTHER.device.source(name="Right"))
    yield made
    made.stop(wait_s=2.0)


@pytest.fixture
def grid(qtbot, cameras):
    made = LiveGrid(cameras.live)
    made.resize(640, 300)
    made.show()
    qtbot.waitExposed(made)
    assert made.canvas.start(), made.canvas.trouble
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def test_the_caption_says_rate_latency_and_what_was_lost() -> None:
    assert caption("Left", stats()) == "Left · 30.0 fps · 41 ms"
    old, now = np.array([[0.0, 30, 0, 0, 9, 0.04]]), time.monotonic()
    assert caption("Left", stats(dropped=3, history=old)) == "Left · 30.0 fps · 41 ms · 3 dropped"
    fresh = np.array([[now - 1, 30, 0, 0, 4, 0.04]])
    assert caption("Left", stats(history=fresh)).endswith(" · 4 not shown")
    assert caption("Left", stats(), 12.4).endswith(" · 12 shown")
    assert caption("Left", stats(), 29.5) == caption("Left", stats())
    assert caption("Left", stats(status=Status("lost", "Left was unplugged."))) == "Left"


def test_a_silent_camera_is_explained_and_a_live_one_left_alone() -> None:
    assert overlay(stats()) == ("", "plain")
    gone = Status("lost", "Left was unplugged.", "Plug it in again: it comes back.")
    assert overlay(stats(status=gone)) == (
        "Left was unplugged.\nPlug it in again: it comes back.", "stop",
    )  # fmt: skip
    assert overlay(stats(status=Status("stalled", "Silent for 3 s.")))[1] == "look"
    assert overlay(stats(status=Status("opening", "Opening Left.")))[1] == "plain"


def test_curves_of_the_last_minute() -> None:
    history = np.zeros((200, 6))
    history[:, 0], history[:, 1] = np.arange(0, 100, 0.5), 30
    history[-2:] = [99.0, 30, 0, 0, 0, 0.02], [99.5, 15, 5, 0, 1, 0.03]
    rate, lost, latency = live_charts({"Left": stats(history=history)}, now_s=100.0)
    assert len(rate.series[0].x) == 120
    np.testing.assert_allclose(rate.series[0].x[-2:], [-1.0, -0.5])
    np.testing.assert_allclose(rate.series[0].y[-2:], [30, 15])
    np.testing.assert_allclose(lost.series[0].y[-2:], [0, 12])
    np.testing.assert_allclose(latency.series[0].y[-2:], [20, 30])


def test_a_buffer_that_fills_is_no_rate() -> None:
    history = np.zeros((20, 6))
    history[:, 0], history[:, 1], history[:, 5] = np.arange(0, 10, 0.5), 30, 0.02
    history[:6, 1] = 56
    history[10:, 0] += 20  # it was unplugged, and came back
    history[10:16, 1] = 90
    rate, _, latency = live_charts({"Left": stats(history=history)}, now_s=30.0)
    assert np.nanmax(rate.series[0].y) == 30
    assert np.isfinite(rate.series[0].y).sum() == 6
    assert np.isfinite(latency.series[0].y).all()


@pytest.mark.screen
def test_all_cameras_are_shown_and_follow_the_newest_picture(qtbot, grid, cameras, driver) -> None:
    cameras.start()
    qtbot.waitUntil(lambda: grid.canvas.cameras == ("Left", "Right"))
    qtbot.waitUntil(lambda: all(t.frame is not None for t in grid.canvas._tiles.values()))
    assert grid.summary.text() == "2 cameras"
    driver.level = 200
    qtbot.waitUntil(lambda: grid.canvas._tiles["Left"].frame.rgb.max() == 200)
    cameras.move("usb-2", 0)
    qtbot.waitUntil(lambda: grid.canvas.cameras == ("Right", "Left"))


@pytest.mark.screen
def test_a_stall_and_an_unplugged_camera_are_said_over_the_picture(
    qtbot, grid, cameras, driver
) -> None:
    cameras.start()
    tile = lambda: grid.canvas._tiles["Left"]  # noqa: E731
    qtbot.waitUntil(lambda: "Left" in grid.canvas._tiles and tile().frame is not None)
    driver.going = False
    qtbot.waitUntil(lambda: "has sent no picture" in tile().state.text())
    assert tile().state.isVisible()
    driver.going = True
    qtbot.waitUntil(lambda: tile().state.text() == "")
    assert not tile().state.isVisible()
    driver.present = False
    qtbot.waitUntil(lambda: "Plug it in" in tile().state.text())


@pytest.mark.screen
def test_a_new_size_is_shown_at_once(qtbot, grid, cameras, driver) -> None:
    cameras.start()
    qtbot.waitUntil(lambda: "Left" in cameras.newest())
    driver.size_px = (128, 160)
    qtbot.waitUntil(lambda: grid.canvas._tiles["Left"].size == (128, 160))


@pytest.mark.screen
def test_aids_come_and_go(qtbot, grid, cameras, driver) -> None:
    driver.level = 255
    cameras.start()
    qtbot.waitUntil(lambda: "Left" in grid.canvas._tiles)
    grid.zebra.setChecked(True)
    tile = grid.canvas._tiles["Left"]
    qtbot.waitUntil(lambda: tile.meters is not None and tile.meters.exposure is not None)
    assert tile.meters.exposure.clipped == 1
    assert "shorten the exposure" in tile.meters.accessibleDescription()
    assert tile.meters.sharpness is None
    grid.peaking.setChecked(True)
    qtbot.waitUntil(lambda: tile.meters.sharpness == 0)
    grid.zebra.setChecked(False)
    grid.peaking.setChecked(False)
    qtbot.waitUntil(lambda: tile.meters is None)


@pytest.mark.screen
def test_a_screen_that_is_too_slow_says_so(qtbot, grid, cameras, monkeypatch) -> None:
    cameras.start()
    qtbot.waitUntil(lambda: "Left" in grid._shown)
    monkeypatch.setattr(grid.canvas, "redraw", lambda: None)
    label = grid.canvas._tiles["Left"].label
    qtbot.waitUntil(lambda: label.text().endswith(" · 0 shown"))


@pytest.mark.screen
def test_a_hidden_grid_pulls_nothing(qtbot, grid, cameras) -> None:
    cameras.start()
    qtbot.waitUntil(lambda: "Left" in grid._shown)
    grid.hide()
    before = grid._shown["Left"]
    qtbot.wait(150)
    assert grid._shown["Left"] is before
    assert not grid._timer.isActive()
