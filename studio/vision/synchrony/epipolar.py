"""The lag between two calibrated cameras: the shift at which their rays to each point meet.

A point that moves is seen by the second camera beside the epipolar line of the first if it is
seen too late; how far, times how fast it crosses the line, gives the lag to a small part of a
frame. What stays for a second is left out: a bumped camera or a detector's habit is no lag.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.vision import camera as lens
from studio.vision.synchrony.lag import DRIFT_FROM_S, Lag
from studio.vision.synchrony.track import Track, resample, smooth

_LEAST_CONFIDENCE = 0.3
_SIGMA_S = 0.03
_STEPS = 12
_KNEE = 1.5
_LEAST_ROWS = 100
_LEAST_PARTS = 8
_WIDE_S = 0.15


@dataclass(frozen=True, eq=False)
class Seen:
    """Points on a camera's normalised plane over its own clock: a track of x and y by turns."""

    camera: Camera
    track: Track
    scale_px: float


def seen_by(
    camera: Camera,
    times_s: Float[np.ndarray, " frames"],
    xy_px: Float[np.ndarray, "frames points 2"],
    confidence: Float[np.ndarray, "frames points"],
) -> Seen:
    """Undistort what a camera saw, and smooth it over 30 ms.

    Speed is measured on the same samples as the distance: their common noise would pass for lag.
    """
    plane = lens.normalise(camera, xy_px)
    good = np.isfinite(plane).all(-1) & (confidence >= _LEAST_CONFIDENCE)
    weight = np.repeat(np.where(good, confidence, 0.0), 2, axis=1)
    sigma = max(_SIGMA_S / float(np.median(np.diff(times_s))), 0.6)
    smoothed = smooth(plane.reshape(len(plane), -1), weight, sigma)
    values = np.where(weight > 0, np.nan_to_num(smoothed), 0.0)
    scale = float(np.sqrt(camera.matrix[0, 0] * camera.matrix[1, 1]))
    return Seen(camera, Track(camera.name, times_s, values, weight), scale)


def refine_lag(first: Seen, second: Seen, start: Lag, within_s: float = _WIDE_S) -> Lag | None:
    """A lag made exact, looked for within ``within_s`` of ``start``; None where the movement
    cannot tell (too little, or along the epipolar lines).

    Gauss-Newton on the Sampson distances with Huber weights, after a look at all shifts of a
    third of a frame. The slope is solved for too where the take is long enough.
    """
    third = 1 / (3 * max(first.track.rate_hz, second.track.rate_hz))
    shifts = third * np.arange(-round(within_s / third), round(within_s / third) + 1)
    costs = np.array([_cost(first, second, start, float(s)) for s in shifts])
    if not np.isfinite(costs).any():
        return None
    lag = replace(start, seconds=start.seconds + float(shifts[np.nanargmin(costs)]))
    long = bool(np.ptp(first.track.times_s) >= DRIFT_FROM_S)
    lag = replace(lag, slope=np.nan_to_num(lag.slope) if long else float("nan"))
    sums = None
    for _ in range(_STEPS):
        sums = _normal_equations(first, second, lag, third, long)
        if sums is None:
            return None
        step = _step(sums)
        slope = lag.slope + step[1] if long else lag.slope
        lag = replace(lag, seconds=lag.seconds + float(step[0]), slope=slope)
        if abs(step[0]) < 1e-6:
            break
    if sums is None or abs(lag.seconds - start.seconds) > 1.5 * within_s:
        return None
    sd = _deviation(sums)
    return replace(lag, sd_s=float(sd[0]), slope_sd=float(sd[1]) if long else float("nan"))


