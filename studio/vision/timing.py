"""Whether a camera is out of step: its points run ahead of the others, or behind them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.sightings import NEAREST_M, Sightings, in_cameras

_CONSTANT_S = 1.0


def _without_means(values: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Values less the mean of their group."""
    return values - (np.bincount(label, values) / np.fmax(np.bincount(label), 1))[label]


def lateness_s(
    s: Sightings,
    times_s: Float[np.ndarray, " frames"],
    xyz_m: Float[np.ndarray, "frames points 3"],
    used: Bool[np.ndarray, "views frames points"],
    *,
    sure: float = 4.0,
) -> Float[np.ndarray, " views"]:
    """How much later than its time stamps each camera took its pictures, in seconds.

    A camera that is late by d sees every point d times its image velocity further on; d is the
    least-squares slope of that. What is constant over a second, point by point, is left out: a
    bumped camera and a detector's bias are no matter of time. NaN where movement is too little
    to tell: where the slope is under ``sure`` standard errors, though the camera may then be in
    step.
    """
    views, frames, points = used.shape
    if frames < 3:
        return np.full(views, np.nan)
    velocity = np.full(xyz_m.shape, np.nan)
    span = (times_s[2:] - times_s[:-2])[:, None, None]
    velocity[1:-1] = (xyz_m[2:] - xyz_m[:-2]) / span
    x, y, z = in_cameras(s, xyz_m.reshape(-1, 3))
    moved = (s.rotation.reshape(-1, 3) @ velocity.reshape(-1, 3).T).reshape(views, 3, -1)
    out = np.full(views, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        u, v = x / z, y / z
        du, dv = (moved[:, 0] - u * moved[:, 2]) / z, (moved[:, 1] - v * moved[:, 2]) / z
    second = np.floor((times_s - times_s[0]) / _CONSTANT_S).astype(np.intp)
    group = (second[:, None] * points + np.arange(points)).ravel()
    good = used.reshape(views, -1) & np.isfinite(du) & (z > NEAREST_M)
    for view in range(views):
        at = good[view]
        _, label = np.unique(group[at], return_inverse=True)
        way, off = (
            np.concatenate([_without_means(values[view, at], label) for values in pair])
            for pair in ((du, dv), (s.u - u, s.v - v))
        )
        power, free = float(way @ way), len(way) - 2 * (label.max(initial=-1) + 1)
        if free < 20 or power <= 0:
            continue
        slope = float(way @ off) / power
        error = float(np.sqrt(np.square(off - slope * way).sum() / free / power))
        if abs(slope) > sure * error:
            out[view] = slope
    return out
