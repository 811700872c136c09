"""Legs kept apart: what fills the gap between thighs in a picture would tear when they part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.human.bodies.canonical import SKIN, Canonical
from studio.human.bodies.field import REACH_M, Field

_GAP_M, _BELOW_M, _SOFT_M = 0.004, 0.02, 0.03
"""Half of the gap that is left, from how far below the skin's crotch, and over how much it
begins."""
_SKIRT = 0.48
"""What fills so much of the legs' depth halfway between them is a skirt."""
_STEP_M = 0.01
_ABOVE_M, _FADE_M, _KNEE_M = 0.06, 0.05, 0.1
"""From how far above the crotch on places lie between the legs, over how much that begins, and over
how much, at the knees, it ends."""


@dataclass(frozen=True, eq=False)
class PartedField:
    """A field of which nothing lies halfway between the legs, from below ``from_m`` (the height
    where that begins, metres) on."""

    field: Field
    from_m: float

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """See :class:`studio.human.bodies.field.Field`."""
        at = np.asarray(points_m)
        above = np.clip(1 + (at[:, 2] - self.from_m) / _SOFT_M, 0, None)
        most = np.abs(at[:, 0]) - _GAP_M + 2 * REACH_M * above
        return np.minimum(self.field.inside(at), most.clip(-REACH_M, REACH_M)).astype(np.float32)


def parted(field: Field, like: Field | None, canonical: Canonical) -> tuple[Field, Field | None]:
    """A field, and one that it is like, with legs apart; the same where these are in a skirt."""
    crotch = crotch_m(canonical)
    if between(field, canonical, crotch) > _SKIRT:
        return field, like
    low = crotch - _BELOW_M
    return PartedField(field, low), None if like is None else PartedField(like, low)


def halfway(
    points_m: Float[np.ndarray, "points 3"], canonical: Canonical, near_m: float
) -> Float[np.ndarray, " points"]:
    """How much points lie between the thighs, 0 to 1: not at all ``near_m`` from halfway."""
    knee = canonical.head_m("lowerleg01.L")[2] - _KNEE_M / 2
    up, aside = points_m[:, 2], np.abs(points_m[:, 0])
    below = _smooth((crotch_m(canonical) + _ABOVE_M - up) / _FADE_M)
    return _smooth(1.4 * (1 - aside / near_m)) * below * _smooth((up - knee) / _KNEE_M)


def _smooth(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def crotch_m(canonical: Canonical) -> float:
    """How high the skin's lowest place between the legs is."""
    skin = canonical.vertices_m[:SKIN]
    middle = (np.abs(skin[:, 0]) < 0.006) & (skin[:, 2] > canonical.head_m("lowerleg01.L")[2])
    return float(skin[middle, 2].min())


def between(field: Field, canonical: Canonical, crotch: float) -> float:
    """How deep what lies halfway between the thighs is, as a share of the thighs' own depth."""
    hip, knee = canonical.head_m("upperleg01.L"), canonical.head_m("lowerleg01.L")
    heights = np.arange(0.5 * (crotch + knee[2]), crotch - 0.05, _STEP_M)
    depths = np.arange(-0.2, 0.2, _STEP_M) + hip[1]
    found: list[float] = []
    for x in (0.0, 0.5 * (hip[0] + knee[0])):
        y, z = np.meshgrid(depths, heights)
        points = np.stack([np.full_like(y, x), y, z], -1).reshape(-1, 3)
        found.append(float((field.inside(points) > 0).sum()))
    return found[0] / max(found[1], 1.0)
