"""How a foot stands before a camera, by its marks and their depths: perspective-n-point."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.human.feet import FOOT_M, MARKS, marks_m
from studio.perception.wearers.point_pose import Seen, at_pixel, off_px, step, towards
from studio.vision.similarity import similarity

_DEPTH_TRUST = 0.6
_STEPS = 8
_HUBER = 0.03
"""Beyond this share of the foot's length in the picture a mark counts less."""
_FLAT, _NEAR_M = 0.05, 0.05


@dataclass(frozen=True, eq=False)
class SeenFoot:
    """The marks of a foot (:mod:`studio.human.feet`): pixels of the picture, how far behind the
    foot's middle (in its lengths), and how sure each is. ``side`` is L or R."""

    side: str
    xy_px: Float[np.ndarray, "9 2"]
    deep: Float[np.ndarray, "9"]
    sure: Float[np.ndarray, "9"]

    @property
    def middle_px(self) -> Float[np.ndarray, "2"]:
        """The middle of the marks."""
        return self.xy_px.mean(0)

    @property
    def long_px(self) -> float:
        """How many pixels its length would be, seen from the side."""
        return _px_per_length(self.xy_px, self.deep, np.ones(len(MARKS)))

    @property
    def score(self) -> float:
        """How surely the foot is there."""
        return float(np.sort(self.sure)[-5:].mean())


@dataclass(frozen=True, eq=False)
class FootPose:
    """A foot's axes (columns, to a level camera's world) and the place of its frame's origin, and
    how far the marks lie from where they were seen, in feet's lengths (root mean square)."""

    turn: Float[np.ndarray, "3 3"]
    place_m: Float[np.ndarray, "3"]
    off: float


def foot_pose(seen: SeenFoot, camera: Camera, foot_m: float = FOOT_M) -> FootPose:
    """The pose of a foot of that length that was seen so. The world is that of a level camera in
    its origin: x to the right of the picture, y away, z up."""
    model = marks_m(seen.side, foot_m)
    weight = np.maximum(seen.sure, 0.05)
    size = _px_per_length(seen.xy_px, seen.deep, weight)
    middle_px = np.average(seen.xy_px, axis=0, weights=weight)
    across, down = ((seen.xy_px - middle_px) / size).T
    shape = foot_m * np.column_stack([across, seen.deep, -down])
    turn = towards(middle_px, camera) @ similarity(shape, model)[0].T
    away = float(camera.matrix[0, 0]) * foot_m / size
    middle = model.mean(0)
    model = model - middle  # depths are along the ray to the middle
    place = at_pixel(middle_px, away, camera) - turn @ np.average(model, axis=0, weights=weight)
    behind = foot_m * (seen.deep - np.average(seen.deep, weights=weight))
    flat = model - np.average(model, axis=0, weights=weight)
    known = Seen(model, seen.xy_px, behind, flat, _DEPTH_TRUST)
    off, own = off_px(known, turn, place, camera), weight
    for _ in range(_STEPS):
        far = np.hypot(off[:, 0], off[:, 1]) / (_HUBER * size)
        own = weight / np.maximum(far, 1.0)
        scale = float(camera.matrix[0, 0]) / max(float(place[1]), _NEAR_M)
        turn, place = step(replace(known, away_px=scale * behind), own, off, turn, place, camera)
        off = off_px(known, turn, place, camera)
    rms = float(np.sqrt(np.average((off**2).sum(1), weights=own)))
    return FootPose(turn, place - turn @ middle, rms / size)


def _px_per_length(xy_px: np.ndarray, deep: np.ndarray, weight: np.ndarray) -> float:
    """How many pixels a foot's length is: what its marks' depths do not explain of the distances
    between them, they have in the picture."""
    model = marks_m("L", 1.0)
    pair = weight[:, None] * weight[None]
    flat = ((model[:, None] - model[None]) ** 2).sum(2) - (deep[:, None] - deep[None]) ** 2
    seen = ((xy_px[:, None] - xy_px[None]) ** 2).sum(2)
    least = _FLAT * float((pair * ((model[:, None] - model[None]) ** 2).sum(2)).sum())
    return float(np.sqrt((pair * seen).sum() / max(float((pair * flat).sum()), least))) or 1.0
