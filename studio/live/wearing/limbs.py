"""Which things could be worn, by what of somebody is in the picture: a look now and then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.core.items import ANCHORED, AnchorPoint, ItemKind
from studio.perception.detector import Person2D

SURE = 0.5
_SHOWN: Mapping[str, tuple[tuple[AnchorPoint, ...], tuple[str, ...]]] = {
    "shoulders": (("neck", "torso"), ("left_shoulder", "right_shoulder")),
    "left wrist": (("wrist.L",), ("left_wrist", "left_elbow")),
    "right wrist": (("wrist.R",), ("right_wrist", "right_elbow")),
    "left foot": (("foot.L",), ("left_heel", "left_foot_index")),
    "right foot": (("foot.R",), ("right_heel", "right_foot_index")),
}  # fmt: skip
"""Anchor points, and what must be seen for them."""


def points_of(person: Person2D, size_px: tuple[int, int]) -> frozenset[AnchorPoint]:
    """The anchor points of somebody's body that lie in a picture of that size (width, height).

    The face is not asked for: whoever follows heads knows better.
    """
    layout = person.layout
    inside = (
        (person.xy_px >= 0).all(1)
        & (person.xy_px < np.array(size_px)).all(1)
        & (person.confidence >= SURE)
    )
    found: set[AnchorPoint] = set()
    for points, names in _SHOWN.values():
        if all(inside[layout.index(name)] for name in names):
            found.update(points)
    return frozenset(found)


def kinds_of(points: frozenset[AnchorPoint]) -> frozenset[ItemKind]:
    """The kinds of things for which at least one place is seen; a watch goes on either wrist."""
    every: set[AnchorPoint] = set(points)
    if "wrist.R" in points:
        every.add("wrist.L")
    return frozenset(kind for kind, wanted in ANCHORED.items() if every & {*wanted})
