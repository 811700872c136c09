"""How much something that is followed trembles, in pixels."""

from __future__ import annotations

from collections import deque

import numpy as np
from jaxtyping import Float

REMEMBERED = 30


class Trembling:
    """The root mean square by which places are off the middle of their neighbours in time, over
    the last second or so, scaled so that white noise gives its own standard deviation. What people
    do is smoother than that. For one thread."""

    def __init__(self) -> None:
        self._places: deque[np.ndarray] = deque(maxlen=3)
        self._offs: deque[float] = deque(maxlen=REMEMBERED)
        self._time_s = -np.inf

    def __call__(self, time_s: float, places_px: Float[np.ndarray, "points 2"]) -> float:
        """The tremble up to now; 0 while too little was seen."""
        if not 0 < time_s - self._time_s < 0.25:
            self._places.clear()
            self._offs.clear()
        self._time_s = time_s
        self._places.append(places_px)
        if len(self._places) == 3:
            a, b, c = self._places
            off = b - (a + c) / 2
            self._offs.append(float(2 / 3 * (off**2).sum(1).mean() / 2))
        return float(np.sqrt(np.mean(self._offs))) if self._offs else 0.0
