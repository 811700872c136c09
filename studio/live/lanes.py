"""Lanes that overlap while cameras are on, and how long they last: of skeletons and of puppets.

Pictures are grabbed, and what is made of them goes through lanes of its own pace; the newest wins.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from studio.core.percent import percent
from studio.core.types import Fact, FrameSet
from studio.jobs import Context
from studio.live.opening import await_live, over
from studio.live.relay import LOOK_S, Lane, Slot
from studio.media.live.hub import Cameras

LATELY = 300
GOOD_MS, FAIR_MS = 80.0, 200.0


class Timely(Protocol):
    """What lanes make: how late it is, and the usual milliseconds of each stage."""

    @property
    def latency_ms(self) -> float: ...

    @property
    def stages_ms(self) -> Mapping[str, float]: ...


T = TypeVar("T", bound=Timely)


@dataclass(frozen=True)
class Lasted:
    """How it went: how many were made, in how many somebody was seen, pictures that made way for
    newer ones, seconds, the usual milliseconds from picture to result, and those of each stage."""

    count: int
    with_somebody: int
    skipped: int
    seconds: float
    latency_ms: float
    stages_ms: Mapping[str, float]


class Lanes(ABC, Generic[T]):
    """The lanes of one run. Who inherits makes lanes with :meth:`lane`, hands each set of pictures
    on in :meth:`grabbed`, says with :meth:`begin` that a picture is under way, and with
    :meth:`tell` what came of it."""

    def __init__(self, cameras: Cameras) -> None:
        self._cameras = cameras
        self._stack = ExitStack()
        self._out: Slot[T] = Slot()
        self._lanes: list[Lane[Any]] = []
        self._stopping = False
        self._begun = self._ended = -1

    def start(self) -> None:
        """Begin to grab."""
        self.lane("grab", self._grabbing).put(self._cameras)

    def lane(
        self, name: str, work: Callable[[Any], object], end: Callable[[], object] | None = None
    ) -> Lane[Any]:
        """One more lane."""
        self._lanes.append(Lane(name, work, end))
        return self._lanes[-1]

    @abstractmethod
    def grabbed(self, pictures: FrameSet) -> None:
        """Hand pictures on. Must not wait."""

    @property
    @abstractmethod
    def skipped(self) -> int:
        """How many pictures made way for newer ones."""

    @property
    def busy(self) -> bool:
        """Whether a picture is still under way."""
        return self._begun != self._ended

    @property
    def grab_ms(self) -> float:
        """How old pictures are when they arrive."""
        return 1e3 * max((camera.latency_s for camera in self._cameras.live()), default=0.0)

    def newest(self, wait_s: float) -> T | None:
        """What was made last and not taken yet; None if nothing comes in ``wait_s``."""
        return self._out.take(wait_s)

    def begin(self, number: int) -> None:
        """The pictures of that number are under way."""
        self._begun = number

    def tell(self, number: int, made: T) -> None:
        """This is what came of them."""
        self._out.put(made)
        self._ended = number

    def check(self) -> None:
        """Raise what a lane failed with."""
        for lane in self._lanes:
            if lane.error is not None:
                raise lane.error

    def close(self) -> None:
        """End every lane, the last one made first, and what they hold."""
        self._stopping = True
        for lane in reversed(self._lanes):
            lane.close()
        self._stack.close()

    def _grabbing(self, cameras: Cameras) -> None:
        for pictures in cameras.frame_sets(lambda: self._stopping):
            self.grabbed(pictures)


def lasting(
    cameras: Cameras,
    make: Callable[[], Lanes[T]],
    context: Context,
    *,
    somebody: Callable[[T], bool],
    words: Callable[[T], str],
    seconds: float | None = None,
) -> Generator[T, None, Lasted]:
    """Yields what the lanes make, the newest each time, until asked to finish, for ``seconds``, or
    until all cameras have come to their end; returns how it went.

    ``somebody`` says whether anybody is in it, ``words`` what it is. Raises StudioError if no
    camera opens, and what a lane raises.
    """
    await_live(cameras, context)
    lanes = make()
    began_s, count, some = time.monotonic(), 0, 0
    waits: list[float] = []
    newest: T | None = None
    with closing(lanes):
        lanes.start()
        while not context.finishing:
            context.check()
            spent_s = time.monotonic() - began_s
            if seconds is not None and spent_s >= seconds:
                break
            made = lanes.newest(LOOK_S)
            lanes.check()
            if made is None:
                if over(cameras) and not lanes.busy:
                    break  # the films are at their end
                continue
            newest, count = made, count + 1
            some += somebody(made)
            waits = [*waits[1 - LATELY :], made.latency_ms]
            context.report(
                None if seconds is None else spent_s / seconds,
                f"{words(made)} · {made.latency_ms:.0f} ms",
            )
            yield made
    context.check()
    usual = sorted(waits)[len(waits) // 2] if waits else 0.0
    stages = dict(newest.stages_ms) if newest is not None else {}
    return Lasted(count, some, lanes.skipped, time.monotonic() - began_s, usual, stages)


def facts_of(
    result: Lasted, what: str, of: str, *, good_hz: float, advice: str = ""
) -> tuple[Fact, ...]:
    """How fast it was, how late, and in how many pictures somebody was seen. ``what`` is made
    (“skeletons”) of ``of`` (“Somebody”); ``advice`` makes it quicker, the stages if left out."""
    rate = result.count / result.seconds if result.seconds > 0 else 0.0
    late = result.latency_ms
    share = result.with_somebody / result.count if result.count else 0.0
    stages = ", ".join(f"{name} {ms:.0f} ms" for name, ms in result.stages_ms.items())
    return (
        Fact("Rate", f"{rate:.0f} {what}s a second",
             "good" if rate >= good_hz else "look", "" if rate >= good_hz else stages),
        Fact("Delay", f"{late:.0f} ms from picture to {what}",
             "good" if late <= GOOD_MS else "look" if late <= FAIR_MS else "stop",
             "" if late <= GOOD_MS else advice or stages),
        Fact(of, f"in {percent(share)} of {result.count} pictures",
             "good" if share > 0.9 else "look"),
    )  # fmt: skip
