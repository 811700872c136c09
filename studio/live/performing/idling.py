"""What a body does by itself: it breathes, and blinks now and then."""

from __future__ import annotations

import numpy as np

from studio.live.turning import Turn, about

BREATHS_HZ = 0.25
_BREATH_DEG = 1.2
_SHUT_S, _OPEN_S = 0.07, 0.16
_PAUSE_S = (2.0, 6.0)
X = np.array([1.0, 0.0, 0.0])


class Idling:
    """Breath and blinks at any time. ``seed`` says when it blinks."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._next_s: float | None = None
        self._began_s = 0.0

    def lids(self, time_s: float) -> float:
        """How far the lids are shut, 0 to 1. Times come in order."""
        if self._next_s is None or time_s < self._began_s:
            self._began_s, self._next_s = time_s, time_s + self._pause_s()
        since_s = time_s - self._next_s
        if since_s < 0:
            return 0.0
        if since_s >= _SHUT_S + _OPEN_S:
            self._next_s = time_s + self._pause_s()
            return 0.0
        share = since_s / _SHUT_S if since_s < _SHUT_S else 1 - (since_s - _SHUT_S) / _OPEN_S
        return float(share * share * (3 - 2 * share))

    def _pause_s(self) -> float:
        return float(self._rng.uniform(*_PAUSE_S))


def breath(time_s: float) -> dict[str, Turn]:
    """What breathing adds to the trunk: the chest rises, the neck keeps the head level."""
    lifted = np.radians(_BREATH_DEG) * 0.5 * (1 - np.cos(2 * np.pi * BREATHS_HZ * time_s))
    return {"upperChest": about(X, -lifted), "neck": about(X, lifted)}
