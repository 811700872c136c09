"""What the skin of a face in a picture tells of the light that falls on it.

A matt surface's brightness is a smooth function of its normal, which nine spherical harmonics hold
(Basri and Jacobs, "Lambertian reflectance and linear subspaces", PAMI 2003). They are fitted to the
colours of the face's points by their normals, with little trust in the higher ones and none in
points that stand out (brows, glasses, hair). What a face cannot tell is whether the skin or the
light is bright or coloured: an average skin is assumed, and what differs is believed in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from scipy.spatial import Delaunay

from studio.perception.faces.head import stored
from studio.render.environment import basis

SKIN = np.array([0.46, 0.28, 0.20])
"""What an average skin sends back (linear RGB)."""
BRIGHTNESS_BELIEVED, COLOUR_BELIEVED = 0.6, 0.55
GAMMA = 2.2
"""Pictures are taken to be linear light to the power of one by this."""
LEAST_POINTS = 120
_NOT_SKIN = frozenset(
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 78,
     95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 33, 246,
     161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7, 263, 466, 388, 387, 386,
     385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249, 70, 63, 105, 66, 107, 55, 65, 52, 53,
     46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
)  # fmt: skip
_WEIGHT = np.array([0.0] + [0.02] * 3 + [0.25] * 5)
_KEY_SHARE = 0.6


@cache
def _faces() -> np.ndarray:
    """Triangles over the face's 468 points, seen from the front, outward normals to the viewer."""
    shape = stored()["shape"][:468]
    flat = shape[:, [0, 2]]
    faces = Delaunay(flat).simplices
    a, b, c = (shape[faces[:, k]] for k in range(3))
    long = np.max([np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    normal = np.cross(b - a, c - a)
    faces = np.where((normal[:, 1] > 0)[:, None], faces[:, ::-1], faces)
    return faces[long < 0.45]


@cache
def _skin() -> np.ndarray:
    return np.array([k for k in range(468) if k not in _NOT_SKIN])


def normals(face_px: Float[np.ndarray, "478 3"]) -> Float[np.ndarray, "468 3"]:
    """Unit normals of a face's points in the axes of a level camera's world (right, away, up)."""
    points = face_px[:468, [0, 2, 1]] * (1.0, 1.0, -1.0)
    faces = _faces()
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    total = np.zeros((468, 3))
    for k in range(3):
        np.add.at(total, faces[:, k], area)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True, eq=False)
class SkinLight:
    """What skin sends back: the ``mean`` of its colours (linear RGB), and harmonics of how it
    varies with its normal (``shape``), of which that mean is 1. In the axes of a level camera's
    world (right, away, up)."""

    shape: Float[np.ndarray, "9 3"]
    mean: Float[np.ndarray, "3"]

    @property
    def light(self) -> Float[np.ndarray, "9 3"]:
        """What a white matt surface would send back by its normal, as harmonics of linear RGB, if
        the skin is average as far as that is believed."""
        bright = float(self.mean.mean())
        level = (bright / float(SKIN.mean())) ** BRIGHTNESS_BELIEVED
        tint = (self.mean / max(bright, 1e-6)) / (SKIN / SKIN.mean())
        tint = np.clip(tint, 0.3, 3.0) ** COLOUR_BELIEVED
        return self.shape * np.clip(level, 0.2, 2.2) * tint / tint.mean()


def skin_light(
    rgb: UInt8[np.ndarray, "height width 3"], face_px: Float[np.ndarray, "478 3"]
) -> SkinLight | None:
    """What the skin of a face sends back. None where too little of it can be seen."""
    height, width = rgb.shape[:2]
    facing = normals(face_px)
    wide = float(np.ptp(face_px[:468, 0]))
    reach = max(int(wide / 60), 1)
    x, y = np.rint(face_px[:468, :2]).astype(int).T
    inside = (x >= reach) & (x < width - reach) & (y >= reach) & (y < height - reach)
    chosen = np.zeros(468, bool)
    chosen[_skin()] = True
    chosen &= inside & (facing[:, 1] < -0.15)
    at = np.flatnonzero(chosen)
    if len(at) < LEAST_POINTS:
        return None
    left, right = max(int(x[at].min()) - 8, 0), int(x[at].max()) + 9
    top, low = max(int(y[at].min()) - 8, 0), int(y[at].max()) + 9
    patch = cv2.blur(rgb[top:low, left:right], (2 * reach + 1, 2 * reach + 1))
    seen = (patch[y[at] - top, x[at] - left].astype(np.float64) / 255) ** GAMMA
    return _fitted(seen, facing[at])


def _fitted(seen: np.ndarray, facing: np.ndarray) -> SkinLight:
    """Of colours (points, 3) and normals (points, 3)."""
    Y = basis(facing)
    share = np.ones(len(Y))
    ridge = np.diag(_WEIGHT * len(Y))
    found = np.zeros((9, 3))
    for _ in range(4):
        found = np.linalg.solve(Y.T @ (share[:, None] * Y) + ridge, Y.T @ (share[:, None] * seen))
        off = np.abs((seen - Y @ found).mean(1))
        share = 1 / np.maximum(off / max(1.5 * float(np.median(off)), 1e-4), 1.0)
    mean = seen.mean(0)
    return SkinLight(found / np.maximum(mean, 1e-4), mean)
