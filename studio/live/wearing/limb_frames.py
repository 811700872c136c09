"""The anchor frames of necks, shoulders, wrists and feet, from what MediaPipe sees of bodies and
hands.

A part lies where it is seen; how large the average adult is, or the head above it, tells how far
away. MediaPipe's shapes turn it. The lengths are the average adult's at rest
(:mod:`studio.human.anchors`), from where MediaPipe marks joints (:mod:`studio.human.marks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.human.anchors import REFERENCE_M, SizeName
from studio.perception.faces.head import in_space
from studio.perception.wearers.followed import SeenPoints
from studio.perception.wearers.point_pose import Seen, at_pixel, off_px, step, towards
from studio.vision.one_view import place
from studio.vision.similarity import similarity

SURE = 0.5
"""A body's point that is less sure is not believed."""
PALM = (0, 5, 9, 13, 17)
PALM_M = np.array([
    [-0.002, -0.0077, -0.0401], [-0.0369, 0.0086, -0.1257], [-0.0116, 0.0056, -0.13],
    [0.0091, 0.0058, -0.1251], [0.0282, 0.0084, -0.1142],
])  # fmt: skip
"""The left hand's marks at the wrist and at the four knuckles, in the frame of ``wrist.L``."""
FOOT_M = np.array([
    [-0.0009, -0.0086, 0.0945], [0.0081, 0.0596, 0.0356], [-0.0201, -0.2156, 0.0155],
    [-0.0513, -0.0295, 0.5126],
])  # fmt: skip
"""The left leg's marks at ankle, heel, toes and knee, in the frame of ``foot.L``."""
FEET: Mapping[AnchorPoint, tuple[int, ...]] = {
    "foot.L": (27, 29, 31, 25),
    "foot.R": (28, 30, 32, 26),
}
"""Ankle, heel, toes and knee."""
_BONES_M = {
    (25, 27): 0.422, (26, 28): 0.422, (23, 25): 0.433, (24, 26): 0.433, (11, 12): 0.355,
    (11, 23): 0.539, (12, 24): 0.539,
}  # fmt: skip
"""Shanks, thighs, shoulders and flanks, between the marks."""
_PLACED_BY = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30)
_SHOULDERS, _HIPS = (11, 12), (23, 24)
_NECK_FROM_SHOULDERS = np.array([0.0, 0.008, 0.0377])
_TORSO_FROM_SHOULDERS = np.array([0.0, 0.0064, -0.0147])
_NECK_FROM_HEAD = np.array([0.0, 0.0566, -0.182])
_BEHIND_HEAD_M = 0.05
_ACROSS_BELIEVED, _LEAN_BELIEVED, _HEAD_BELIEVED = 0.75, 0.5, 0.5
_NECK_TURNS, _NECK_BY_HEAD = 0.25, 0.5
_HAND_TRUST, _FOOT_TRUST, _KNEE = 0.25, 0.4, 0.3
_HAND_AWAY_SURE, _FOOT_AWAY_SURE = 0.07, 0.01
"""A palm that is seen edge on would otherwise be anywhere along its ray."""
_STEPS = 6


@dataclass(frozen=True, eq=False)
class Framed:
    """Axes (columns) and place of an anchor point in the world, and the size that goes with it."""

    turn: Float[np.ndarray, "3 3"]
    place_m: Float[np.ndarray, "3"]
    size: SizeName
    size_m: float


@dataclass(frozen=True, eq=False)
class HeadSeen:
    """The head above a body: its frame (to the world), and by how much it is larger than the
    average adult's."""

    frame: Float[np.ndarray, "4 4"]
    grown: float


@dataclass(frozen=True, eq=False)
class Standing:
    """A body before the camera: how far away each of its points is (metres), by how much it is
    larger than the average adult's, and than MediaPipe believes."""

    away_m: Float[np.ndarray, "33"]
    grown: float
    scale: float


def standing(body: SeenPoints, head: HeadSeen | None, camera: Camera) -> Standing | None:
    """Where a body stands: as large as the average adult's, or as its head says. None where too
    little of it is seen."""
    sure = body.confidence > SURE
    told = [
        long_m / max(float(np.linalg.norm(body.shape_m[a] - body.shape_m[b])), 1e-3)
        for (a, b), long_m in _BONES_M.items()
        if sure[a] and sure[b]
    ]
    scale = float(np.median(told)) if told else 1.0
    used = np.zeros(len(sure))
    used[list(_PLACED_BY)] = sure[list(_PLACED_BY)]
    focal = float(camera.matrix[0, 0])
    rays = (body.xyz_px[:, :2] - camera.matrix[:2, 2]) / focal
    ahead = scale * body.shape_m[:, [0, 2, 1]] * (1.0, -1.0, 1.0)
    move = place(ahead[None], rays[None], used[None])[0]
    if not np.isfinite(move).all():
        return None
    away = ahead[:, 2] + move[2]
    by_bones = _px_per_m(body.xyz_px, sure)
    if by_bones > 0:  # the mean of two ways that err in opposite directions
        middle = float(np.average(away, weights=used))
        away = away + np.sqrt(middle * focal / by_bones) - middle
    if head is None:
        return Standing(away, 1.0, scale)
    grown = float(head.frame[1, 3]) / max(float(away[0]), 0.05)
    return Standing(away * grown, grown, scale * grown)


