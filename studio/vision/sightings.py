"""What the cameras of a rig saw of many points, and the linear algebra that all solvers share.

A camera (R, t) that sees a point at (u, v) on its normalised plane gives two rows of a linear
system A (X, 1) = 0: (r1 - u r3, t1 - u t3) and (r2 - v r3, t2 - v t3). Squared and summed they
are linear in (1, u, v, u² + v²), so the normal matrices of a million points are one matrix
product with a small constant of the rig. Sightings are stored views-first, each quantity in one
contiguous row, so that everything after that product is elementwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.vision import camera as lens

CHUNK = 4096
NEAREST_M = 0.01
# The ten distinct entries of a symmetric 4x4, row by row.
ROWS, COLS = np.triu_indices(4)


@dataclass(frozen=True, eq=False)
class Sightings:
    """``weight`` is 0 where a camera does not see a point; u and v are finite everywhere.

    ``scale_px`` says how many pixels a unit of the normalised plane spans there, so that
    ``scale_px * (u, v)`` differences are pixels whatever the lens.
    """

    rotation: Float[np.ndarray, "views 3 3"]
    translation_m: Float[np.ndarray, "views 3"]
    u: Float[np.ndarray, "views points"]
    v: Float[np.ndarray, "views points"]
    weight: Float[np.ndarray, "views points"]
    scale_px: Float[np.ndarray, "views _"]

    @property
    def seen(self) -> Bool[np.ndarray, "views points"]:
        return self.weight > 0

    def __len__(self) -> int:
        return self.u.shape[1]

    def take(self, points: np.ndarray | slice) -> Sightings:
        """Some of the points, chosen by slice, indices or mask."""
        scale = self.scale_px if self.scale_px.shape[1] == 1 else self.scale_px[:, points]
        return replace(
            self,
            u=self.u[:, points],
            v=self.v[:, points],
            weight=self.weight[:, points],
            scale_px=scale,
        )

    def only(self, used: np.ndarray) -> Sightings:
        """The same, as if cameras had seen only what the mask (views, points) says."""
        return replace(self, weight=np.where(used, self.weight, 0.0))

    def unweighted(self) -> Sightings:
        """The same with every confidence one."""
        return replace(self, weight=self.seen.astype(np.float64))


def sight(
    rig: CameraRig,
    xy_px: Float[np.ndarray, "views points 2"],
    confidence: Float[np.ndarray, "views points"] | None = None,
    *,
    min_confidence: float = 0.0,
) -> Sightings:
    """Undistort what each camera of ``rig`` (same order) saw.

    A sighting counts if its coordinates are finite, the lens can see them, and its confidence is
    positive and at least ``min_confidence``.
    """
    if len(rig) != len(xy_px):
        raise StudioError(f"The rig has {len(rig)} cameras, the detections {len(xy_px)}.")
    views, points = xy_px.shape[:2]
    trust = np.ones((views, points)) if confidence is None else np.asarray(confidence, np.float64)
    plane = np.empty((views, points, 2))
    bent = any(np.any(c.distortion) or c.lens == "fisheye" for c in rig.cameras)
    scale = np.empty((views, points if bent else 1))
    for view, camera in enumerate(rig.cameras):
        plane[view] = lens.normalise(camera, xy_px[view])
        scale[view] = lens.pixels_per_unit(camera, plane[view, : scale.shape[1]])
    good = np.isfinite(plane).all(-1) & (trust >= min_confidence) & (trust > 0)
    if bent:
        scale = np.where(np.isfinite(scale), scale, 1.0)
    return Sightings(
        np.stack([np.asarray(c.rotation, np.float64) for c in rig.cameras]),
        np.stack([np.asarray(c.translation_m, np.float64) for c in rig.cameras]),
        np.where(good, plane[..., 0], 0.0),
        np.where(good, plane[..., 1], 0.0),
        np.where(good, trust, 0.0),
        scale,
    )


def rig_constant(
    rotation: Float[np.ndarray, "views 3 3"], translation_m: Float[np.ndarray, "views 3"]
) -> Float[np.ndarray, "10 terms"]:
    """What (a, a u, a v, a (u² + v²)) of every view are multiplied by to give AᵀA."""
    p = np.concatenate([rotation, translation_m[:, :, None]], 2)

    def both(i: int, j: int) -> np.ndarray:
        outer = p[:, i, :, None] * p[:, j, None, :]
        return outer + outer.transpose(0, 2, 1) if i != j else outer

    terms = np.stack([both(0, 0) + both(1, 1), -both(0, 2), -both(1, 2), both(2, 2)], 1)
    return np.ascontiguousarray(terms.reshape(-1, 4, 4)[:, ROWS, COLS].T)


def normal_matrices(
    constant: np.ndarray, u: np.ndarray, v: np.ndarray, a: np.ndarray
) -> Float[np.ndarray, "10 points"]:
    """AᵀA of every point for squared row weights ``a`` (views, points), as ten rows."""
    views, points = u.shape
    features = np.empty((views, 4, points))
    features[:, 0] = a
    np.multiply(a, u, out=features[:, 1])
    np.multiply(a, v, out=features[:, 2])
    np.multiply(features[:, 1], u, out=features[:, 3])
    features[:, 3] += features[:, 2] * v
    return constant @ features.reshape(4 * views, points)


def solve3(
    m: Float[np.ndarray, "6 points"], b: Float[np.ndarray, "3 points"]
) -> Float[np.ndarray, "3 points"]:
    """Solve symmetric 3x3 systems (xx xy xz yy yz zz) by the adjugate; NaN where singular."""
    xx, xy, xz, yy, yz, zz = m
    c0, c1, c2 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    det = xx * c0 + xy * c1 + xz * c2
    c3, c4, c5 = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    size = xx + yy + zz
    with np.errstate(invalid="ignore", divide="ignore"):
        inverse = np.where(det > 1e-13 * size * size * size, 1 / det, np.nan)
    return np.stack(
        [
            (c0 * b[0] + c1 * b[1] + c2 * b[2]) * inverse,
            (c1 * b[0] + c3 * b[1] + c4 * b[2]) * inverse,
            (c2 * b[0] + c4 * b[1] + c5 * b[2]) * inverse,
        ]
    )


def in_cameras(
    s: Sightings, xyz_m: Float[np.ndarray, "points 3"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates of every point in every camera: x, y, z, each (views, points)."""
    local = s.rotation.reshape(-1, 3) @ xyz_m.T + s.translation_m.reshape(-1, 1)
    local = local.reshape(len(s.rotation), 3, -1)
    return local[:, 0], local[:, 1], local[:, 2]


def residuals_px(
    s: Sightings, xyz_m: Float[np.ndarray, "points 3"]
) -> Float[np.ndarray, "views points"]:
    """Reprojection distance of every sighting; NaN where unseen or without a point.

    A point behind a camera that claims to see it, or in its lens, is infinitely far off.
    """
    x, y, z = in_cameras(s, xyz_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = s.scale_px * np.hypot(s.u - x / z, s.v - y / z)
        off = np.where(z <= NEAREST_M, np.inf, off)
    return np.where(s.seen & np.isfinite(xyz_m[:, 0]), off, np.nan)
