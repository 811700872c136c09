"""Performing with a camera that comes and goes, briefly: the hour itself is measured by hand."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from network_cameras import until

from studio.core.errors import StudioError
from studio.journeys.soak import (
    FILMS,
    Minute,
    Soaked,
    Unsteady,
    _Watch,
    open_files,
    parts,
    resident_mb,
    soak,
)
from studio.live.performing.settings import Settings
from studio.media.live.camera import Patience
from studio.media.live.hub import Cameras
from studio.media.live.source import Source
from studio.media.writer import VideoWriter


def film(path: Path, frames: int, rate_hz: float = 60.0) -> Path:
    """A film that grows brighter by two a picture, from 40."""
    with VideoWriter(path, (96, 64), rate_hz) as writer:
        for number in range(frames):
            writer.write(np.full((64, 96, 3), 40 + 2 * (number % 90), np.uint8))
    return path


def test_each_time_it_returns_with_the_next_film(tmp_path):
    dark, bright = film(tmp_path / "a.mp4", 100), film(tmp_path / "b.mp4", 30)
    unsteady = Unsteady([dark, bright])
    patience = Patience(retry_s=0.02, retry_most_s=0.05)
    cameras = Cameras(opener=unsteady.open, patience=patience)
    cameras.add(Source(id="cam", name="cam", kind="device", place="here"))
    cameras.start()
    try:
        camera = cameras.live()[0]
        until(lambda: camera.status.state == "live")
        unsteady.away.set()
        until(lambda: camera.status.state == "lost")
        unsteady.away.clear()
        until(lambda: camera.status.state == "live")
        assert cameras.stats()["cam"].returns == 1
        assert unsteady._next == 2
    finally:
        cameras.stop(wait_s=10.0)


def test_the_wait_while_the_camera_is_away_is_no_stall(monkeypatch):
    times = iter((0.0, 0.04, 0.2, 0.24, 0.3, 5.0, 5.04))
    monkeypatch.setattr("studio.journeys.soak.time.monotonic", lambda: next(times))
    watch = _Watch()
    for _ in range(4):
        watch.hear()
    assert watch.a_minute() == pytest.approx(0.16)
    assert watch.over == 1
    watch.lost(True)
    watch.hear()  # was under way when the camera went
    watch.lost(False)
    watch.hear()
    watch.hear()
    assert watch.a_minute() == pytest.approx(0.04)
    assert (watch.returns, watch.frames, watch.over) == (1, 7, 1)
    assert watch.longest_ever_s == pytest.approx(0.16)


def test_memory_and_files_are_read_where_the_system_says():
    if not Path("/proc/self/statm").exists():
        assert resident_mb() == 0
        return
    before = resident_mb()
    held = np.ones(30_000_000)
    assert resident_mb() - before == pytest.approx(240, abs=30)
    del held
    files = open_files()
    with Path(__file__).open():
        assert open_files() == files + 1


def test_nothing_to_watch_is_said():
    with pytest.raises(StudioError, match="nothing to watch"):
        soak([], 1.0)


def test_somebody_performs_and_nothing_is_left_behind(tmp_path):
    """For seconds, on a film that shows nobody."""
    told: list[Minute] = []
    found = soak([film(tmp_path / "cam.mp4", 60)], 0.2, outages=1, tell=told.append,
                 settings=Settings(body=False))  # fmt: skip
    assert found.frames > 0
    assert (found.away, found.minutes) == (1, tuple(told))
    left = {t.name for t in threading.enumerate()}
    assert not {"face", "body", "grab", "camera", "read camera", "frames nobody"} & left


def test_its_figures_are_judged_and_missing_footage_is_skipped(monkeypatch, tmp_path):
    minutes = tuple(Minute(k, 800.0, 9, 9, 100 * k, 50.0, 1.0) for k in range(1, 8))
    found = Soaked(minutes, 700, 3, 10, 9, 130.0, 2, 50.0)
    monkeypatch.setattr("studio.journeys.soak.soak", lambda films, m: found)
    for folder, _ in FILMS:
        (tmp_path / folder).mkdir(exist_ok=True)
    ((name, part),) = parts(tmp_path, 60)
    assert name == "60 minutes"
    memory, stall, back = part()
    assert (memory.value, memory.met) == ("+50 MB", False)
    assert (stall.value, stall.met) == ("130 ms", False)
    assert (back.value, back.met) == ("9 of 10", False)
    assert parts(tmp_path, 0) == []
    with pytest.raises(FileNotFoundError):
        parts(None, 1)[0][1]()
