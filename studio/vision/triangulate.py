"""From sightings to points: linear triangulation, RANSAC, and leaving cameras out.

Linear triangulation after Hartley and Sturm (1997), with rows weighted by confidence; the
homogeneous solution is the eigenvector of the smallest eigenvalue of AᵀA, found from the
inhomogeneous one by Newton's method on the secular equation. Leaving out cameras until the
reprojection error is below a limit is the rule of Pagnon et al. (Pose2Sim, 2021); RANSAC is run
over all pairs of cameras with a truncated cost (MSAC, Torr and Zisserman 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.sightings import (
    CHUNK,
    COLS,
    ROWS,
    Sightings,
    in_cameras,
    normal_matrices,
    residuals_px,
    rig_constant,
    solve3,
)

_SUBSETS = 200


@dataclass(frozen=True, eq=False)
class Points:
    """Triangulated points (NaN where impossible) and which sightings they rest on."""

    xyz_m: Float[np.ndarray, "points 3"]
    used: Bool[np.ndarray, "views points"]

    def reprojection_px(self, s: Sightings) -> Float[np.ndarray, " points"]:
        """Mean reprojection error over the views used; NaN for missing points."""
        return mean_px(residuals_px(s, self.xyz_m), self.used)


def mean_px(
    residuals: Float[np.ndarray, "views points"], used: Bool[np.ndarray, "views points"]
) -> Float[np.ndarray, " points"]:
    """Mean over the views used; NaN where there are none."""
    total = np.where(used, residuals, 0.0).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / np.where(used.any(0), used.sum(0), np.nan)


def _linear(m: np.ndarray) -> np.ndarray:
    """The inhomogeneous solution (w = 1) of normal matrices (10, points)."""
    return solve3(m[[0, 1, 2, 4, 5, 7]], -m[[3, 6, 8]])


def _homogeneous(m: np.ndarray) -> np.ndarray:
    """The smallest eigenvector of normal matrices (10, points), divided by its last entry.

    Newton's steps converge quadratically, so a point whose last step was small is done; the few
    that do not settle (wild outliers) are left to LAPACK.
    """
    left, right, corner = m[[0, 1, 2, 4, 5, 7]], m[[3, 6, 8]], m[9]
    x = solve3(left, -right)
    out, value = x.copy(), np.zeros(m.shape[1])
    going, solvable = np.arange(m.shape[1]), np.isfinite(x[0])
    for _ in range(6):
        change = (corner - value + (right * x).sum(0)) / (1 + (x * x).sum(0))
        value = value + change
        shifted = left.copy()
        shifted[[0, 3, 5]] -= value
        x = solve3(shifted, -right)
        rest = solvable & ~((np.abs(change) <= 1e-6 * value) & np.isfinite(x[0]))
        count = np.count_nonzero(rest)
        if 2 * count > len(rest):
            continue
        out[:, going] = x
        if not count:
            return out
        going, solvable, value, x = going[rest], solvable[rest], value[rest], x[:, rest]
        left, right, corner = left[:, rest], right[:, rest], corner[rest]
    going = going[solvable]
    full = np.empty((len(going), 4, 4))
    full[:, ROWS, COLS] = full[:, COLS, ROWS] = m[:, going].T
    vector = np.linalg.eigh(full)[1][:, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        out[:, going] = (vector[:, :3] / vector[:, 3:]).T
    return out


def dlt(
    s: Sightings, *, homogeneous: bool = False, reweight: int = 0
) -> Float[np.ndarray, "points 3"]:
    """Confidence-weighted linear triangulation of every point seen by two cameras or more.

    By default the inhomogeneous solution, which does not depend on where the world's origin is;
    ``homogeneous`` gives the classical one (smallest singular vector). Each step of ``reweight``
    divides the rows by the depth of the point, so that near and far cameras count by pixels.
    """
    constant = rig_constant(s.rotation, s.translation_m)
    xyz = np.empty((len(s), 3))
    for start in range(0, len(s), CHUNK):
        part = s.take(slice(start, start + CHUNK))
        a = np.square(part.weight * part.scale_px)
        solve = _homogeneous if homogeneous else _linear
        x = solve(normal_matrices(constant, part.u, part.v, a))
        for _ in range(reweight):
            z = np.fmax(np.abs(in_cameras(part, x.T)[2]), 1e-6)
            x = solve(normal_matrices(constant, part.u, part.v, a / (z * z)))
        xyz[start : start + CHUNK] = x.T
    xyz[np.count_nonzero(s.weight, axis=0) < 2] = np.nan
    return xyz


def drop_cameras(
    s: Sightings, *, limit_px: float = 15.0, min_cameras: int = 2, homogeneous: bool = True
) -> Points:
    """Triangulate; while the mean error exceeds ``limit_px``, leave out one more camera.

    At every level all ways to leave out that many cameras are tried and the best is kept; with
    so many cameras that this explodes, the best choice of the level before is extended by one.
    Points that never come below the limit, or that fewer than ``min_cameras`` see, are NaN.
    """
    min_cameras = max(min_cameras, 2)
    used = s.seen
    xyz = dlt(s, homogeneous=homogeneous)
    error = mean_px(residuals_px(s, xyz), used)
    enough = used.sum(0) >= min_cameras
    views = len(used)
    for level in range(1, views - min_cameras + 1):
        bad = np.flatnonzero(enough & ~(error <= limit_px) & (s.seen.sum(0) - level >= min_cameras))
        if not len(bad):
            break
        part = s.take(bad)
        greedy = comb(views, level) > _SUBSETS
        base = used[:, bad] if greedy else part.seen
        ways = combinations(range(views), 1 if greedy else level)
        best, best_xyz, best_used = np.full(len(bad), np.inf), xyz[bad], base
        for way in ways:
            fewer = base.copy()
            fewer[list(way)] = False
            legal = base[list(way)].all(0)
            tried = dlt(part.only(fewer), homogeneous=homogeneous)
            off = np.where(legal, mean_px(residuals_px(part, tried), fewer), np.inf)
            better = off < best
            best = np.where(better, off, best)
            best_xyz = np.where(better[:, None], tried, best_xyz)
            best_used = np.where(better, fewer, best_used)
        xyz[bad], error[bad] = best_xyz, best
        used[:, bad] = best_used
    failed = ~(enough & (error <= limit_px))
    xyz[failed] = np.nan
    return Points(xyz, used & ~failed)


def ransac(
    s: Sightings, *, limit_px: float = 15.0, min_cameras: int = 2, pairs: int = 120, seed: int = 0
) -> Points:
    """Triangulate from the pair of cameras that most sightings agree with, then from those.

    A sighting agrees if it lies within ``limit_px`` of the reprojection; every pair of cameras is
    tried (a random ``pairs`` of them on very large rigs). Points on which fewer than
    ``min_cameras`` agree are NaN.
    """
    min_cameras = max(min_cameras, 2)
    views = len(s.u)
    choices = list(combinations(range(views), 2))
    if len(choices) > pairs:
        picked = np.random.default_rng(seed).choice(len(choices), pairs, replace=False)
        choices = [choices[i] for i in picked]
    trust = np.square(s.weight)
    cost = np.full(len(s), np.inf)
    used = np.zeros_like(s.seen)
    for pair in choices:
        both = np.zeros_like(s.seen)
        both[list(pair)] = s.seen[list(pair)].all(0)
        off = residuals_px(s, dlt(s.only(both)))
        near = off <= limit_px
        worth = (trust * np.square(np.where(near, off, limit_px))).sum(0)
        better = both.any(0) & (worth < cost)
        cost = np.where(better, worth, cost)
        used = np.where(better, near, used)
    agreed = used.sum(0) >= min_cameras
    used = used & agreed
    return Points(dlt(s.only(used), reweight=1), used)
