"""The figures of live recording, on small videos and for a short while."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.media.recording.study import film_cameras, kill_study, live_study


def test_nothing_is_lost_from_four_cameras(tmp_path: Path) -> None:
    told: list[float] = []
    videos = film_cameras(tmp_path, 4, (320, 240), 2.0)
    figures = live_study(videos, 3.0, report=told.append)
    assert figures.cameras == 4
    assert (figures.lost, figures.dropped, figures.gaps) == (0, 0, 0)
    assert figures.expected == figures.recorded >= 4 * 3 * 29
    assert figures.rate_hz == pytest.approx(30, rel=0.01)
    assert 0 < figures.shown_hz <= 31
    assert told


@pytest.mark.slow
def test_nothing_is_lost_in_twenty_seconds_of_720p(tmp_path: Path) -> None:
    figures = live_study(film_cameras(tmp_path), 20.0)
    assert (figures.lost, figures.dropped, figures.gaps) == (0, 0, 0)
    assert figures.expected == figures.recorded >= 4 * 20 * 29
    assert figures.memory_mb < 60


def test_a_kill_is_measured(tmp_path: Path) -> None:
    videos = film_cameras(tmp_path, 2, (160, 120), 2.0)
    figures = kill_study(videos, kills=1, seconds=2.0)
    assert figures.cameras == 2
    assert 0 <= figures.lost_s < 1.5, "half a second, and what the machine's load adds"
