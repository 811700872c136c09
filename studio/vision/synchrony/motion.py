"""Curves of movement that look alike from everywhere: how fast each point rises and sinks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.vision.synchrony.track import Track, smooth

_SIGMA_S = 0.03
_LEAST_CONFIDENCE = 0.3


def vertical_speeds(
    camera: str,
    times_s: Float[np.ndarray, " frames"],
    xy_px: Float[np.ndarray, "frames points 2"],
    confidence: Float[np.ndarray, "frames points"],
) -> Track:
    """Vertical image speed of every point in body heights a second, weighted by confidence.

    Cameras on all sides see the vertical alike, if they stand upright (or all upside down).
    """
    seen = np.isfinite(xy_px).all(-1) & (confidence >= _LEAST_CONFIDENCE)
    weight = np.where(seen, confidence, 0.0)
    y = np.where(seen, xy_px[..., 1], np.nan)
    sigma = max(_SIGMA_S / float(np.median(np.diff(times_s))), 0.6)
    level = smooth(y, weight, sigma)
    speed = np.gradient(level, times_s, axis=0)
    weight = np.where(np.isfinite(speed), weight, 0.0)
    size = _heights(y)
    return Track(camera, times_s, np.where(weight > 0, speed, 0.0) / size, weight)


def _heights(y: np.ndarray) -> float:
    """How tall the person is in the picture: the median over frames of the spread of points."""
    seen = np.isfinite(y).sum(1) >= 2
    if not seen.any():
        return 1.0
    tall = np.nanmax(y[seen], 1) - np.nanmin(y[seen], 1)
    return max(float(np.median(tall)), 1.0)


def changes(
    camera: str, times_s: Float[np.ndarray, " frames"], amount: Float[np.ndarray, " frames"]
) -> Track:
    """How much of the picture moves, as its departure from the last two seconds' mean.

    On a logarithmic scale, so that one near camera is as good as one far away.
    """
    level = np.log(np.fmax(amount, 1e-6))[:, None]
    weight = np.isfinite(amount).astype(np.float64)[:, None]
    rate = 1 / float(np.median(np.diff(times_s)))
    fine = smooth(level, weight, max(_SIGMA_S * rate, 0.6))
    value = fine - smooth(level, weight, 1.0 * rate)
    good = np.isfinite(value)
    return Track(camera, times_s, np.where(good, value, 0.0), np.where(good, weight, 0.0))
