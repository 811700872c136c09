"""A frame that is followed, calmed: its place in the picture, its distance, and its turn."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.core.types import Camera
from studio.live.solving import OneEuro
from studio.perception.wearers.head_pose import projected
from studio.perception.wearers.point_pose import at_pixel

QUICK = 40.0
"""How much a move of its own size a second lifts the filter's cut-off (Hz)."""
_BETAS = (20.0, 20.0)
"""How much a move of its own distance, and of a radian, do."""
_AWAY_CALMER = 0.4


class Calming:
    """One-Euro over a frame, which follows moves across the picture the closer, the larger
    ``quick``. For one thread."""

    def __init__(self, quick: float = QUICK) -> None:
        self._quick = quick
        self._lag_ms, self._unit_px = -1.0, 1.0
        self._calm: tuple[OneEuro, OneEuro, OneEuro] | None = None

    def forget(self) -> None:
        """Begin anew: it was lost."""
        self._calm = None

    def __call__(
        self, time_s: float, turn: Float[np.ndarray, "3 3"], place_m: Float[np.ndarray, "3"],
        camera: Camera, size_px: float, lag_ms: float,
    ) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:  # fmt: skip
        """The turn (axes as columns) and the place at this time, calmer. ``size_px`` is about how
        large it is in the picture, ``lag_ms`` how far a calm one may lag behind."""
        if lag_ms <= 0:
            return turn, place_m
        if self._calm is None or lag_ms != self._lag_ms:
            cutoff = 1e3 / (2 * np.pi * lag_ms)  # of a first-order filter: its time constant
            self._lag_ms, self._unit_px = lag_ms, max(size_px, 1.0)
            self._calm = (OneEuro(cutoff, self._quick), OneEuro(_AWAY_CALMER * cutoff, _BETAS[0]),
                          OneEuro(cutoff, _BETAS[1]))  # fmt: skip
        seen = projected(place_m[None], camera)[0] / self._unit_px
        seen = self._calm[0](time_s, np.array([[*seen, 0.0]]))[0, :2] * self._unit_px
        away = self._calm[1](time_s, np.array([[np.log(place_m[1]), 0.0, 0.0]]))[0, 0]
        u, _, vt = np.linalg.svd(self._calm[2](time_s, turn.T).T)
        return u @ vt, at_pixel(seen, float(np.exp(away)), camera)
