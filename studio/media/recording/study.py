"""Figures of live cameras and recording: display rate, frames lost, what a kill costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from studio.core.errors import StudioError
from studio.media.live.hub import Cameras
from studio.media.live.source import source_of
from studio.media.recording.recorder import Recording
from studio.media.recording.recover import recover
from studio.media.recording.times import read_times
from studio.media.video import open_clip
from studio.media.writer import VideoWriter

LOOK_HZ = 60.0


@dataclass(frozen=True)
class LiveFigures:
    """Several cameras shown and recorded for a while; rates are of the worst camera.

    ``shown_hz`` counts different frames that a screen polling at 60 Hz got, ``skipped`` frames
    left out of the display and named as such, ``lost`` and ``dropped`` frames missing from the
    recording, ``expected`` and ``recorded`` all frames of all cameras, ``gaps`` missing frames as
    counted from the files' own times, ``load`` the machine's mean load, ``cpu`` of this process
    in cores, ``memory_mb`` its growth from the tenth second to the end.
    """

    cameras: int
    seconds: float
    rate_hz: float
    shown_hz: float
    skipped: int
    lost: int
    dropped: int
    expected: int
    recorded: int
    gaps: int
    latency_ms: float
    load: float
    cpu: float
    memory_mb: float


def film_cameras(
    folder: Path, count: int = 4, size_px: tuple[int, int] = (1280, 720), seconds: float = 10.0
) -> list[Path]:
    """Videos of moving, noisy pictures at 30 Hz, different for every camera."""
    width, height = size_px
    chance = np.random.default_rng(0)
    noise = chance.integers(0, 40, (height + 64, width + 64, 3), np.uint8)
    ramp = np.linspace(0, 180, width, dtype=np.uint8)[None, :, None]
    paths = [folder / f"cam{number + 1}.mp4" for number in range(count)]
    for number, path in enumerate(paths):
        with VideoWriter(path, size_px, 30.0, quality=0.6) as writer:
            for frame in range(round(30 * seconds)):
                shift = (3 * frame + 17 * number) % 64
                picture = noise[shift : shift + height, shift : shift + width] + ramp
                left = (8 * frame + 200 * number) % (width - 200)
                picture[200:500, left : left + 200] = 255 - picture[200:500, left : left + 200]
                writer.write(picture)
    return paths


def live_study(
    videos: Sequence[Path],
    seconds: float,
    *,
    report: Callable[[float], None] = lambda _: None,
) -> LiveFigures:
    """Show and record videos as live cameras, and count what comes through."""
    hub = Cameras([source_of(path, path.stem) for path in videos])
    hub.start()
    try:
        _wait(lambda: len(hub.newest()) == len(videos))
        time.sleep(1.0)
        with TemporaryDirectory(prefix="doppel-", dir=videos[0].parent) as temp:
            return _measure(hub, Path(temp), seconds, report)
    finally:
        hub.stop(10.0)


def _measure(
    hub: Cameras, folder: Path, seconds: float, report: Callable[[float], None]
) -> LiveFigures:
    names = [source.name for source in hub.sources]
    shown: dict[str, int] = dict.fromkeys(names, 0)
    last: dict[str, float] = {}
    loads: list[float] = []
    latencies: list[float] = []
    skipped = sum(stats.skipped for stats in hub.stats().values())
    memory = 0.0
    cpu = time.process_time()
    recording = Recording(hub, folder)
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds and recording.running:
        for name, frame in hub.newest().items():
            shown[name] += last.get(name) != frame.time_s
            last[name] = frame.time_s
        if len(loads) < now:
            loads.append(os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"))
            latencies += [stats.latency_s for stats in hub.stats().values()]
            report(now / seconds)
        if not memory and now > min(10.0, seconds / 2):
            memory = _memory_mb()
        time.sleep(1 / LOOK_HZ)
    lasted = time.monotonic() - began
    cpu = (time.process_time() - cpu) / lasted
    skipped = sum(stats.skipped for stats in hub.stats().values()) - skipped
    grown = _memory_mb() - memory
    take = recording.stop()
    rate = min(camera.rate_hz for camera in take.cameras)
    gaps = expected = 0
    for camera in take.cameras:
        for segment in camera.segments:
            times = read_times(recording.folder / segment.times)
            if times is None:
                continue
            steps = np.diff(np.sort(times.time_s)) * camera.rate_hz
            gaps += int(np.maximum(np.round(steps) - 1, 0).sum())
            span = times.time_s.max() - times.time_s.min()
            expected += round(float(span) * camera.rate_hz) + 1
            with open_clip(recording.folder / segment.video) as clip:
                if clip.frames != segment.frames:
                    gaps += segment.frames - clip.frames
    return LiveFigures(
        cameras=len(names), seconds=lasted, rate_hz=rate, shown_hz=min(shown.values()) / lasted,
        skipped=skipped, lost=sum(c.lost for c in take.cameras),
        dropped=sum(c.dropped for c in take.cameras), expected=expected,
        recorded=sum(c.frames for c in take.cameras), gaps=gaps,
        latency_ms=1000 * float(np.median(latencies)), load=float(np.mean(loads)), cpu=cpu,
        memory_mb=grown,
    )  # fmt: skip


@dataclass(frozen=True)
class KillFigures:
    """A recording killed (SIGKILL) in its course, then mended. ``lost_s``: of the worst camera,
    from the last frame kept to the kill."""

    kills: int
    lost_s: float
    mean_lost_s: float
    cameras: int


def kill_study(videos: Sequence[Path], kills: int = 3, seconds: float = 4.0) -> KillFigures:
    """Record in a child process, kill it, mend the take, and see how much is missing."""
    if not hasattr(signal, "SIGKILL"):
        raise StudioError("This system has no SIGKILL.", "Run the study on Linux or macOS.")
    worst: list[float] = []
    for kill in range(kills):
        with TemporaryDirectory(prefix="doppel-", dir=videos[0].parent) as temp:
            worst.append(_kill(videos, Path(temp), seconds + 0.17 * kill))
    return KillFigures(kills, max(worst), float(np.mean(worst)), len(videos))


def _kill(videos: Sequence[Path], folder: Path, seconds: float) -> float:
    command = [sys.executable, "-m", __name__, str(folder), *map(str, videos)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        zero_s = float(child.stdout.readline())
        time.sleep(seconds)
        child.kill()
        killed_s = time.monotonic() - zero_s
    (mended,) = recover(folder)
    ends = [camera.longest.last_s for camera in mended.take.cameras if camera.longest]
    if len(ends) < len(videos):
        return killed_s
    return killed_s - min(ends)


def _record_until_killed(folder: Path, videos: Sequence[Path]) -> None:
    hub = Cameras([source_of(path, path.stem) for path in videos])
    hub.start()
    _wait(lambda: len(hub.newest()) == len(videos))
    recording = Recording(hub, folder)
    print(recording.zero_s, flush=True)
    sys.stdin.read()
    recording.stop()


def _wait(ready: Callable[[], bool], most_s: float = 30.0) -> None:
    until = time.monotonic() + most_s
    while not ready():
        if time.monotonic() > until:
            raise StudioError("The cameras did not start.", "Close other programs and try again.")
        time.sleep(0.01)


def _memory_mb() -> float:
    """Resident memory now; NaN where the system does not say (outside Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return float("nan")


if __name__ == "__main__":
    _record_until_killed(Path(sys.argv[1]), [Path(video) for video in sys.argv[2:]])
