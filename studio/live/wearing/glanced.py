"""What old things somebody has on is looked at now and then, and followed calmly in between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

Map = Float32[np.ndarray, "height width"]


class Glanced:
    """Where something is in a small picture (0 to 1), looked at every ``every_s`` seconds at most:
    the first look is believed, of later ones ``share``. For one thread."""

    def __init__(self, every_s: float, share: float) -> None:
        self._every_s, self._share = every_s, share
        self._map: Map | None = None
        self._looked_s = -np.inf

    def at(self, time_s: float, look: Callable[[], Map]) -> Map:
        """Where it is at a moment; ``look`` is called if it is time."""
        if self._map is None or not 0 <= time_s - self._looked_s < self._every_s:
            found, self._looked_s = look(), time_s
            before = found if self._map is None else self._map
            self._map = before + np.float32(self._share) * (found - before)
        return self._map
