"""Points of the face put by hand where they are in a photograph.

Where a finder was wrong about one point it was wrong about its neighbours too: what was found near
a pin goes with it, as a smooth field of errors tells (a Gaussian process given the pins).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float

from studio.human.heads import model

REACH_M = 0.014
"""How far around a pin the found points go with it."""
_GIVES = 1e-3
"""How little pins that are very near each other agree (share of a variance)."""


@cache
def _apart2() -> Float[np.ndarray, "478 478"]:
    """Squares of the distances of the average face's points (square metres)."""
    at = model.points_of(model.usual())
    return np.square(at[:, None] - at[None]).sum(-1)


def pulled(
    found_px: Float[np.ndarray, "478 2"],
    pinned_px: Float[np.ndarray, "478 2"],
    reach_m: float = REACH_M,
) -> Float[np.ndarray, "478 2"]:
    """Where the points are, once some are pinned (NaN: not pinned)."""
    held = np.flatnonzero(np.isfinite(pinned_px[:, 0]))
    if not len(held):
        return found_px
    alike = np.exp(-_apart2()[:, held] / (2 * reach_m**2))
    gram = alike[held] + _GIVES * np.eye(len(held))
    moved = found_px + alike @ np.linalg.solve(gram, pinned_px[held] - found_px[held])
    moved[held] = pinned_px[held]
    return moved
