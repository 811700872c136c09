"""Who looks like whom: clothes as a witness beside geometry, believed as far as they tell apart.

Cameras see the same cloth in different colours. From people who were followed by geometry alone
it is learned how each camera differs from the others, how much one person's sightings differ from
one another and how much people do. What two looks tell is then the ratio of two likelihoods: of
two people's sightings, and of one person's. Where all are dressed alike people differ as little
as sightings do, and the ratio tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from studio.vision.gaps import median

if TYPE_CHECKING:
    from studio.vision.people.follow import Track

_DARK = 0.05
"""Added to colours before their logarithm, so that black is not noise."""
_FLOOR = 0.06**2
_LEAST_SIGHTINGS, _LEAST_PAIRS = 8, 50
_SIGHTINGS = 80
"""So many moments of a track are looked at."""
_PAIRS = 2000
_ROUNDS = 10
_ODD = 0.15
"""How often a patch of the same person looks like anybody's: covered, badly placed, a back."""
_LEAST_TELLING = 0.8
"""Nats by which pairs of two and of one must differ on the average for looks to be used."""
_SIDES = 3.0
"""So many sightings of a person are as good as any more: cameras see different sides."""
_SOON_S = 1.0
"""Sightings of one camera that are nearer in time are hardly two."""


def colours_of(
    looks: Float[np.ndarray, "*places patches 3"],
) -> Float[np.ndarray, "*places dims"]:
    """Colours as they are compared: logarithms, brightness and two differences of each patch.
    Exposure and white balance add the same to all patches of a camera."""
    r, g, b = np.moveaxis(np.log(np.clip(looks, 0, 1) + _DARK), -1, 0)
    out = np.stack([(r + g + b) / 3, r - g, b - (r + g) / 2], -1)
    return out.reshape(*looks.shape[:-2], -1)


