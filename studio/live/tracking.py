"""People in front of live cameras: grabbing, finding, solving and telling overlap, the newest wins.

The same lanes serve a window, a command and a program that drives an avatar.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from studio.core.types import Frame, FrameSet, Keypoints
from studio.jobs import Context, Engine
from studio.live.lanes import Lanes, Lasted, lasting
from studio.live.moment import Moment
from studio.live.outlets.outlet import Outlet
from studio.live.relay import Lane
from studio.live.solving import Solver
from studio.media.live.hub import Cameras
from studio.perception.detector import Detector


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
) -> Engine[Moment, Lasted]:
    """Follow whoever the open ``cameras`` see, until asked to finish, for ``seconds``, or until all
    of them have come to their end. Yields each moment; returns how it went.

    ``outlets()`` are those who are told at the moment. Raises StudioError if no camera opens, and
    what a detector or a solver raises.
    """
    lasted = yield from lasting(
        cameras, lambda: _Lanes(cameras, make_detector, make_solver, outlets), context,
        somebody=lambda moment: bool(moment.people), words=_words, seconds=seconds,
    )  # fmt: skip
    return lasted


def _words(moment: Moment) -> str:
    count = len(moment.people)
    return "nobody" if not count else "1 person" if count == 1 else f"{count} people"


class _Lanes(Lanes[Moment]):
    """Find, then solve; telling has lanes of its own."""

    def __init__(
        self,
        cameras: Cameras,
        make_detector: Callable[[], Detector],
        make_solver: Callable[[], Solver] | None,
        outlets: Callable[[], Sequence[Outlet]],
    ) -> None:
        super().__init__(cameras)
        self._outlets = outlets
        self._make, self._make_solver = make_detector, make_solver
        self._detectors: dict[str, Detector] = {}
        self._solver: Solver | None = None
        self._solve: Lane[_Found] = self.lane("solve", self._solving)
        self._find: Lane[FrameSet] = self.lane("find", self._finding)

    @property
    def skipped(self) -> int:
        return self._find.skipped

    def grabbed(self, pictures: FrameSet) -> None:
        self._find.put(pictures)

    def _finding(self, pictures: FrameSet) -> None:
        self.begin(pictures.number)
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
        stages = {
            "grab": self.grab_ms, "find": self._find.spent_ms, "solve": self._solve.spent_ms,
        }  # fmt: skip
        moment = Moment(
            found.number, found.frames, found.people, skeletons, found.taken_s, time.monotonic(),
            stages, self._find.skipped,
        )  # fmt: skip
        for outlet in self._outlets():
            outlet.tell(moment)
        self.tell(found.number, moment)
