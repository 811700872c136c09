"""People in front of live cameras: grabbing, finding, solving and telling overlap, the newest wins.

Bodies never wait for hands and faces: where the detector finds them sooner, these are found at a
pace of their own and go along with the body (:mod:`studio.live.joining`). The same lanes serve a
window, a command and a program that drives an avatar.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from studio.core.types import Frame, FrameSet, Keypoints
from studio.jobs import Context, Engine
from studio.live.cues import Reader
from studio.live.joining import Whole, joined
from studio.live.lanes import Lanes, Lasted, lasting
from studio.live.moment import Moment
from studio.live.outlets.outlet import Outlet
from studio.live.relay import Lane
from studio.live.solving import Solver
from studio.media.live.hub import Cameras
from studio.perception.detector import Detector, InTwo, Person2D


@dataclass(frozen=True, eq=False)
class _Found:
    """What the finding lane hands to the solving one."""

    number: int
    frames: Mapping[str, Frame]
    people: tuple[Keypoints, ...]
    taken_s: float


@dataclass(frozen=True, eq=False)
class _Bodies:
    """What the finding lane hands to the one for hands and faces, of one camera."""

    frame: Frame
    people: tuple[Person2D, ...]


def _told(people: Sequence[Person2D], frame: Frame) -> tuple[Keypoints, ...]:
    return tuple(one.keypoints(frame.camera, frame.time_s) for one in people)


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
    """Find, then solve; hands and faces beside it, and telling, have lanes of their own."""

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
        self._finishers: dict[str, InTwo] = {}
        self._whole: dict[str, Whole] = {}
        self._solver: Solver | None = None
        self._reader = Reader()
        self._parts: Lane[Mapping[str, _Bodies]] = self.lane("parts", self._finishing)
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
        halves: dict[str, _Bodies] = {}
        for camera, frame in pictures.frames.items():
            if camera not in self._detectors:  # each follows the people of one camera
                self._detectors[camera] = self._stack.enter_context(closing(self._make()))
            detector = self._detectors[camera]
            if isinstance(detector, InTwo) and detector.in_two:
                halves[camera] = _Bodies(frame, detector.bodies(frame.rgb, frame.time_s))
                found = _told(halves[camera].people, frame)
                people += joined(found, frame.time_s, self._whole.get(camera))
            else:
                people += _told(detector.detect(frame.rgb, frame.time_s), frame)
        if halves:
            self._parts.put(halves)
        taken_s = min(frame.time_s for frame in pictures.frames.values())
        self._solve.put(_Found(pictures.number, pictures.frames, tuple(people), taken_s))

    def _finishing(self, halves: Mapping[str, _Bodies]) -> None:
        for camera, half in halves.items():
            if camera not in self._finishers:
                detector = self._stack.enter_context(closing(self._make()))
                assert isinstance(detector, InTwo)
                self._finishers[camera] = detector
            whole = self._finishers[camera].parts(half.frame.rgb, half.people)
            self._whole[camera] = Whole(half.frame.time_s, _told(whole, half.frame))

    def _solving(self, found: _Found) -> None:
        if self._solver is None and self._make_solver is not None:
            self._solver = self._make_solver()
        skeletons = ()
        if self._solver is not None:
            skeletons = self._solver.solve(found.taken_s, found.people, found.frames)
        stages = {
            "grab": self.grab_ms, "find": self._find.spent_ms, "solve": self._solve.spent_ms,
        }  # fmt: skip
        if self._finishers:
            stages["hands and faces"] = self._parts.spent_ms
        moment = Moment(
            found.number, found.frames, found.people, skeletons, found.taken_s, time.monotonic(),
            stages, self._find.skipped,
            self._reader.read(found.taken_s, found.people, skeletons),
        )  # fmt: skip
        for outlet in self._outlets():
            outlet.tell(moment)
        self.tell(found.number, moment)
