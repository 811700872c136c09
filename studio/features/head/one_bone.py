"""A head by itself, as the viewport holds it: one bone, high above the floor."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.core.types import Armature

HIGH_M = 1.55
"""How high above the floor the head's joint is."""


@cache
def bone() -> Armature:
    """The one bone of a head by itself."""
    rest = np.eye(4)
    rest[2, 3] = HIGH_M
    return Armature(("head",), np.array([-1]), rest[None], np.array([[0.0, 0.0, HIGH_M + 0.2]]))
