"""The surface of a neural head as triangles."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.human.bodies.field import REACH_M
from studio.human.bodies.surface import Surface, surface_of
from studio.perception.neural_heads.fitting import NeuralHead
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.vision.triangles import Triangles

FINE_M, QUICK_M = 0.003, 0.008
"""How finely a finished surface is looked for, and one that is shown meanwhile."""
_MARGIN_M = 0.004


class HeadField:
    """A neural head as a field (:class:`studio.human.bodies.field.Field`) in the frame of its fit;
    ``skin`` tells exactly how far the fit's skin is."""

    def __init__(self, head: NeuralHead, skin: Triangles | None = None) -> None:
        self._head, self._skin = head, skin

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """How far inside the head with its hair points are (metres); nothing below its box is."""
        bare = None if self._skin is None else -self._skin.inside_m(points_m)
        out = self._head.outside_m(points_m, bare)
        beyond = np.fmax(LOW_M - points_m, points_m - HIGH_M).max(1)
        return np.clip(-np.fmax(out, beyond), -REACH_M, REACH_M).astype(np.float32)


def meshed(head: NeuralHead, spacing_m: float = FINE_M, skin: Triangles | None = None) -> Surface:
    """The closed surface of a head with its hair, in the frame of its fit.

    Raises StudioError if there is none.
    """
    low, high = LOW_M - _MARGIN_M, HIGH_M + _MARGIN_M
    return surface_of(HeadField(head, skin), low, high, spacing_m)
