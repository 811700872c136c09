"""The timeline's logic, without looking at pixels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt

from studio.ui.timeline import Timeline, Track
from studio.ui.timeline_rows import NAMES_PX, strip
from studio.ui.timescale import Timescale, clock


def rows(seconds: float = 5.0) -> tuple[Track, ...]:
    wave = np.linspace(0, 1, 300)
    return (
        Track("a", "cam 1", "clip", 0.0, seconds),
        Track("b", "cam 1 points", "detections", 0.0, seconds, wave),
    )


@pytest.fixture
def timeline(qtbot) -> Timeline:
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(900, 160)
    made.set_tracks(rows(), 60.0)
    return made


def test_time_is_kept_inside_the_take_and_told(timeline: Timeline) -> None:
    told: list[float] = []
    timeline.time_changed.connect(told.append)
    timeline.set_time(1.25)
    timeline.set_time(1.25)
    timeline.set_time(99.0)
    timeline.set_time(-3.0)
    assert told == [1.25, 5.0, 0.0]
    assert timeline.frames == 300


def test_frame_steps_land_on_frames(timeline: Timeline) -> None:
    timeline.set_time(1.0041)
    timeline.step(1)
    assert timeline.frame == 61
    assert timeline.time_s == pytest.approx(61 / 60)
    timeline.step(-10)
    assert timeline.frame == 51


def test_playing_loops_inside_the_range_or_stops_at_its_end(timeline: Timeline) -> None:
    timeline.set_range(1.0, 2.0)
    timeline.play()
    assert timeline.playing
    assert timeline.time_s == 1.0
    timeline.advance(1.3)
    assert timeline.time_s == pytest.approx(1.3)
    timeline.set_looping(False)
    timeline.advance(5.0)
    assert timeline.time_s == 2.0
    assert not timeline.playing


def test_speed_scales_time(timeline: Timeline) -> None:
    timeline.set_speed(0.25)
    timeline.advance(1.0)
    assert timeline.time_s == pytest.approx(0.25)


def test_the_range_snaps_to_frames_and_never_vanishes(timeline: Timeline) -> None:
    told: list[tuple[float, float]] = []
    timeline.range_changed.connect(lambda a, b: told.append((a, b)))
    timeline.set_range(2.001, 2.0)
    assert timeline.out_s - timeline.in_s == pytest.approx(1 / 60)
    timeline.set_range(-4, 99)
    assert told[-1] == (0.0, 5.0)


def test_new_tracks_of_the_same_length_keep_the_range(timeline: Timeline) -> None:
    timeline.set_range(1, 2)
    timeline.set_tracks(rows(), 60.0)
    assert (timeline.in_s, timeline.out_s) == (1.0, 2.0)
    timeline.set_tracks(rows(3.0), 60.0)
    assert (timeline.in_s, timeline.out_s) == (0.0, 3.0)
    timeline.set_tracks(())
    timeline.play()
    assert not timeline.playing


def test_keys(qtbot, timeline: Timeline) -> None:
    timeline.show()
    timeline.set_time(2.0)
    qtbot.keyClick(timeline, Qt.Key.Key_Right)
    assert timeline.frame == 121
    qtbot.keyClick(timeline, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert timeline.frame == 111
    qtbot.keyClick(timeline, Qt.Key.Key_I)
    assert timeline.in_s == pytest.approx(111 / 60)
    qtbot.keyClick(timeline, Qt.Key.Key_End)
    assert timeline.time_s == 5.0
    qtbot.keyClick(timeline, Qt.Key.Key_Space)
    assert timeline.playing
    qtbot.keyClick(timeline, Qt.Key.Key_Space)
    assert not timeline.playing


def test_a_click_moves_the_playhead_and_a_drag_the_out_handle(qtbot, timeline: Timeline) -> None:
    timeline.show()
    area = timeline._tracks
    middle = QPoint(NAMES_PX + (area.width() - NAMES_PX - 12) // 2, 60)
    qtbot.mouseClick(area, Qt.MouseButton.LeftButton, pos=middle)
    assert timeline.time_s == pytest.approx(2.5, abs=0.02)
    handle = QPoint(round(area.x_of(5.0)), 5)
    qtbot.mousePress(area, Qt.MouseButton.LeftButton, pos=handle)
    qtbot.mouseMove(area, QPoint(round(area.x_of(4.0)), 5))
    qtbot.mouseRelease(area, Qt.MouseButton.LeftButton, pos=QPoint(round(area.x_of(4.0)), 5))
    assert timeline.out_s == pytest.approx(4.0, abs=0.02)
    assert timeline.time_s == pytest.approx(2.5, abs=0.02)


def test_zoom_keeps_the_time_under_the_pointer(timeline: Timeline) -> None:
    before = timeline.scale_for(700).x_of(2.0)
    timeline.zoom(3.0, 2.0)
    assert timeline.scale_for(700).x_of(2.0) == pytest.approx(before, abs=0.5)
    timeline.zoom(1e-6)
    assert timeline.scale_for(700).span_s == pytest.approx(5.0)


def test_words(timeline: Timeline) -> None:
    timeline.set_time(61.0 / 60)
    assert "0:01.017 / 0:05.000" in timeline._readout.text()
    assert "frame 61 of 300" in timeline._readout.text()
    timeline.show()
    told: list[str] = []
    for width in range(900, 260, -10):  # how wide words are is the font's
        timeline.resize(width, 200)
        told.append(timeline._readout.text().strip())
    assert list(dict.fromkeys(told))[:3] == [
        "0:01.017 / 0:05.000   frame 61 of 300", "0:01.017 / 0:05.000", "0:01.017",
    ], "no word is cut off"  # fmt: skip
    assert clock(3671.5) == "1:01:11.500"


def slow_strip(values: np.ndarray, width: int) -> list[float]:
    found = []
    for column in range(width):
        first = int(column * len(values) / width)
        last = max(int(np.ceil((column + 1) * len(values) / width)), first + 1)
        part = [v for v in values[first:last] if not np.isnan(v)]
        found.append(min(part) if part else np.nan)
    return found


@given(
    st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=60),
    st.integers(1, 90),
)
def test_a_strip_shows_the_worst_of_each_column(values: list[float], width: int) -> None:
    array = np.array(values)
    np.testing.assert_array_equal(strip(array, width), slow_strip(array, width))


@given(st.floats(0.05, 5000), st.floats(0, 1000), st.floats(100, 3000))
def test_ticks_are_readable_at_every_zoom(span: float, start: float, width: float) -> None:
    scale = Timescale(start, span, width, 60.0)
    ticks = scale.ticks()
    xs = [scale.x_of(t) for t, label in ticks if label]
    assert all(b - a > 60 for a, b in pairwise(xs))
    assert len(ticks) < width / 4
    assert all(-1 <= scale.x_of(t) <= width + 1 for t, _ in ticks)
