"""The heads before a camera: found in each picture, known again, calmed, and their size learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.human.anchors import hanging
from studio.live.wearing.calming import Calming
from studio.live.wearing.trembling import Trembling
from studio.perception.faces.tracker import FaceCrowd
from studio.perception.wearers.average import average_head
from studio.perception.wearers.head_pose import HeadPose, head_pose, projected
from studio.perception.wearers.own_shape import OwnShape

HOLD_S = 0.4
"""So long a head that was lost keeps what it wears."""
FORGET_S = 5.0
"""So long a wearer who left is known again where they left."""
LEARN_EVERY_S = 0.12
_MOMENT_S = 0.12
"""So soon after, a head stands nearly as it did."""
_LEARNS_FAST = 25
HEAD_POINTS: frozenset[AnchorPoint] = frozenset({"eyes", "head", "ear.L", "ear.R"})
"""The anchor points that a head has."""


@dataclass(frozen=True, eq=False)
class HeadNow:
    """One wearer's head at a moment, in metres of the level camera's world.

    ``frames`` are the anchor points on it; ``carry`` takes the head's own shape (``shape``, of
    average size) into the world. ``opacity`` falls while the head is lost. ``jitter_px`` is how
    much its place trembles.
    """

    number: int
    face_px: Float[np.ndarray, "478 3"]
    frames: Mapping[AnchorPoint, Float[np.ndarray, "4 4"]]
    carry: Float[np.ndarray, "4 4"]
    shape: OwnShape
    opacity: float
    jitter_px: float

    @property
    def width_m(self) -> float:
        """Between the tragi."""
        return self.shape.width_m


class _Head:
    """What is remembered of one head."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.shape = OwnShape()
        self.seen_s = self.learned_s = -np.inf
        self.middle_px = np.zeros(2)
        self.wide_px = 1.0
        self.now: HeadNow | None = None
        self._pose: HeadPose | None = None
        self._times = 0
        self._calming = Calming()
        self._trembling = Trembling()

    def see(
        self, face_px: np.ndarray, camera: Camera, time_s: float, lag_ms: float,
        pupil_mm: float | None,
    ) -> HeadNow:  # fmt: skip
        if time_s - self.seen_s > HOLD_S:
            self._calming.forget()
        near = time_s - self.seen_s < _MOMENT_S
        pose = head_pose(face_px, self.shape.marks_m, camera, self._pose if near else None)
        rounds = 3 if self._times == 0 else 1
        if self._times < _LEARNS_FAST or time_s - self.learned_s > LEARN_EVERY_S:
            for _ in range(rounds):
                self.shape.learn(face_px, pose, camera, 1.0)
                pose = head_pose(face_px, self.shape.marks_m, camera, pose)
            self._times += 1
            self.learned_s = time_s
        if pupil_mm is not None:
            self.shape.measured_by(1e-3 * pupil_mm)
        self.seen_s, self._pose = time_s, pose
        self.middle_px = face_px[:, :2].mean(0)
        self.wide_px = float(max(np.ptp(face_px[:, 0]), np.ptp(face_px[:, 1]), 1.0))
        pose = self._calmed(pose, camera, time_s, lag_ms)
        self.now = _told(self.number, face_px, pose, self.shape, camera, self._trembling, time_s)
        return self.now

    def _calmed(
        self, pose: HeadPose, camera: Camera, time_s: float, lag_ms: float
    ) -> HeadPose:  # fmt: skip
        """The pose calmed about the eyes."""
        eyes = average_head().places_m["eyes"]
        turn, at = self._calming(time_s, pose.turn, pose.turn @ eyes + pose.place_m, camera,
                                 self.wide_px, lag_ms)  # fmt: skip
        return HeadPose(turn, at - turn @ eyes, pose.off_px)


def _told(
    number: int, face_px: np.ndarray, pose: HeadPose, shape: OwnShape, camera: Camera,
    trembling: Trembling, time_s: float,
) -> HeadNow:  # fmt: skip
    size = shape.size
    frames: dict[AnchorPoint, np.ndarray] = {}
    places = {"head": np.zeros(3), **shape.places_m}
    for name in sorted(HEAD_POINTS):
        frame = pose.matrix
        frame[:3, 3] = size * (pose.turn @ places[name] + pose.place_m)
        frames[name] = hanging(frame) if name.startswith("ear") else frame
    carry = pose.matrix
    carry[:3] *= size
    corners = frames["eyes"][:3, 3] + np.array([[-0.07], [0.07]]) * frames["eyes"][:3, 0]
    jitter = trembling(time_s, projected(corners, camera))
    return HeadNow(number, face_px, frames, carry, shape, 1.0, jitter)


class Heads:
    """Follows heads. For one thread; close it when done."""

    def __init__(self, make: Callable[[], FaceCrowd]) -> None:
        """Raises what ``make`` raises."""
        self._crowd = make()
        self._heads: list[_Head] = []
        self._count = 0

    def close(self) -> None:
        """Free the network."""
        self._crowd.close()

    def find(
        self, rgb: UInt8[np.ndarray, "height width 3"], time_s: float, camera: Camera, *,
        most: int, lag_ms: float, pupil_mm: float | None = None,
    ) -> tuple[HeadNow, ...]:  # fmt: skip
        """The heads in the next picture, the largest first, and those that were lost just now."""
        seen = [face.xyz_px for face in self._crowd.find(rgb, time_s)]
        seen.sort(key=lambda face: -float(np.ptp(face[:, 1])))
        if any(time_s < head.seen_s for head in self._heads):
            self._heads = []  # a film began again
        self._heads = [head for head in self._heads if time_s - head.seen_s < FORGET_S]
        free = list(self._heads)
        found: list[HeadNow] = []
        for face in seen[:most]:
            head = _nearest(face, free)
            if head is None:
                head = _Head(self._count)
                self._count += 1
                self._heads.append(head)
            else:
                free.remove(head)
            found.append(head.see(face, camera, time_s, lag_ms, pupil_mm))
        for head in free:
            gone = time_s - head.seen_s
            if head.now is not None and gone < HOLD_S and len(found) < most:
                now = head.now
                found.append(
                    HeadNow(now.number, now.face_px, now.frames, now.carry, now.shape,
                            1 - gone / HOLD_S, now.jitter_px)
                )  # fmt: skip
        return tuple(found)


def _nearest(face: np.ndarray, heads: list[_Head]) -> _Head | None:
    """The head that was last seen nearest, if it can be this face's."""
    middle = face[:, :2].mean(0)
    near = sorted(heads, key=lambda head: float(np.linalg.norm(head.middle_px - middle)))
    if near and float(np.linalg.norm(near[0].middle_px - middle)) < near[0].wide_px:
        return near[0]
    return None
