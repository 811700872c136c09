"""What one camera recorded over its own clock, as curves that can be laid over another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

_WILD = 6.0


@dataclass(frozen=True, eq=False)
class Track:
    """Channels over a camera's own clock. A sample of weight 0 is missing.

    Two tracks can be compared if they have the same channels (a keypoint's speed, the loudness).
    """

    camera: str
    times_s: Float[np.ndarray, " samples"]
    values: Float[np.ndarray, "samples channels"]
    weights: Float[np.ndarray, "samples channels"]

    @property
    def rate_hz(self) -> float:
        """Samples a second (the median spacing)."""
        return float(1 / np.median(np.diff(self.times_s)))

    @property
    def curve(self) -> Float[np.ndarray, " samples"]:
        """All channels in one, for a plot: their weighted mean in robust standard deviations."""
        scale = np.fmax(spread(self.values, self.weights), 1e-12)
        total = self.weights.sum(1)
        mean = (self.values / scale * self.weights).sum(1) / np.fmax(total, 1e-12)
        return np.where(total > 0, mean, np.nan)


def spread(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Robust standard deviation of each channel about zero; 0 where nothing moves."""
    masked = np.ma.masked_array(np.abs(values), weights <= 0)
    return 1.4826 * np.ma.filled(np.ma.median(masked, axis=0), 0.0)


def tame(track: Track) -> Track:
    """The track with glitches cut off at six robust standard deviations of their channel.

    A channel that rests most of the time has none of its own and is left as it is.
    """
    limit = _WILD * spread(track.values, track.weights)
    limit = np.where(limit > 0, limit, np.inf)
    return Track(track.camera, track.times_s, np.clip(track.values, -limit, limit), track.weights)


def resample(track: Track, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and weights at other times, linearly; weight 0 outside, and beside missing samples."""
    t = track.times_s
    after = np.searchsorted(t, times_s).clip(1, len(t) - 1)
    share = ((times_s - t[after - 1]) / (t[after] - t[after - 1]))[:, None]
    inside = ((times_s >= t[0] - 1e-9) & (times_s <= t[-1] + 1e-9))[:, None]
    a, b = track.weights[after - 1], track.weights[after]
    needed = np.where(share < 1e-6, a, np.where(share > 1 - 1e-6, b, np.minimum(a, b)))
    weight = np.where(inside, needed, 0.0)
    value = (1 - share) * track.values[after - 1] + share * track.values[after]
    return np.where(weight > 0, value, 0.0), weight


def smooth(values: np.ndarray, weights: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian mean over samples that are there (normalised convolution), along the first axis."""
    total = gaussian_filter1d(weights, sigma, axis=0, mode="constant")
    mean = gaussian_filter1d(np.nan_to_num(values) * weights, sigma, axis=0, mode="constant")
    return np.where(total > 1e-9, mean / np.fmax(total, 1e-9), np.nan)
