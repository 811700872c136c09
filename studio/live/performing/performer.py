"""Pictures of one camera in, performances out: the face of each, the body as it was last seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import replace

from studio.core.types import Frame
from studio.live.performance import Performance
from studio.live.performing.body import BodyNow, BodyPerformer, Follower
from studio.live.performing.controls import Controls
from studio.live.performing.face import FaceNow, FacePerformer
from studio.live.performing.idling import breath
from studio.live.performing.settings import Settings
from studio.live.performing.shaping import mirrored, pressed, shaped
from studio.live.turning import (
    EYE,
    Quaternion,
    Turn,
    head_turn,
    limited,
    near,
    part_of,
    quaternions,
)
from studio.perception.faces.solver import Angles

MakeFace = Callable[[], FacePerformer]
MakeBody = Callable[[], BodyPerformer]
TRUNK = ("hips", "spine", "chest", "upperChest")
HEAD_DEG = 85.0
"""How far a head turns against the chest, at most."""
STALE_S = 0.6
"""A body that was last seen so long ago is not seen."""


class Composer:
    """Puts faces and bodies together. Moments come in order; used by one thread."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._follower = Follower()
        self._told: dict[str, Quaternion] = {}

    def compose(self, time_s: float, face: FaceNow, body: BodyNow | None) -> Performance:
        """The performance of a moment, mirrored and shaped as the controls say."""
        settings = self._controls.settings
        seen = body is not None and time_s - body.time_s < STALE_S
        now = body if body is not None and seen else BodyNow(time_s)
        turns = self._follower(time_s, now.turns)
        hips_m = self._follower.hips(time_s, now.hips_m)
        head_deg = _head_deg(face, now)
        turns |= _neck(turns, head_deg)
        if settings.idle and not now.body:
            for bone, turn in breath(time_s).items():
                turns[bone] = turns.get(bone, EYE) @ turn
        self._told = near(quaternions(turns), self._told)
        solved = face.solved
        made = Performance(
            time_s, shaped(solved.weights, settings), head_deg, solved.gaze_deg,
            self._told, hips_m, face.seen, now.hands, now.body,
            face_px=face.points_px,
        )  # fmt: skip
        if settings.mirror:
            made = mirrored(made)
        return pressed(made, self._controls.weights, self._controls.turns)


def _head_deg(face: FaceNow, body: BodyNow) -> Angles:
    """As the face tells it; as far as no face is seen, as the body does."""
    yaw, pitch, roll = face.solved.head_deg
    if body.head_deg is None or face.share == 1:
        return yaw, pitch, roll
    left = 1 - face.share
    across, up, aside = body.head_deg
    return yaw + left * across, pitch + left * up, roll + left * aside


def _neck(turns: dict[str, Turn], head_deg: Angles) -> dict[str, Turn]:
    """Half of what the head turns against the chest is the neck's."""
    chest = EYE
    for bone in TRUNK:
        chest = chest @ turns.get(bone, EYE)
    half = part_of(limited(chest.T @ head_turn(*head_deg), HEAD_DEG), 0.5)
    return {"neck": half, "head": half}


class Performer:
    """Performs every picture in turn, none left out: for films and tests. Close it when done."""

    def __init__(
        self, make_face: MakeFace, make_body: MakeBody | None, controls: Controls | None = None
    ) -> None:
        """Raises StudioError if a network is not installed."""
        self.controls = controls or Controls()
        self._stack = ExitStack()
        self._face = self._stack.enter_context(closing(make_face()))
        self._body = self._stack.enter_context(closing(make_body())) if make_body else None
        self._composer = Composer(self.controls)

    def close(self) -> None:
        """Free the networks."""
        self._stack.close()

    def learn(self, frames: Iterable[Frame]) -> None:
        """Take the person's calm face from other pictures of them, to be performed later."""
        self._face.learn(frames)

    def perform(self, frame: Frame) -> Performance:
        """What is done in the next picture."""
        began_s = time.monotonic()
        settings: Settings = self.controls.settings
        if self.controls.neutral_asked():
            self._face.solver.take_neutral()
        face = self._face.perform(frame.rgb, frame.time_s, settings)
        faced_s = time.monotonic()
        body = self._body.perform(frame) if self._body else None
        bodied_s = time.monotonic()
        made = self._composer.compose(frame.time_s, face, body)
        done_s = time.monotonic()
        stages = {
            "face": 1e3 * (faced_s - began_s), "body": 1e3 * (bodied_s - faced_s),
            "compose": 1e3 * (done_s - bodied_s),
        }  # fmt: skip
        return told(made, began_s, done_s, stages)


def told(
    made: Performance, taken_s: float, solved_s: float, stages_ms: dict[str, float]
) -> Performance:
    """The performance with its times."""
    return replace(made, taken_s=taken_s, solved_s=solved_s, stages_ms=stages_ms)
