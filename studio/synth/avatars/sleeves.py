"""Sleeves and bare arms go round: what is not seen of an arm is as the same place along it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d, median_filter

_BIN_M, _FEW, _SEEN = 0.006, 10, 0.35
"""How finely arms are told along their length, by how many texels, and how surely seen."""
_WIDE, _CUFF = 6, 14
"""Over so many places either way prints and folds are evened out, but on so many last ones."""
_FROM_M, _SOFT_M = 0.03, 0.06
"""So far beyond the shoulder arms begin to be told so, and over so much."""
_TRUNK_M, _TONE, _ALIKE, _SHARE = 0.45, 24, 40, 0.12
"""So far below arms the trunk tells its cloth, colours being one tone within so much; texels so
little unlike it are that cloth, and a sleeve of which they are so much is of it, whatever else is
printed there."""


def around(
    colour: Float[np.ndarray, "texels 3"],
    say: Float[np.ndarray, " texels"],
    at_m: Float[np.ndarray, "texels 3"],
    arms: Bool[np.ndarray, " texels"],
    shoulder_m: float,
) -> tuple[Float[np.ndarray, "texels 3"], Float[np.ndarray, " texels"]]:
    """The colours of texels of the arms of a T as most of what is seen at the same place along
    both, or as the trunk's cloth where some of it is seen there, evened out, but that each has its
    own cuff, where that is seen; and how far that holds (0 to 1).

    ``say`` is how surely each texel is seen, ``shoulder_m`` how far aside arms begin.
    """
    out, share = colour.copy(), np.zeros(len(colour))
    away = np.abs(at_m[:, 0]) - shoulder_m
    if not arms.any():
        return out, share
    place = (away / _BIN_M).astype(int).clip(0)
    count = int(place[arms].max()) + 1
    seen = arms & (say > _SEEN) & (away > 0)
    cloth = _cloth(colour, say, at_m, arms, shoulder_m)
    both = _along(colour, place, seen, count, cloth)
    if not np.isfinite(both).any():
        return out, share
    for side in (arms & (at_m[:, 0] < 0), arms & (at_m[:, 0] >= 0)):
        own = _along(colour, place, seen & side, count)
        own = _filled(np.where(np.isfinite(own), own, both))
        found = np.where((np.arange(count) < count - _CUFF)[:, None], _plain(_filled(both)), own)
        along = away[side] / _BIN_M - 0.5
        for k in range(3):
            out[side, k] = np.interp(along, np.arange(count), found[:, k])
        share[side] = np.clip((away[side] - _FROM_M) / _SOFT_M, 0, 1)
    return out, share


def _cloth(
    colour: np.ndarray, say: np.ndarray, at_m: np.ndarray, arms: np.ndarray, shoulder_m: float
) -> Float[np.ndarray, "3"] | None:
    """The commonest colour of the trunk; None where none is seen."""
    high = float(np.median(at_m[arms, 2]))
    trunk = ~arms & (say > _SEEN) & (np.abs(at_m[:, 0]) < shoulder_m)
    trunk &= (at_m[:, 2] < high) & (at_m[:, 2] > high - _TRUNK_M)
    if trunk.sum() < _FEW:
        return None
    tones, which, many = np.unique(
        (colour[trunk] / _TONE).round(), axis=0, return_inverse=True, return_counts=True
    )
    about = np.abs(tones[:, None] - tones[None]).max(2) <= 1
    best = about[int((about @ many).argmax())]
    return np.median(colour[trunk][best[which.ravel()]], axis=0)


def _plain(told: Float[np.ndarray, "places 3"]) -> Float[np.ndarray, "places 3"]:
    """Without prints and folds."""
    calm = median_filter(told, (2 * _WIDE + 1, 1), mode="nearest")
    return gaussian_filter1d(calm, 1.0, axis=0)


def _filled(told: Float[np.ndarray, "places 3"]) -> Float[np.ndarray, "places 3"]:
    """What is told at some places, at all."""
    known = np.flatnonzero(np.isfinite(told[:, 0]))
    bins = np.arange(len(told))
    return np.column_stack([np.interp(bins, known, told[known, k]) for k in range(3)])


def _along(
    colour: np.ndarray, place: np.ndarray, some: np.ndarray, count: int,
    cloth: np.ndarray | None = None,
) -> Float[np.ndarray, "places 3"]:  # fmt: skip
    """The median colour at each place along an arm, of the cloth alone where some of it is seen;
    NaN where too little is seen."""
    found = np.full((count, 3), np.nan)
    order = np.flatnonzero(some)[np.argsort(place[some], kind="stable")]
    ends = np.searchsorted(place[order], np.arange(count + 1))
    for k in range(count):
        if ends[k + 1] - ends[k] < _FEW:
            continue
        here = colour[order[ends[k] : ends[k + 1]]]
        if cloth is not None:
            plain = np.abs(here - cloth).mean(1) < _ALIKE
            here = here[plain] if plain.mean() > _SHARE else here
        found[k] = np.median(here, axis=0)
    return found
