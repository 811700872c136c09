"""Tracks of the same person put together: by where they could have gone, by the lengths of their
limbs and, where pictures were seen, by the colours they wear.

The two that fit best become one, which is then known better; so on until nothing fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from studio.vision.people.follow import LOST_S, Track
from studio.vision.people.looks import Look, Looks, sightings, unlike_looks
from studio.vision.people.seen import Seen

_WALK_M_S, _REACH_M = 2.5, 0.6
_SOON_S = 1.0
_LIMB_M = 0.012
"""Standard deviation of a limb's length, of one person seen twice."""
_STEADY = 8.0
"""So many frames of noise that lingers tell of a limb's length what one would."""
_ALIKE = 4.0
_NAT, _NATS = 1.2, (-8.0, 8.0)
"""What a nat by which looks differ weighs beside limbs, and how much it can say."""
_NEVER = 1e3


@dataclass(frozen=True, eq=False)
class _Chain:
    """Tracks of one person in order of time, their limbs (lengths, variances) and look."""

    tracks: tuple[Track, ...]
    limbs_m: Float[np.ndarray, " limbs"]
    variance: Float[np.ndarray, " limbs"]
    look: Look | None

    def with_(self, other: _Chain) -> _Chain:
        """Both as one."""
        tracks = sorted((*self.tracks, *other.tracks), key=lambda track: track.frames[0])
        one, two = 1 / self.variance, 1 / other.variance
        total = one + two
        limbs = one * np.nan_to_num(self.limbs_m) + two * np.nan_to_num(other.limbs_m)
        limbs = np.where(total > 0, limbs / np.where(total > 0, total, 1.0), np.nan)
        look = self.look
        if look is not None and other.look is not None:
            look = look.also(other.look)
        with np.errstate(divide="ignore"):
            return _Chain(tuple(tracks), limbs, 1 / total, look)


def linked(seen: Seen, tracks: Sequence[Track]) -> list[list[Track]]:
    """The tracks of each person, in order of time; whoever began first comes first."""
    chains = [_chain(seen, track) for track in tracks]
    cost = np.full((len(chains), len(chains)), _NEVER)
    for i, one in enumerate(chains):
        for j in range(i):
            cost[i, j] = cost[j, i] = _unlike(seen, one, chains[j])
    while len(chains) > 1:
        i, j = sorted(np.unravel_index(int(cost.argmin()), cost.shape))
        if not cost[i, j] < _ALIKE:
            break
        chains[i] = chains[i].with_(chains.pop(int(j)))
        cost = np.delete(np.delete(cost, j, 0), j, 1)
        for k, other in enumerate(chains):
            cost[i, k] = cost[k, i] = _NEVER if k == i else _unlike(seen, chains[i], other)
    return sorted(([*chain.tracks] for chain in chains), key=lambda chain: chain[0].frames[0])


def _chain(seen: Seen, track: Track) -> _Chain:
    points = np.stack(track.points)
    a, b = seen.limbs.T
    size = np.linalg.norm(points[:, a] - points[:, b], axis=-1)
    count = np.isfinite(size).sum(0)
    some = count >= 3
    limbs, variance = np.full(len(a), np.nan), np.full(len(a), np.inf)
    limbs[some] = np.nanmedian(size[:, some], axis=0)
    spread = 1.4826 * np.nanmedian(np.abs(size[:, some] - limbs[some]), axis=0)
    variance[some] = _LIMB_M**2 / 2 + np.square(spread) / np.fmax(count[some] / _STEADY, 1.0)
    return _Chain((track,), limbs, variance, _look(seen.looks, track))


def _look(looks: Looks | None, track: Track) -> Look | None:
    if looks is None:
        return None
    told = sightings(looks.told, np.array(track.frames), np.stack(track.places))
    return Look.of(told.reshape(-1, told.shape[-1]))


def _unlike(seen: Seen, one: _Chain, other: _Chain) -> float:
    """How unlike two chains are: mean squares of what differs, in standard deviations, and what
    their looks tell; large for what cannot be."""
    order = sorted(
        [(t.frames[0], t.frames[-1], 0, t) for t in one.tracks]
        + [(t.frames[0], t.frames[-1], 1, t) for t in other.tracks],
        key=lambda entry: entry[:3],
    )
    near, least_s = False, np.inf
    for before, after in pairwise(order):
        gap_s = float(seen.times_s[after[0]] - seen.times_s[before[1]])
        if gap_s < -LOST_S or after[1] <= before[1]:
            return _NEVER
        if before[2] == after[2]:
            continue
        gap_s = max(gap_s, 0.0)
        far = float(np.linalg.norm((root(after[3].points[0]) - root(before[3].points[-1]))[:2]))
        if not far <= _REACH_M + _WALK_M_S * gap_s:
            return _NEVER
        near = near or (gap_s < _SOON_S and far < _REACH_M)
        least_s = min(least_s, gap_s)
    off = np.square(one.limbs_m - other.limbs_m) / (one.variance + other.variance)
    off = off[np.isfinite(off)]
    nats = 0.0
    if seen.looks is not None and one.look is not None and other.look is not None:
        nats = _NAT * float(np.clip(unlike_looks(seen.looks, one.look, other.look), *_NATS))
    if len(off) < 3:
        return nats + (0.0 if least_s <= _SOON_S else _NEVER)
    # Right after, and right there, it is hardly somebody else.
    unlike = float(off.mean()) * (0.25 if near else 1.0)
    return unlike + nats + 0.1 * least_s


def root(points: Float[np.ndarray, "joints 3"]) -> Float[np.ndarray, "3"]:
    """The middle of somebody's joints; NaN for nobody."""
    known = np.isfinite(points[:, 0])
    return np.median(points[known], axis=0) if known.any() else np.full(3, np.nan)
