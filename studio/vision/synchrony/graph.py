"""All cameras on one clock: the lags of all pairs solved together, and who does not fit.

A camera's own time u is the take's time offset + pace · u. Two cameras that are joined by several
ways round must agree whichever way is taken; what is left over is the residual.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.vision.synchrony.lag import Lag

_SURE = 4.0
_LEAST_PACE = 2e-6


@dataclass(frozen=True, eq=False)
class Clocks:
    """The clocks of all cameras, in their order.

    ``sd_s`` is the standard deviation of each offset against the mean of all, ``residual_s`` the
    root mean square of what pairs are off from the whole (NaN without a loop of three), by camera
    in ``off_s``. ``left_out`` are pairs that contradict the others, ``blame`` the camera most of
    them share (empty: nobody).
    """

    cameras: tuple[str, ...]
    offsets_s: Float[np.ndarray, " cameras"]
    pace: Float[np.ndarray, " cameras"]
    sd_s: Float[np.ndarray, " cameras"]
    residual_s: float
    off_s: Float[np.ndarray, " cameras"]
    lags: tuple[Lag, ...]
    left_out: tuple[Lag, ...] = ()
    blame: str = ""

    @property
    def looped(self) -> bool:
        """Whether there is more than one way round, so that pairs could contradict each other."""
        return bool(np.isfinite(self.residual_s))

    @property
    def error_s(self) -> float:
        """What to expect of the worst camera: its standard deviation or the residual."""
        return float(np.fmax(self.sd_s.max(), np.nan_to_num(self.residual_s)))


def apart(cameras: Sequence[str], lags: Iterable[Lag]) -> tuple[tuple[str, ...], ...]:
    """Groups of cameras that lags join; one group if all are joined. Largest first."""
    group = {camera: {camera} for camera in cameras}
    for lag in lags:
        joined = group[lag.first] | group[lag.second]
        for camera in joined:
            group[camera] = joined
    found = {id(members): members for members in group.values()}.values()
    ordered = [tuple(c for c in cameras if c in members) for members in found]
    return tuple(sorted(ordered, key=len, reverse=True))


def solve_clocks(cameras: Sequence[str], lags: Sequence[Lag]) -> Clocks:
    """Offsets and paces by least squares over all pairs, weighted by their certainty.

    A pair that contradicts the others (by four standard deviations and a quarter of a hundredth
    of a second) is left out, the worst first, while the rest still joins all cameras. The first
    camera to start is at 0. Raises ValueError if the lags do not join all cameras.
    """
    if len(apart(cameras, lags)) > 1:
        raise ValueError("the lags do not join all cameras")
    kept, left_out = list(lags), list[Lag]()
    while True:
        clocks = _least_squares(tuple(cameras), kept)
        off = np.abs(_residuals(clocks, kept))
        limit = np.fmax(_SURE * np.array([lag.sd_s for lag in kept]), 2.5e-3)
        # With an outlier among them everything is bent: only the worst is certain to be one.
        worst = int(np.argmax(off / limit))
        rest = [lag for i, lag in enumerate(kept) if i != worst]
        if off[worst] <= limit[worst] or len(apart(cameras, rest)) > 1 or _loops(cameras, kept) < 2:
            break
        left_out.append(kept.pop(worst))
    return _judged(clocks, kept, left_out)


def _loops(cameras: Sequence[str], lags: Sequence[Lag]) -> int:
    return len(lags) - len(cameras) + 1


def _normal(cameras: Sequence[str], lags: Sequence[Lag], sd: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(lags), len(cameras)))
    for row, lag in zip(rows, lags, strict=True):
        row[cameras.index(lag.first)], row[cameras.index(lag.second)] = -1.0, 1.0
    return rows / sd[:, None]


def _least_squares(cameras: tuple[str, ...], lags: Sequence[Lag]) -> Clocks:
    pace = _paces(cameras, [lag for lag in lags if np.isfinite(lag.slope)])
    at = {camera: i for i, camera in enumerate(cameras)}
    sd = np.fmax([lag.sd_s for lag in lags], 1e-5)
    step = np.array(
        [pace[at[lag.first]] * lag.at_s - pace[at[lag.second]] * (lag.at_s + lag.seconds)
         for lag in lags]
    )  # fmt: skip
    rows = _normal(cameras, lags, sd)
    inverse = np.linalg.pinv(rows.T @ rows, rcond=1e-10)
    offsets = inverse @ rows.T @ (step / sd)
    free = max(_loops(cameras, lags), 0)
    chi2 = float(np.square(rows @ offsets - step / sd).sum())
    # What a camera itself gets wrong is in all its pairs: more of them do not make it surer.
    alike = max(1.0, (2 * len(lags) / len(cameras) + 1) / 2)
    scatter = chi2 / free if free else 0.0
    # A camera may be wrong in all its pairs alike by as much as pairs contradict each other: half
    # of a pair's variance, which no loop shows.
    own = scatter / np.mean(sd**-2.0) / 2
    sds = np.sqrt(np.diag(inverse) * max(1.0, scatter) * alike + own)
    return Clocks(
        cameras, offsets - offsets.min(), pace, sds, float("nan"), np.zeros(len(cameras)),
        tuple(lags),
    )  # fmt: skip


def _paces(cameras: tuple[str, ...], lags: Sequence[Lag]) -> np.ndarray:
    """Relative to their geometric mean; 1 for all while none differs beyond doubt."""
    ones = np.ones(len(cameras))
    if not lags or len(apart(cameras, lags)) > 1:
        return ones
    sd = np.fmax([lag.slope_sd for lag in lags], 1e-7)
    rows = _normal(cameras, lags, sd)
    inverse = np.linalg.pinv(rows.T @ rows, rcond=1e-10)
    logs = inverse @ rows.T @ (-np.log1p([lag.slope for lag in lags]) / sd)
    sure = np.abs(logs) > np.fmax(_SURE * np.sqrt(np.diag(inverse)), _LEAST_PACE)
    return np.exp(logs) if sure.any() else ones


def _residuals(clocks: Clocks, lags: Sequence[Lag]) -> np.ndarray:
    """What each pair is off from the whole, in seconds."""
    at = {camera: i for i, camera in enumerate(clocks.cameras)}
    out = np.empty(len(lags))
    for i, lag in enumerate(lags):
        a, b = at[lag.first], at[lag.second]
        here = clocks.offsets_s[a] + clocks.pace[a] * lag.at_s
        there = clocks.offsets_s[b] + clocks.pace[b] * (lag.at_s + lag.seconds)
        out[i] = there - here
    return out


def _judged(clocks: Clocks, kept: Sequence[Lag], left_out: Sequence[Lag]) -> Clocks:
    off = _residuals(clocks, kept)
    by_camera = np.array(
        [
            np.sqrt(np.mean([o * o for o, lag in zip(off, kept, strict=True)
                             if camera in (lag.first, lag.second)] or [0.0]))
            for camera in clocks.cameras
        ]
    )  # fmt: skip
    looped = _loops(clocks.cameras, kept) > 0
    share = {c: sum(c in (lag.first, lag.second) for lag in left_out) for c in clocks.cameras}
    worst = max(share, key=lambda c: share[c])
    alone = sum(count == share[worst] for count in share.values()) == 1
    return Clocks(
        clocks.cameras, clocks.offsets_s, clocks.pace, clocks.sd_s,
        float(np.sqrt(np.mean(off * off))) if looped else float("nan"),
        by_camera, tuple(kept), tuple(left_out), worst if share[worst] and alone else "",
    )  # fmt: skip