@dataclass(frozen=True, eq=False)
class Looks:
    """How everybody looks, cameras made equal (frames, views, places, dims; NaN unknown), how
    much a person's sightings differ (variances) and people beyond that. ``scale`` is how much
    what patches tell counts, less ``bias`` for each: both are learned, for patches share light.
    ``telling`` is by how many nats pairs of two people and of one differ on the average."""

    told: Float[np.ndarray, "frames views places dims"]
    within: Float[np.ndarray, " dims"]
    between: Float[np.ndarray, " dims"]
    scale: float = 1.0
    bias: float = 0.0
    telling: float = 0.0

    def unlike(
        self, off: Float[np.ndarray, "*some dims"], times: np.ndarray | float
    ) -> Float[np.ndarray, "*some"]:
        """How much more two looks that are so far apart are two people's than one's: the
        logarithm of the ratio of likelihoods, 0 where nothing is known. ``times`` is the variance
        of the difference for one person, in :attr:`within`."""
        told, known = self.patches(off, times)
        return np.asarray(self.scale * told.sum(-1) - self.bias * known.sum(-1))

    def patches(self, off: np.ndarray, times: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """What each patch tells by itself, and whether it is known."""
        one = self.within * times
        two = one + 2 * self.between
        each = 0.5 * (np.square(off) * (1 / one - 1 / two) - np.log(two / one))
        known = np.isfinite(each)
        patches = np.where(known, each, 0.0).reshape(*each.shape[:-1], -1, 3).sum(-1)
        odd = -np.log((1 - _ODD) * np.exp(-np.fmin(patches, 50.0)) + _ODD)
        return odd, np.asarray(known.reshape(*each.shape[:-1], -1, 3).all(-1))


@dataclass(frozen=True, eq=False)
class Look:
    """What is remembered of somebody's look, and from how many sightings (0: nothing)."""

    mean: Float[np.ndarray, " dims"]
    count: Float[np.ndarray, " dims"]

    @staticmethod
    def of(told: Float[np.ndarray, "sightings dims"]) -> Look:
        """Somebody's look in some sightings."""
        known = np.isfinite(told)
        count = known.sum(0).astype(float)
        mean = np.where(known, told, 0.0).sum(0) / np.fmax(count, 1)
        return Look(np.where(count > 0, mean, np.nan), count)

    def also(self, other: Look) -> Look:
        """With other sightings."""
        count = self.count + other.count
        total = self.count * np.nan_to_num(self.mean) + other.count * np.nan_to_num(other.mean)
        return Look(np.where(count > 0, total / np.fmax(count, 1), np.nan), count)

    @property
    def spread(self) -> Float[np.ndarray, " dims"]:
        """The variance of the mean, in variances of a sighting."""
        return 1 / np.clip(self.count, 1.0, _SIDES)


def unlike_looks(looks: Looks, one: Look, other: Look) -> float:
    """How much more two remembered looks are two people's than one's."""
    return float(looks.unlike(one.mean - other.mean, one.spread + other.spread))


def sightings(
    told: Float[np.ndarray, "frames views places dims"],
    frames: Int[np.ndarray, " some"],
    places: Int[np.ndarray, "some views"],
) -> Float[np.ndarray, "some views dims"]:
    """What each view told of somebody at these moments; NaN where it did not see them."""
    at = np.where(places >= 0, places, 0)
    out = told[frames[:, None], np.arange(told.shape[1]), at]
    return np.where((places >= 0)[..., None], out, np.nan)


def learn(
    colours: Float[np.ndarray, "frames views places dims"],
    times_s: Float[np.ndarray, " frames"],
    tracks: Sequence[Track],
) -> Looks | None:
    """What the looks of people who were followed tell; None where that is too little.

    One person's sightings are those of a track; those of two are of tracks at the same time.
    """
    views, dims = colours.shape[1], colours.shape[-1]
    spans: list[np.ndarray] = []
    seen: list[np.ndarray] = []
    for track in tracks:
        some = np.unique(np.linspace(0, len(track.frames) - 1, _SIGHTINGS).astype(int))
        frames = np.array(track.frames)[some]
        one = sightings(colours, frames, np.stack(track.places)[some])
        if np.isfinite(one).any(-1).sum() >= _LEAST_SIGHTINGS:
            seen.append(one)
            spans.append(frames)
    if len(seen) < 2:
        return None
    offset = _offsets(np.stack([median(one, 0) for one in seen]), views)
    shift = np.tile(offset, dims // 3)
    flat = [_Sightings.of(one - shift, frames) for one, frames in zip(seen, spans, strict=True)]
    dice = np.random.default_rng(0)
    same, two = _pairs(flat, times_s, dice)
    if min(len(same), len(two)) < _LEAST_PAIRS:
        return None
    within = np.fmax(_spread(same) / 2, _FLOOR)
    between = np.fmax(_spread(two) / 2 - within, 0.0)
    within, between = np.where(np.isfinite(within), within, 1.0), np.nan_to_num(between)
    looks = _calibrated(Looks(colours - shift[:, None], within, between), same, two)
    return looks if looks.telling >= _LEAST_TELLING else None


@dataclass(frozen=True, eq=False)
class _Sightings:
    """One track's sightings, one after the other: what was told, when, by which view."""

    told: np.ndarray
    frame: np.ndarray
    view: np.ndarray

    @staticmethod
    def of(told: np.ndarray, frames: np.ndarray) -> _Sightings:
        some, view = np.nonzero(np.isfinite(told).any(-1))
        return _Sightings(told[some, view], frames[some], view)


def _offsets(by_view: Float[np.ndarray, "tracks views dims"], views: int) -> np.ndarray:
    """What each camera adds to all colours (views, 3), by those whom several cameras see."""
    offset = np.zeros((views, 3))
    for _ in range(_ROUNDS):
        person = median(by_view - np.tile(offset, by_view.shape[-1] // 3), 1)
        off = (by_view - person[:, None]).reshape(len(by_view), views, -1, 3)
        offset = np.nan_to_num(median(np.moveaxis(off, 1, 0).reshape(views, -1, 3), 1))
        offset -= offset.mean(0)
    return offset


def _pairs(
    flat: Sequence[_Sightings], times_s: np.ndarray, dice: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Differences of two sightings of one person, and of two people's (pairs, dims)."""
    same: list[np.ndarray] = []
    two: list[np.ndarray] = []
    many = max(_PAIRS // len(flat), 50)
    for one in flat:
        i, j = dice.integers(len(one.frame), size=(2, min(many, 4 * len(one.frame))))
        later = np.abs(times_s[one.frame[i]] - times_s[one.frame[j]]) > _SOON_S
        apart = (one.view[i] != one.view[j]) | later
        same.append((one.told[i] - one.told[j])[apart])
    met = [(a, b) for k, a in enumerate(flat) for b in flat[:k]
           if len(np.intersect1d(a.frame, b.frame)) >= 3]  # fmt: skip
    for a, b in met:
        count = min(max(_PAIRS // len(met), 20), 2 * len(a.frame), 2 * len(b.frame))
        i, j = dice.integers(len(a.frame), size=count), dice.integers(len(b.frame), size=count)
        two.append(a.told[i] - b.told[j])
    dims = flat[0].told.shape[1]
    return np.concatenate(same), np.concatenate(two) if two else np.empty((0, dims))


def _spread(off: np.ndarray) -> np.ndarray:
    """The variance of differences, by their median size."""
    return np.square(1.4826 * median(np.abs(off), 0))


def _calibrated(looks: Looks, same: np.ndarray, two: np.ndarray) -> Looks:
    """With the scale and bias by which the pairs are told apart best (logistic regression, both
    kinds alike in weight)."""
    told, known = looks.patches(np.concatenate([same, two]), 2.0)
    x = np.stack([told.sum(1), -known.sum(1)], 1)
    y = np.concatenate([np.zeros(len(same)), np.ones(len(two))])
    weight = np.where(y > 0, 0.5 / len(two), 0.5 / len(same))
    at = np.array([0.3, 0.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ at, -30, 30)))
        slope = x.T @ (weight * (y - p)) - 1e-3 * at
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        at = at + np.linalg.solve(curve, slope)
    if not (np.isfinite(at).all() and at[0] > 0):
        return looks
    fine = replace(looks, scale=float(min(at[0], 1.0)), bias=float(at[1]))
    apart = fine.unlike(two, 2.0).mean() - fine.unlike(same, 2.0).mean()
    return replace(fine, telling=float(apart))
