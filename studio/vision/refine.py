"""The most likely points given their sightings, and how sure they are.

Gauss-Newton on reprojection errors with Huber's loss, damped per point; the covariance of each
point follows from the same normal matrices and from the pixel noise seen in the residuals.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.gaps import present
from studio.vision.sightings import (
    CHUNK,
    NEAREST_M,
    Sightings,
    in_cameras,
    normal_matrices,
    rig_constant,
    solve3,
)

_SIX = [0, 1, 2, 4, 5, 7]
_SETTLED_M = 1e-6


def huber_weight(off: np.ndarray, knee: float) -> np.ndarray:
    """Weight of a squared residual under Huber's loss; 0 for missing or infinite ones."""
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(off > knee, knee / off, 1.0)
    return np.where(np.isfinite(off), weight, 0.0)


def gauss_newton_terms(
    constant: np.ndarray, s: Sightings, x: Float[np.ndarray, "3 points"], knee_px: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal matrix (6, points), gradient (3, points) and Huber cost (points) at ``x``."""
    xc, yc, z = in_cameras(s, x.T)
    good = s.seen & (z > NEAREST_M)
    z = np.where(good, z, 1.0)
    u, v = np.where(good, xc / z, 0.0), np.where(good, yc / z, 0.0)
    du, dv = u - s.u, v - s.v
    off = s.weight * s.scale_px * np.hypot(du, dv)
    robust = np.where(good, huber_weight(off, knee_px), 0.0)
    a = robust * np.square(s.weight * s.scale_px)
    normal = normal_matrices(constant, u, v, a / (z * z))[_SIX]
    g = a / z
    gu, gv = g * du, g * dv
    pulls = np.stack([gu, gv, -(gu * u + gv * v)], 1).reshape(-1, x.shape[1])
    gradient = s.rotation.reshape(-1, 3).T @ pulls
    loss = np.where(off > knee_px, knee_px * (2 * off - knee_px), off * off)
    return normal, gradient, np.where(good, loss, np.where(s.seen, np.inf, 0.0)).sum(0)


def refine(
    s: Sightings,
    xyz_m: Float[np.ndarray, "points 3"],
    *,
    knee_px: float = 4.0,
    steps: int = 30,
) -> Float[np.ndarray, "points 3"]:
    """Minimise Huber's loss of confidence-weighted reprojection errors from a start.

    ``knee_px`` is where the loss turns from squared to linear. Never ends worse than it began;
    NaN points stay NaN.
    """
    constant = rig_constant(s.rotation, s.translation_m)
    out = np.array(xyz_m, np.float64)
    alive = np.flatnonzero(present(out) & (np.count_nonzero(s.weight, axis=0) >= 2))
    for start in range(0, len(alive), CHUNK):
        chosen = alive[start : start + CHUNK]
        out[chosen] = _refine_chunk(constant, s.take(chosen), out[chosen].T, knee_px, steps).T
    return out


def _refine_chunk(
    constant: np.ndarray, s: Sightings, x: np.ndarray, knee_px: float, steps: int
) -> np.ndarray:
    """Levenberg-Marquardt on every point by itself; points that have settled drop out."""
    out = x.copy()
    left = np.arange(x.shape[1])
    damping = np.full(len(left), 1e-4)
    normal, gradient, cost = gauss_newton_terms(constant, s, x, knee_px)
    for _ in range(steps):
        damped = normal.copy()
        damped[[0, 3, 5]] += damping * (normal[0] + normal[3] + normal[5]) / 3
        step = solve3(damped, -gradient)
        tried = np.where(np.isfinite(step), x + step, x)
        next_normal, next_gradient, next_cost = gauss_newton_terms(constant, s, tried, knee_px)
        better = next_cost < cost
        x = np.where(better, tried, x)
        normal = np.where(better, next_normal, normal)
        gradient = np.where(better, next_gradient, gradient)
        cost = np.where(better, next_cost, cost)
        damping = np.where(better, damping / 10, damping * 10)
        out[:, left] = x
        small = np.abs(step).max(0) < _SETTLED_M
        going = np.where(better, ~small, (damping < 1e4) & ~small)
        if not going.any():
            break
        if going.mean() < 0.7:
            s, left, damping, cost = s.take(going), left[going], damping[going], cost[going]
            x, normal, gradient = x[:, going], normal[:, going], gradient[:, going]
    return out


def noise_px(
    residuals: Float[np.ndarray, "views points"],
    weight: Float[np.ndarray, "views points"],
    used: Bool[np.ndarray, "views points"],
    groups: np.ndarray | None = None,
    prior: float = 6.0,
) -> Float[np.ndarray, " points"]:
    """Pixel noise (standard deviation per axis at confidence 1) of every point.

    Each point has 2 V - 3 degrees of freedom, too few for an estimate of its own, so it is shrunk
    towards the pooled noise of its group (say, all sightings of the left knee) as by ``prior``
    more degrees of freedom; a group likewise towards all.
    """
    squares = np.where(used, np.square(weight * np.where(used, residuals, 0.0)), 0.0).sum(0)
    freedom = np.fmax(2.0 * used.sum(0) - 3.0, 0.0)
    squares = np.where((freedom > 0) & np.isfinite(squares), squares, 0.0)
    if not freedom.sum():
        return np.full(len(squares), np.nan)
    overall = squares.sum() / freedom.sum()
    group = np.zeros(len(squares), np.intp) if groups is None else groups
    pooled = np.bincount(group, squares) + prior * overall
    pooled /= np.bincount(group, freedom) + prior
    return np.sqrt((squares + prior * pooled[group]) / (freedom + prior))


def covariance(
    s: Sightings, xyz_m: Float[np.ndarray, "points 3"], noise: Float[np.ndarray, " points"]
) -> Float[np.ndarray, "points 3 3"]:
    """Covariance of every point (square metres) for its pixel noise; NaN where unknown.

    Of the sightings alone: bones and inertia, which narrow a refined take, do not count, so its
    bars are wide where noise is white and right where it lingers from frame to frame.
    """
    constant = rig_constant(s.rotation, s.translation_m)
    out = np.full((len(s), 3, 3), np.nan)
    for start in range(0, len(s), CHUNK):
        where = slice(start, start + CHUNK)
        part = s.take(where)
        x = xyz_m[where].T
        normal, _, _ = gauss_newton_terms(constant, part, x, np.inf)
        eye = np.eye(3)
        for column in range(3):
            b = np.repeat(eye[:, column : column + 1], x.shape[1], 1)
            out[where, :, column] = solve3(normal, b).T
    out *= np.square(noise)[:, None, None]
    out[(np.count_nonzero(s.weight, axis=0) < 2) | ~present(xyz_m)] = np.nan
    return out


def error_m(covariances: Float[np.ndarray, "points 3 3"]) -> Float[np.ndarray, " points"]:
    """The standard deviation along each covariance's longest axis."""
    out = np.full(len(covariances), np.nan)
    good = np.isfinite(covariances).all((1, 2))
    if good.any():
        out[good] = np.sqrt(np.fmax(np.linalg.eigvalsh(covariances[good])[:, -1], 0.0))
    return out
