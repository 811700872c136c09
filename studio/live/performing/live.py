"""Somebody before a live camera: grabbing, the face and the body each go at their own pace.

The face never waits for the body: each picture's face is told with the body as it was last seen.
The newest picture wins everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from studio.core.types import Frame
from studio.jobs import Context, Engine
from studio.live.opening import await_live, over
from studio.live.performance import Performance
from studio.live.performing.body import BodyNow, BodyPerformer
from studio.live.performing.controls import Controls
from studio.live.performing.face import FacePerformer
from studio.live.performing.performer import Composer, MakeBody, MakeFace, told
from studio.live.relay import LOOK_S, Lane, Slot
from studio.media.live.hub import Cameras

Told = Callable[[Performance, Frame], object]
"""Who hears of every performance, with its picture, on the face's thread: must never wait."""


@dataclass(frozen=True)
class Performed:
    """How it went: performances, in how many a face was seen, pictures that made way for newer
    ones, seconds, the usual milliseconds from picture to performance, and those of each stage."""

    count: int
    with_face: int
    skipped: int
    seconds: float
    latency_ms: float
    stages_ms: Mapping[str, float]


def perform(
    cameras: Cameras,
    make_face: MakeFace,
    make_body: MakeBody | None,
    controls: Controls,
    context: Context,
    *,
    each: Callable[[], Sequence[Told]] = tuple,
    seconds: float | None = None,
) -> Engine[Performance, Performed]:
    """Follow whoever the first open camera sees until asked to finish, for ``seconds``, or to the
    film's end. Yields the newest performance; ``each()`` are those who hear of every one.

    Raises StudioError if no camera opens or a network is not installed.
    """
    await_live(cameras, context)
    began_s, count, some = time.monotonic(), 0, 0
    waits: list[float] = []
    newest: Performance | None = None
    lanes = _Lanes(cameras, make_face, make_body, controls, each)
    with closing(lanes):
        while not context.finishing:
            context.check()
            spent_s = time.monotonic() - began_s
            if seconds is not None and spent_s >= seconds:
                break
            made = lanes.newest(LOOK_S)
            lanes.check()
            if made is None:
                if over(cameras) and not lanes.busy:
                    break
                continue
            newest, count = made, count + 1
            some += made.face > 0
            waits = [*waits[-299:], made.latency_ms]
            seen = "face" if made.face else "nobody"
            context.report(
                None if seconds is None else spent_s / seconds, f"{seen} · {made.latency_ms:.0f} ms"
            )
            yield made
    context.check()
    usual = sorted(waits)[len(waits) // 2] if waits else 0.0
    return Performed(
        count, some, lanes.skipped, time.monotonic() - began_s, usual,
        dict(newest.stages_ms) if newest is not None else {},
    )  # fmt: skip


class _Lanes:
    """The lanes of one run: grab, face, body."""

    def __init__(
        self,
        cameras: Cameras,
        make_face: MakeFace,
        make_body: MakeBody | None,
        controls: Controls,
        each: Callable[[], Sequence[Told]],
    ) -> None:
        self._cameras, self._controls, self._each = cameras, controls, each
        self._make_face, self._make_body = make_face, make_body
        self._out: Slot[Performance] = Slot()
        self._stack = ExitStack()
        self._face: FacePerformer | None = None
        self._body: BodyPerformer | None = None
        self._body_now: BodyNow | None = None
        self._composer = Composer(controls)
        self._stopping = False
        self._begun = self._ended = -1
        self._number = 0
        self._body_lane: Lane[Frame] = Lane("body", self._bodying)
        self._face_lane: Lane[tuple[int, Frame]] = Lane("face", self._facing)
        self._grab: Lane[Cameras] = Lane("grab", self._grabbing)
        self._grab.put(cameras)

    @property
    def skipped(self) -> int:
        return self._face_lane.skipped

    @property
    def busy(self) -> bool:
        """Whether a picture is still under way."""
        return self._begun != self._ended

    def newest(self, wait_s: float) -> Performance | None:
        return self._out.take(wait_s)

    def check(self) -> None:
        """Raise what a lane failed with."""
        for lane in (self._grab, self._face_lane, self._body_lane):
            if lane.error is not None:
                raise lane.error

    def close(self) -> None:
        self._stopping = True
        for lane in (self._grab, self._face_lane, self._body_lane):
            lane.close()
        self._stack.close()

    def _grabbing(self, cameras: Cameras) -> None:
        for pictures in cameras.frame_sets(lambda: self._stopping):
            first = cameras.sources[0].name if cameras.sources else ""
            frame = pictures.frames.get(first)
            if frame is None:
                continue
            self._face_lane.put((pictures.number, frame))
            if self._make_body is not None and self._controls.settings.body:
                self._body_lane.put(frame)

    def _bodying(self, frame: Frame) -> None:
        if self._body is None and self._make_body is not None:
            self._body = self._stack.enter_context(closing(self._make_body()))
        if self._body is not None:
            self._body_now = self._body.perform(frame)

    def _facing(self, found: tuple[int, Frame]) -> None:
        number, frame = found
        self._begun = number
        if self._face is None:
            self._face = self._stack.enter_context(closing(self._make_face()))
        if self._controls.neutral_asked():
            self._face.solver.take_neutral()
        settings = self._controls.settings
        face = self._face.perform(frame.rgb, frame.time_s, settings)
        body = self._body_now if settings.body else None
        made = self._composer.compose(frame.time_s, face, body)
        arrived_s = max((camera.latency_s for camera in self._cameras.live()), default=0.0)
        stages = {
            "grab": 1e3 * arrived_s, "face": self._face_lane.spent_ms,
            "body": self._body_lane.spent_ms,
        }  # fmt: skip
        made = told(made, frame.time_s, time.monotonic(), stages)
        for one in self._each():
            one(made, frame)
        self._out.put(made)
        self._ended = number