def torso(
    body: SeenPoints, stands: Standing | None, head: HeadSeen | None, camera: Camera
) -> tuple[Framed, Framed] | None:
    """Neck and torso; None where the shoulders are not seen."""
    if not (body.confidence[list(_SHOULDERS)] > SURE).all() or (stands is None and head is None):
        return None
    middle_px = body.xyz_px[list(_SHOULDERS), :2].mean(0)
    ahead = towards(middle_px, camera)
    left, right = body.shape_m[list(_SHOULDERS)]
    # Chests are made to lean and to turn too much: their depths are believed in part.
    across = _unit(_unit(ahead @ (left - right)) * (1.0, _ACROSS_BELIEVED, 1.0))
    up = ahead @ (0.5 * (left + right) - body.shape_m[list(_HIPS)].mean(0))
    up = _unit(_unit(up) * (1.0, _LEAN_BELIEVED, 1.0))
    if head is not None:
        across = _unit(across + _HEAD_BELIEVED * head.frame[:3, 0])
    turn = _turn(across, up)
    if head is not None:
        grown, away = head.grown, float(head.frame[1, 3]) + head.grown * _BEHIND_HEAD_M
    else:
        assert stands is not None
        grown, away = stands.grown, float(stands.away_m[list(_SHOULDERS)].mean())
    middle = at_pixel(middle_px, away, camera)
    neck = middle + grown * turn @ _NECK_FROM_SHOULDERS
    chest = middle + grown * turn @ _TORSO_FROM_SHOULDERS
    if head is not None:  # shoulders rise with the arms, heads do not
        part = Rotation.from_matrix(turn.T @ head.frame[:3, :3]).as_rotvec()
        bent = turn @ Rotation.from_rotvec(_NECK_TURNS * part).as_matrix()
        below = head.frame[:3, 3] + grown * bent @ _NECK_FROM_HEAD
        neck = neck + _NECK_BY_HEAD * (below - neck)
    wide = grown * REFERENCE_M["neck"]
    return Framed(turn, neck, "neck", wide), Framed(turn, chest, "neck", wide)


def wrist(hand: SeenPoints, side: str, camera: Camera) -> Framed:
    """The forearm before a hand, as if the wrist were straight
    (:class:`studio.live.wearing.forearm.Forearm` bends it)."""
    model = PALM_M * np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    seen = hand.xyz_px[list(PALM)]
    shape = hand.shape_m[list(PALM)]
    middle_px = seen[:, :2].mean(0)
    turn = towards(middle_px, camera) @ similarity(shape, model)[0].T
    focal = float(camera.matrix[0, 0])
    away = focal * similarity(in_space(seen), model)[1]
    at = at_pixel(middle_px, away, camera) - turn @ model.mean(0)
    deep = shape[:, 1] * focal / away
    known = Seen(model, seen[:, :2], deep - deep.mean(), model - model.mean(0), _HAND_TRUST,
                 (float(at[1]), _HAND_AWAY_SURE))  # fmt: skip
    turn, at = _settled(known, np.ones(len(model)), turn, at, camera)
    return Framed(turn, at, "wrist", REFERENCE_M["wrist"])


def foot(
    body: SeenPoints,
    point: AnchorPoint,
    stands: Standing,
    camera: Camera,
    foot_m: float | None = None,
) -> Framed:
    """A foot by its ankle, heel and toes, and its knee where it is seen. ``foot_m`` is how long it
    is, where that is known: it is as far away as it then must be."""
    which = FEET[point]
    used = list(which if body.confidence[which[3]] > SURE else which[:3])
    model = FOOT_M[: len(used)] * (1.0 if point == "foot.L" else -1.0, 1.0, 1.0)
    weight = np.array([1.0, 1.0, 1.0, _KNEE])[: len(used)]
    size = stands.grown if foot_m is None else foot_m / REFERENCE_M["foot"]
    larger = size / stands.grown
    model = model * size
    heel_px = body.xyz_px[which[1], :2]
    away = max(larger * float(stands.away_m[which[1]]), 0.1)
    shape = larger * stands.scale * body.shape_m[used]
    turn = towards(heel_px, camera) @ similarity(shape, model)[0].T
    at = at_pixel(heel_px, away, camera) - turn @ model[1]
    deep = shape[:, 1] * float(camera.matrix[0, 0]) / away
    mean = np.average(model, axis=0, weights=weight)
    known = Seen(model, body.xyz_px[used, :2], deep - np.average(deep, weights=weight),
                 model - mean, _FOOT_TRUST, (away, _FOOT_AWAY_SURE))  # fmt: skip
    turn, at = _settled(known, weight, turn, at, camera)
    return Framed(turn, at, "foot", size * REFERENCE_M["foot"])


def _settled(
    known: Seen, weight: np.ndarray, turn: np.ndarray, at: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    for _ in range(_STEPS):
        turn, at = step(known, weight, off_px(known, turn, at, camera), turn, at, camera)
    return turn, at


def _px_per_m(xyz_px: np.ndarray, sure: Bool[np.ndarray, "33"]) -> float:
    """How large a metre is at a body, by its bones: they look shorter where they point at the
    camera, never longer. 0 where none is seen."""
    told = sorted(
        float(np.linalg.norm(xyz_px[a, :2] - xyz_px[b, :2])) / long_m
        for (a, b), long_m in _BONES_M.items()
        if sure[a] and sure[b]
    )
    return float(np.mean(told[-2:])) if told else 0.0


def _turn(x: np.ndarray, up: np.ndarray) -> np.ndarray:
    z = _unit(up - (up @ x) * x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _unit(way: np.ndarray) -> np.ndarray:
    return way / max(float(np.linalg.norm(way)), 1e-9)