def _distances(first: Seen, second: Seen, lag: Lag, by_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Sampson distances in pixels and weights (frames of the first, points)."""
    t = first.track.times_s
    own = t + lag.seconds + by_s + np.nan_to_num(lag.slope) * (t - lag.at_s)
    value, weight = resample(second.track, own)
    count = len(t)
    a = first.track.values.reshape(count, -1, 2)
    b = value.reshape(count, -1, 2)
    w = np.sqrt(first.track.weights[:, ::2] * weight[:, ::2])
    e = _essential(first.camera, second.camera)
    la = np.concatenate([a, np.ones_like(a[..., :1])], -1) @ e.T
    lb = np.concatenate([b, np.ones_like(b[..., :1])], -1) @ e
    off = (b * la[..., :2]).sum(-1) + la[..., 2]
    size = np.sqrt(np.square(la[..., :2]).sum(-1) + np.square(lb[..., :2]).sum(-1))
    scale = np.sqrt(first.scale_px * second.scale_px)
    return scale * off / np.fmax(size, 1e-12), w


def _essential(a: Camera, b: Camera) -> np.ndarray:
    """E with x_bᵀ E x_a = 0 on the normalised planes."""
    rotation = b.rotation @ a.rotation.T
    x, y, z = b.translation_m - rotation @ a.translation_m
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) @ rotation


def _levelled(values: np.ndarray, weights: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Values less their weighted mean over each second, point by point."""
    groups = int(second.max()) + 1
    total = np.zeros((groups, values.shape[1]))
    mass = np.zeros_like(total)
    np.add.at(total, second, values * weights)
    np.add.at(mass, second, weights)
    return values - (total / np.fmax(mass, 1e-12))[second]


def _seconds(first: Seen) -> np.ndarray:
    t = first.track.times_s
    return np.minimum(((t - t[0]) / 1.0).astype(int), max(int(np.ptp(t)) - 1, 0))


def _cost(first: Seen, second: Seen, lag: Lag, by_s: float) -> float:
    """The mean absolute distance at a shift; NaN if too little is seen."""
    off, w = _distances(first, second, lag, by_s)
    if (w > 0).sum() < _LEAST_ROWS:
        return float("nan")
    off = _levelled(off, w, _seconds(first))
    return float((w * np.abs(off)).sum() / w.sum())


def _normal_equations(
    first: Seen, second: Seen, lag: Lag, h: float, long: bool
) -> tuple[np.ndarray, np.ndarray] | None:
    """JᵀWJ (parts, points, 2, 2) and JᵀWr (parts, points, 2) of every stretch of the take."""
    off, w = _distances(first, second, lag, 0.0)
    after, wa = _distances(first, second, lag, h)
    before, wb = _distances(first, second, lag, -h)
    w = np.where((wa > 0) & (wb > 0), w, 0.0)
    if (w > 0).sum() < _LEAST_ROWS:
        return None
    second_of = _seconds(first)
    off = _levelled(off, w, second_of)
    way = _levelled((after - before) / (2 * h), w, second_of)
    size = 1.4826 * float(np.median(np.abs(off[w > 0])))
    knee = max(_KNEE * size, 1e-6)
    w = w * np.minimum(1.0, knee / np.fmax(np.abs(off), 1e-12))
    since = (first.track.times_s - lag.at_s)[:, None]
    both = np.stack([way, way * since if long else np.zeros_like(way)], -1)
    stretches = np.array_split(np.arange(len(w)), max(_LEAST_PARTS, int(second_of.max()) + 1))
    a = np.stack([np.einsum("fp,fpi,fpj->pij", w[p], both[p], both[p]) for p in stretches])
    g = np.stack([np.einsum("fp,fpi,fp->pi", w[p], both[p], off[p]) for p in stretches])
    if a[..., 0, 0].sum() <= 0:
        return None
    if not long:
        a[..., 1, 1] = 1.0
    return a, g


def _step(sums: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    a, g = sums
    return -np.linalg.solve(a.sum((0, 1)), g.sum((0, 1)))


def _deviation(sums: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Standard deviations of lag and slope: jackknife, clustered both by time and by point.

    A detector is wrong for a while, and in a way of its own about each point: errors are alike
    within a stretch and within a point. What both count is taken off once (Cameron, Gelbach,
    Miller 2011).
    """
    a, g = sums
    over = [_jackknife(a.sum(by), g.sum(by)) for by in (1, 0)]
    cells = _jackknife(a.reshape(-1, 2, 2), g.reshape(-1, 2))
    return np.sqrt(np.max([*over, over[0] + over[1] - cells], axis=0))


def _jackknife(a: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Variances of lag and slope from leaving out each part."""
    n = len(a)
    left = -np.linalg.solve(a.sum(0) - a, (g.sum(0) - g)[..., None])[..., 0]
    return (n - 1) / n * np.square(left - left.mean(0)).sum(0)
