"""How far one camera's clock is behind another's: the lag at which their curves agree best.

The curves are compared at every lag by normalised cross-correlation over all channels, missing
samples left out (by FFT); around the peak the correlation is interpolated between samples. Its
standard deviation is that of the peak when each second is left out in turn (jackknife), and over
long takes the lags of parts of it say how fast the clocks drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.fft import next_fast_len
from scipy.interpolate import CubicSpline

from studio.vision.synchrony.track import Track, resample, tame

LEAST_SCORE = 0.25
RIVAL = 0.9
DRIFT_FROM_S = 30.0
_LEAST_SHARE = 0.15
_REACH = 8
_REACH_S = 0.04
_FINE = 100


@dataclass(frozen=True)
class Lag:
    """``first`` at u on its own clock is ``second`` at u + seconds + slope · (u - at_s) on its own.

    ``score`` is the correlation there (0..1), less for what falls outside the overlap, and
    ``rival`` that of the next best lag outside the peak. ``slope`` is NaN where the overlap is too
    short to tell. Standard deviations (``sd``) are one sigma.
    """

    first: str
    second: str
    seconds: float
    sd_s: float
    at_s: float = 0.0
    slope: float = float("nan")
    slope_sd: float = float("nan")
    score: float = 1.0
    rival: float = 0.0
    overlap_s: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether there is one agreement, and no other nearly as good."""
        return self.score >= LEAST_SCORE and self.rival <= RIVAL * self.score

    @property
    def doubt(self) -> str:
        """Why it is not sure, in words; empty if it is."""
        if self.sure:
            return ""
        if self.score < LEAST_SCORE:
            return f"{self.first} and {self.second} show nothing that goes together"
        return f"{self.first} and {self.second} fit almost as well at another shift"


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Two tracks on grids of one step; sample i of either is its start + i · step."""

    step: float
    starts: tuple[float, float]
    a: np.ndarray
    wa: np.ndarray
    b: np.ndarray
    wb: np.ndarray


def find_lag(
    first: Track,
    second: Track,
    *,
    least_overlap_s: float = 1.0,
    max_shift_s: float | None = None,
    glitches: bool = True,
) -> Lag | None:
    """The lag of ``second`` behind ``first``; None if one is too short or nothing moves.

    ``least_overlap_s`` is how long both must have run at once, ``max_shift_s`` limits the lag.
    With ``glitches`` what stands out beyond belief is cut off.
    """
    if min(len(first.times_s), len(second.times_s)) < 2 * _REACH:
        return None
    s = _sample(tame(first), tame(second)) if glitches else _sample(first, second)
    least = min(least_overlap_s / s.step, 0.5 * min(len(s.a), len(s.b)))
    lags, score, overlap = _correlations(s, least)
    between = lags * s.step + s.starts[1] - s.starts[0]
    if max_shift_s is not None:
        score = np.where(np.abs(between) <= max_shift_s + s.step, score, -np.inf)
    best = int(np.argmax(score))
    if not np.isfinite(score[best]) or score[best] <= 0:
        return None
    rows, nums = _blocks(s, int(lags[best]))
    sums = nums.sum(0)
    peak = _peak(sums)
    seconds = (lags[best] + peak) * s.step + s.starts[1] - s.starts[0]
    seen = rows * s.step + s.starts[0]
    at = float(seen.mean())
    slope, slope_sd = _drift(seen, nums, s.step)
    return Lag(
        first.camera, second.camera, float(seconds), _jackknife(nums) * s.step, at, slope,
        slope_sd, float(score[best]), _rival(score, best), float(overlap[best] * s.step),
    )  # fmt: skip


def _sample(first: Track, second: Track) -> _Sampled:
    step = 1 / max(first.rate_hz, second.rate_hz)
    parts: list[np.ndarray] = []
    for track in (first, second):
        count = int((track.times_s[-1] - track.times_s[0]) / step + 1e-6) + 1
        value, weight = resample(track, track.times_s[0] + step * np.arange(count))
        parts += [value, weight]
    starts = (float(first.times_s[0]), float(second.times_s[0]))
    return _Sampled(step, starts, *parts)


def _correlations(s: _Sampled, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normalised correlation at every lag in samples (-inf where too little overlaps), and how
    many samples overlap.

    A lag that leaves half of what happens without its counterpart, beyond an end, counts less.
    """
    size = next_fast_len(len(s.a) + len(s.b) - 1, real=True)

    def spectrum(values: np.ndarray) -> np.ndarray:
        return np.fft.rfft(values, size, axis=0)

    def over(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Sum over i and channels of x[i] y[i + lag], from lag -(len(a) - 1) on."""
        back = np.fft.irfft((np.conj(x) * y).sum(1), size)
        return np.roll(back, len(s.a) - 1)[: len(s.a) + len(s.b) - 1]

    wa, wb = spectrum(s.wa), spectrum(s.wb)
    top = over(spectrum(s.wa * s.a), spectrum(s.wb * s.b))
    left = over(spectrum(s.wa * s.a * s.a), wb)
    right = over(wa, spectrum(s.wb * s.b * s.b))
    lags = np.arange(-(len(s.a) - 1), len(s.b))
    overlap = np.minimum(len(s.a), len(s.b) - lags) - np.maximum(0, -lags)
    enough = (overlap >= least) & (left > _LEAST_SHARE * left.max())
    enough &= right > _LEAST_SHARE * right.max()
    enough &= (left > 1e-12) & (right > 1e-12)
    both = np.where(enough, left * right, 1.0)
    share = (both / max(left.max() * right.max(), 1e-30)) ** 0.25
    return lags, np.where(enough, share * top / np.sqrt(both), -np.inf), overlap


def _rival(score: np.ndarray, best: int) -> float:
    """The best correlation outside the peak: past the points where it has halved."""
    low = score < 0.5 * score[best]
    before, after = np.flatnonzero(low[:best]), np.flatnonzero(low[best:])
    outside = np.concatenate(
        [
            score[: before[-1] + 1] if len(before) else score[:0],
            score[best + after[0] :] if len(after) else score[:0],
        ]
    )
    return float(max(outside.max(initial=0.0), 0.0))


def _blocks(s: _Sampled, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """The overlap in parts in which as much happens, about one a second: the middle of each
    (sample of the first), and its products and energies at the lags around (parts, 3, lags)."""
    start, stop = max(0, -lag), min(len(s.a), len(s.b) - lag)
    far = max(_REACH, round(_REACH_S / s.step))
    reach = np.arange(-far, far + 1)
    sums = np.zeros((3, len(reach), stop - start))
    for number, by in enumerate(reach):
        at = np.arange(start, stop) + lag + by
        there = (at >= 0) & (at < len(s.b))
        at = at.clip(0, len(s.b) - 1)
        w = s.wa[start:stop] * s.wb[at] * there[:, None]
        a, b = s.a[start:stop], s.b[at]
        sums[:, number] = (w * a * b).sum(1), (w * a * a).sum(1), (w * b * b).sum(1)
    happened = np.cumsum(sums[1, far] + 1e-9 * sums[1, far].mean())
    count = int(np.clip((stop - start) * s.step, 6, 120))
    inner = np.searchsorted(happened, happened[-1] * np.arange(1, count) / count)
    edges = np.unique(np.concatenate([[0], inner, [stop - start]])) + start
    parts = np.stack([sums[..., a - start : b - start].sum(-1) for a, b in pairwise(edges)])
    return (edges[:-1] + edges[1:]) / 2, parts


def _peak(sums: np.ndarray) -> float:
    """Where the correlation of these sums (3, lags) is greatest, in samples from the middle."""
    top, left, right = sums
    score = top / np.sqrt(np.fmax(left * right, 1e-30))
    reach = (len(score) - 1) // 2
    fine = np.linspace(-reach, reach, 2 * reach * _FINE + 1)
    curve = CubicSpline(np.arange(-reach, reach + 1), score)(fine)
    return float(fine[int(np.argmax(curve))])


def _jackknife(parts: np.ndarray) -> float:
    """Standard deviation of the peak, in samples, from leaving out each part."""
    whole, n = parts.sum(0), len(parts)
    peaks = np.array([_peak(whole - part) for part in parts])
    return float(np.sqrt((n - 1) / n * np.square(peaks - peaks.mean()).sum() + _FINE**-2 / 12))


def _drift(seen: np.ndarray, parts: np.ndarray, step: float) -> tuple[float, float]:
    """How the lag grows per second, from the lags of up to ten stretches; NaN for short takes."""
    if np.ptp(seen) < DRIFT_FROM_S or len(parts) < 20:
        return float("nan"), float("nan")
    reach = parts.shape[2] // 2
    groups = np.array_split(np.arange(len(parts)), min(10, len(parts) // 5))
    lags = np.array([_peak(parts[g].sum(0)) * step for g in groups])
    energy = np.array([parts[g, 1, reach].sum() for g in groups])
    times = np.array([seen[g].mean() for g in groups])
    weight = energy / energy.sum()
    centred = times - weight @ times
    power = weight @ centred**2
    slope = float(weight @ (centred * lags) / power)
    if abs(slope) * np.ptp(seen) / 2 > 0.75 * reach * step:
        return float("nan"), float("nan")  # the ends are out of sight of this search
    off = lags - weight @ lags - slope * centred
    sd = np.sqrt((weight**2 * centred**2 * off**2).sum()) / power
    floor = step / _FINE / np.sqrt(12 * len(groups)) / np.sqrt(power)
    return slope, float(np.hypot(sd * np.sqrt(len(groups) / (len(groups) - 2)), floor))
