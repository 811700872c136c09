"""How a head stands before a camera, by its marks: perspective-n-point with MediaPipe's depths as a
weak witness.

The picture tells where the marks are seen; MediaPipe's depths alone tell which way a head nods that
is seen from the front. Gauss and Newton's least squares, robust (Huber), begun from the similarity
of Umeyama. The world is that of a level camera in its origin: x to the right of the picture, y
away, z up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.perception.faces.head import RIGID, in_space, laid_on
from studio.perception.wearers.average import average_head
from studio.perception.wearers.point_pose import Seen, at_pixel, off_px, step, towards

DEPTH_TRUST = 0.25
"""How much a pixel of MediaPipe's depth counts beside one of the picture."""
STEPS, FEWER = 4, 2
"""From the similarity, and from a moment before."""
_HUBER = 0.02
"""Beyond this share of the face's width a mark counts less."""
_LIDS = frozenset(
    (246, 161, 160, 159, 158, 157, 173, 155, 154, 153, 145, 144, 163, 7, 466, 388, 387, 386, 385,
     384, 398, 382, 381, 380, 374, 373, 390, 249, 70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300,
     293, 334, 296, 336, 285, 295, 282, 283, 276)
)  # fmt: skip
_BRIDGE = (168, 6, 197, 195, 8, 122, 351, 193, 417, 196, 419)


@dataclass(frozen=True, eq=False)
class HeadPose:
    """A head's axes (columns, to the world) and the place of its middle between the tragi; how far
    the marks lie from where they were seen (pixels, root mean square)."""

    turn: Float[np.ndarray, "3 3"]
    place_m: Float[np.ndarray, "3"]
    off_px: float

    @property
    def matrix(self) -> Float[np.ndarray, "4 4"]:
        """From the head's axes to the world."""
        frame = np.eye(4)
        frame[:3, :3], frame[:3, 3] = self.turn, self.place_m
        return frame


@cache
def trust() -> np.ndarray:
    """How much each mark tells of the head's pose (478,): none where expressions move it."""
    marks = average_head().marks_m
    weight = np.zeros(len(marks))
    high = marks[:468, 2] > marks[4, 2] - 0.004
    weight[:468][high] = 0.15
    weight[list(_LIDS)] = 0.0
    weight[list(RIGID)] = 1.0
    weight[list(_BRIDGE)] = 1.5
    return weight


def head_pose(
    seen_px: Float[np.ndarray, "478 3"],
    marks_m: Float[np.ndarray, "478 3"],
    camera: Camera,
    before: HeadPose | None = None,
) -> HeadPose:
    """The pose of a head of these marks that was seen so (see
    :class:`studio.perception.faces.tracker.SeenFace`). That of a moment ``before`` halves the
    work."""
    used, weight, outwards, flat = _used()
    model, seen = marks_m[used], seen_px[used]
    if before is None:
        turn, place = _begun(seen_px, average_head().seen_m, camera)
    else:
        turn, place = before.turn, before.place_m
    wide = max(float(np.ptp(seen[:, 0])), float(np.ptp(seen[:, 1])), 1.0)
    away_px = seen[:, 2] - seen[:, 2].mean()
    known = Seen(model, seen[:, :2], away_px, flat, DEPTH_TRUST)
    off, w = np.zeros((len(used), 2)), weight
    for _ in range(STEPS if before is None else FEWER):
        off = off_px(known, turn, place, camera)
        # Behind the head's edge marks are guesses.
        facing = np.clip(0.35 - outwards @ turn[1], 0.1, 1.0)
        far = np.hypot(off[:, 0], off[:, 1]) / (_HUBER * wide)
        w = weight * facing / np.maximum(far, 1.0)
        turn, place = step(known, w, off, turn, place, camera)
    rms = float(np.sqrt((w * (off**2).sum(1)).sum() / max(w.sum(), 1e-9)))
    return HeadPose(turn, place, rms)


def _begun(seen_px: np.ndarray, shape: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """A first guess: the similarity, turned as the ray is on which the face is seen."""
    points = in_space(seen_px)
    turn, back = laid_on(points, shape)
    at = list(RIGID)
    spread = float(np.linalg.norm(points[at] - points[at].mean(0)))
    level = float(np.linalg.norm(back[at] - back[at].mean(0)))
    away = float(camera.matrix[0, 0]) * level / max(spread, 1e-6)
    middle_px = seen_px[at, :2].mean(0)
    turn = towards(middle_px, camera) @ turn
    return turn, at_pixel(middle_px, away, camera) - turn @ shape[at].mean(0)


@cache
def _used() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The marks that tell something: which, how much, where the skin faces there, and where
    MediaPipe believes them to be, about their middle."""
    used = np.flatnonzero(trust())
    flat = average_head().seen_m[used]
    return used, trust()[used], _outwards()[used], flat - flat.mean(0)


@cache
def _outwards() -> np.ndarray:
    """Which way the skin faces at each mark, nearly: away from the head's axis."""
    marks = average_head().marks_m
    way = marks - np.array([0.0, 0.01, 0.0])
    way[:, 2] *= 0.4
    return way / np.linalg.norm(way, axis=1, keepdims=True)


def projected(
    points_m: Float[np.ndarray, "points 3"], camera: Camera
) -> Float[np.ndarray, "points 2"]:
    """Where a level camera in the world's origin sees points, in pixels."""
    y = np.maximum(points_m[:, 1], 1e-3)
    focal, middle = camera.matrix[0, 0], camera.matrix[:2, 2]
    return np.column_stack(
        [middle[0] + focal * points_m[:, 0] / y, middle[1] - focal * points_m[:, 2] / y]
    )
