"""Somebody before a live camera: grabbing, the face and the body each go at their own pace.

The face never waits for the body: each picture's face is told with the body as it was last seen.
The newest picture wins everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing

from studio.core.types import Frame, FrameSet
from studio.jobs import Context, Engine
from studio.live.lanes import Lanes, Lasted, lasting
from studio.live.performance import Performance
from studio.live.performing.body import BodyNow, BodyPerformer
from studio.live.performing.controls import Controls
from studio.live.performing.face import FacePerformer
from studio.live.performing.performer import Composer, MakeBody, MakeFace, told
from studio.live.relay import Lane
from studio.media.live.hub import Cameras

Told = Callable[[Performance, Frame], object]
"""Who hears of every performance, with its picture, on the face's thread: must never wait."""


def perform(
    cameras: Cameras,
    make_face: MakeFace,
    make_body: MakeBody | None,
    controls: Controls,
    context: Context,
    *,
    each: Callable[[], Sequence[Told]] = tuple,
    seconds: float | None = None,
) -> Engine[Performance, Lasted]:
    """Follow whoever the first open camera sees until asked to finish, for ``seconds``, or to the
    film's end. Yields the newest performance; ``each()`` are those who hear of every one.

    Raises StudioError if no camera opens or a network is not installed.
    """
    lasted = yield from lasting(
        cameras, lambda: _Lanes(cameras, make_face, make_body, controls, each), context,
        somebody=lambda made: made.face > 0, words=lambda made: "face" if made.face else "nobody",
        seconds=seconds,
    )  # fmt: skip
    return lasted


class _Lanes(Lanes[Performance]):
    """The face beside the body."""

    def __init__(
        self,
        cameras: Cameras,
        make_face: MakeFace,
        make_body: MakeBody | None,
        controls: Controls,
        each: Callable[[], Sequence[Told]],
    ) -> None:
        super().__init__(cameras)
        self._controls, self._each = controls, each
        self._make_face, self._make_body = make_face, make_body
        self._face: FacePerformer | None = None
        self._body: BodyPerformer | None = None
        self._body_now: BodyNow | None = None
        self._composer = Composer(controls)
        self._body_lane: Lane[Frame] = self.lane("body", self._bodying)
        self._face_lane: Lane[tuple[int, Frame]] = self.lane("face", self._facing)

    @property
    def skipped(self) -> int:
        return self._face_lane.skipped

    def grabbed(self, pictures: FrameSet) -> None:
        first = self._cameras.sources[0].name if self._cameras.sources else ""
        frame = pictures.frames.get(first)
        if frame is None:
            return
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
        self.begin(number)
        if self._face is None:
            self._face = self._stack.enter_context(closing(self._make_face()))
        if self._controls.neutral_asked():
            self._face.solver.take_neutral()
        settings = self._controls.settings
        face = self._face.perform(frame.rgb, frame.time_s, settings)
        body = self._body_now if settings.body else None
        made = self._composer.compose(frame.time_s, face, body)
        stages = {
            "grab": self.grab_ms, "face": self._face_lane.spent_ms,
            "body": self._body_lane.spent_ms,
        }  # fmt: skip
        made = told(made, frame.time_s, time.monotonic(), stages)
        for one in self._each():
            one(made, frame)
        self.tell(number, made)
