"""People in front of live cameras: grabbing, finding, solving and telling overlap, the newest wins.

The same lanes serve a window, a command and a program that drives an avatar.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from studio.core.types import Frame, FrameSet, Keypoints
from studio.jobs import Context, Engine
from studio.live.moment import Moment
from studio.live.opening import await_live, over
from studio.live.outlets.outlet import Outlet
from studio.live.relay import LOOK_S, Lane, Slot
from studio.live.solving import Solver
from studio.media.live.hub import Cameras
from studio.perception.detector import Detector


@dataclass(frozen=True)
class Tracked:
    """How it went: moments found, in how many there was somebody, pictures that made way for newer
    ones, seconds, and the usual milliseconds from picture to skeleton and of each lane."""

    moments: int
    with_somebody: int
    skipped: int
    seconds: float
    latency_ms: float
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class _Found:
    """What the finding lane hands to the solving one."""

    number: int
    frames: Mapping[str, Frame]
    people: tuple[Keypoints, ...]
    taken_s: float


def follow(
    cameras: Cameras,
    make_detector: Callable[[], Detector],
    context: Context,
    *,
    make_solver: Callable[[], Solver] | None = None,
    outlets: Callable[[], Sequence[Outlet]] = tuple,
    seconds: float | None = None,
) -> Engine[Moment, Tracked]:
    """Follow whoever the open ``cameras`` see, until asked to finish, for ``seconds``, or until all
    of them have come to their end. Yields each moment; returns how it went.

    ``outlets()`` are those who are told at the moment. Raises StudioError if no camera opens, and
    what a detector or a solver raises.
    """
    await_live(cameras, context)
    lanes = _Lanes(cameras, make_detector, make_solver, outlets)
    began_s, count, some = time.monotonic(), 0, 0
    waits: list[float] = []
    newest: Moment | None = None
    with closing(lanes):
        while not context.finishing:
            context.check()
            spent_s = time.monotonic() - began_s
            if seconds is not None and spent_s >= seconds:
                break
            moment = lanes.newest(LOOK_S)
            lanes.check()
            if moment is None:
                if over(cameras) and not lanes.busy:
                    break  # the films are at their end
                continue
            newest, count = moment, count + 1
            some += bool(moment.people)
            waits = [*waits[-299:], moment.latency_ms]
            context.report(None if seconds is None else spent_s / seconds, _words(moment))
            yield moment
    context.check()
    skipped = lanes.skipped
    stages = dict(newest.stages_ms) if newest is not None else {}
    usual = sorted(waits)[len(waits) // 2] if waits else 0.0
    return Tracked(count, some, skipped, time.monotonic() - began_s, usual, stages)


def _words(moment: Moment) -> str:
    people = (
        "nobody"
        if not moment.people
        else "1 person"
        if len(moment.people) == 1
        else (f"{len(moment.people)} people")
    )
    return f"{people} · {moment.latency_ms:.0f} ms"


class _Lanes:
    """The lanes of one run: grab, find, solve; telling has lanes of its own."""

    def __init__(
        self,
        cameras: Cameras,
        make_detector: Callable[[], Detector],
        make_solver: Callable[[], Solver] | None,
        outlets: Callable[[], Sequence[Outlet]],
    ) -> None:
        self._out: Slot[Moment] = Slot()
        self._outlets, self._cameras = outlets, cameras
        self._make, self._make_solver = make_detector, make_solver
        self._stack = ExitStack()
        self._detectors: dict[str, Detector] = {}
        self._solver: Solver | None = None
        self._stopping = False
        self._begun = self._ended = -1
        self._solve: Lane[_Found] = Lane("solve", self._solving)
        self._find: Lane[FrameSet] = Lane("find", self._finding)
        self._grab: Lane[Cameras] = Lane("grab", self._grabbing)
        self._grab.put(cameras)

    @property
    def skipped(self) -> int:
        return self._find.skipped

    @property
    def busy(self) -> bool:
        """Whether a picture is still under way."""
        return self._begun != self._ended

    def newest(self, wait_s: float) -> Moment | None:
        return self._out.take(wait_s)

    def check(self) -> None:
        """Raise what a lane failed with."""
        for lane in (self._grab, self._find, self._solve):
            if lane.error is not None:
                raise lane.error

    def close(self) -> None:
        self._stopping = True
        for lane in (self._grab, self._find, self._solve):
            lane.close()
        self._stack.close()

    def _grabbing(self, cameras: Cameras) -> None:
        for pictures in cameras.frame_sets(lambda: self._stopping):
            self._find.put(pictures)

    def _finding(self, pictures: FrameSet) -> None:
        self._begun = pictures.number
        people: list[Keypoints] = []
        for camera, frame in pictures.frames.items():
            if camera not in self._detectors:  # each follows the people of one camera
                self._detectors[camera] = self._stack.enter_context(closing(self._make()))
            found = self._detectors[camera].detect(frame.rgb, frame.time_s)
            people += [one.keypoints(camera, frame.time_s) for one in found]
        taken_s = min(frame.time_s for frame in pictures.frames.values())
        self._solve.put(_Found(pictures.number, pictures.frames, tuple(people), taken_s))

    def _solving(self, found: _Found) -> None:
        if self._solver is None and self._make_solver is not None:
            self._solver = self._make_solver()
        skeletons = ()
        if self._solver is not None:
            skeletons = self._solver.solve(found.taken_s, found.people, found.frames)
        arrived_s = max((camera.latency_s for camera in self._cameras.live()), default=0.0)
        stages = {
            "grab": 1e3 * arrived_s, "find": self._find.spent_ms, "solve": self._solve.spent_ms,
        }  # fmt: skip
        moment = Moment(
            found.number, found.frames, found.people, skeletons, found.taken_s, time.monotonic(),
            stages, self._find.skipped,
        )  # fmt: skip
        for outlet in self._outlets():
            outlet.tell(moment)
        self._out.put(moment)
        self._ended = found.number
