"""How two cameras stand to each other, from points that both saw: the essential matrix.

Five points by RANSAC, then all four ways to take the matrix apart, and those of the homography
where the points lie near a plane (its twin explains them as well). Points must lie before both
cameras; ways that cannot be told apart by that are all handed on, for a third camera or the
constancy of bones to decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from studio.vision.sightings import Sightings

LEAST = 40
_MOST = 4000


@dataclass(frozen=True, eq=False)
class PairPose:
    """Where camera ``b`` stands, seen from camera ``a``: X_b = rotation @ X_a + direction.

    ``agree`` is the share of common points within the limit and before both cameras,
    ``parallax_deg`` the median angle between their rays, ``common`` how many points both saw.
    """

    a: int
    b: int
    rotation: Float[np.ndarray, "3 3"]
    direction: Float[np.ndarray, " 3"]
    agree: float
    parallax_deg: float
    common: int

    @property
    def worth(self) -> float:
        """How good a start: many points that agree, seen under a wide angle."""
        return self.agree * np.sqrt(self.common) * np.sin(np.radians(self.parallax_deg))


def pair_poses(
    s: Sightings, a: int, b: int, *, limit_px: float = 8.0, seed: int = 0
) -> tuple[PairPose, ...]:
    """All believable ways in which two cameras may stand, the most agreed one first."""
    both = np.flatnonzero(s.seen[a] & s.seen[b])
    if len(both) < LEAST:
        return ()
    common = len(both)
    if common > _MOST:
        both = both[np.linspace(0, common - 1, _MOST).astype(int)]
    one, two = (np.stack([s.u[v, both], s.v[v, both]], 1) for v in (a, b))
    scale = float(np.sqrt(np.mean(s.scale_px[a]) * np.mean(s.scale_px[b])))
    cv2.setRNGSeed(seed)
    found, mask = cv2.findEssentialMat(
        one, two, np.eye(3), method=cv2.RANSAC, prob=0.9999, threshold=limit_px / scale
    )
    if not np.size(found) or not np.size(mask) or np.ndim(found) != 2:
        return ()
    inliers = int(mask.sum())
    ways: list[tuple[np.ndarray, np.ndarray]] = []
    for matrix in found.reshape(-1, 3, 3)[:3]:
        r1, r2, t = cv2.decomposeEssentialMat(matrix)
        ways += [(r, sign * t[:, 0]) for r in (r1, r2) for sign in (1.0, -1.0)]
    plane, flat = cv2.findHomography(one, two, cv2.RANSAC, 2 * limit_px / scale)
    if np.ndim(plane) == 2 and flat.sum() > 0.6 * inliers:
        _, turns, shifts, _ = cv2.decomposeHomographyMat(plane, np.eye(3))
        ways += [
            (r, t[:, 0] / max(np.linalg.norm(t), 1e-12)) for r, t in zip(turns, shifts, strict=True)
        ]
    poses = [_judged(a, b, r, t, one, two, 1.5 * limit_px / scale, common) for r, t in ways]
    poses.sort(key=lambda pose: -pose.agree)
    best = poses[0].agree
    return tuple(pose for pose in _distinct(poses) if pose.agree > 0.5 * best and pose.agree > 0.2)


def _judged(
    a: int, b: int, r: np.ndarray, t: np.ndarray, one: np.ndarray, two: np.ndarray,
    limit: float, common: int,
) -> PairPose:  # fmt: skip
    """Midpoints of the rays: how many lie before both cameras and reproject well."""
    ray_a = np.column_stack([one, np.ones(len(one))])
    ray_b = np.column_stack([two, np.ones(len(two))]) @ r
    origin_b = -r.T @ t
    aa, bb, ab = (ray_a**2).sum(1), (ray_b**2).sum(1), (ray_a * ray_b).sum(1)
    da, db = ray_a @ origin_b, ray_b @ origin_b
    below = np.fmax(aa * bb - ab * ab, 1e-12)
    depth_a, depth_b = (bb * da - ab * db) / below, (ab * da - aa * db) / below
    middle = (ray_a * depth_a[:, None] + origin_b + ray_b * depth_b[:, None]) / 2
    there = middle @ r.T + t
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.hypot(
            np.linalg.norm(middle[:, :2] / middle[:, 2:] - one, axis=1),
            np.linalg.norm(there[:, :2] / there[:, 2:] - two, axis=1),
        )
    good = (middle[:, 2] > 0) & (there[:, 2] > 0) & (depth_a > 0) & (depth_b > 0) & (off < limit)
    angle = np.degrees(np.arccos(np.clip(ab / np.sqrt(aa * bb), -1, 1)))
    parallax = float(np.median(angle[good])) if good.any() else 0.0
    return PairPose(a, b, r, t, float(good.mean()), parallax, common)


def _distinct(poses: list[PairPose]) -> list[PairPose]:
    kept: list[PairPose] = []
    for pose in poses:
        if all(
            np.trace(pose.rotation @ other.rotation.T) < 1 + 2 * np.cos(np.radians(4.0))
            or pose.direction @ other.direction < np.cos(np.radians(8.0))
            for other in kept
        ):
            kept.append(pose)
    return kept
