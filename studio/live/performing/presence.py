"""What is shown of somebody who is there, was just lost, or comes back: never a jump.

A lost face keeps its look for a moment, then relaxes; one that comes back is taken up quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
FADE_S, RETURN_S = 0.9, 0.2
_LONG_S = 0.25
"""Between two pictures no more time than this counts: after a stall nothing leaps."""


class Presence(Generic[T]):
    """Mixes what was last seen with rest, by how long ago it was seen.

    ``mix(rest, seen, share)`` goes from rest (share 0) to what was seen (1).
    """

    def __init__(self, mix: Callable[[T, T, float], T]) -> None:
        self._mix = mix
        self._seen: T | None = None
        self._share = 0.0
        self._gone_s = 0.0
        self._time_s: float | None = None

    @property
    def share(self) -> float:
        """How much of what was seen is shown, 0 to 1."""
        return _eased(self._share)

    def __call__(self, time_s: float, seen: T | None, rest: T, hold_s: float) -> T:
        """What is shown at this time; ``seen`` is None where nothing was."""
        step_s = 0.0 if self._time_s is None else min(max(time_s - self._time_s, 0.0), _LONG_S)
        first, self._time_s = self._time_s is None, time_s
        if seen is not None:
            self._seen, self._gone_s = seen, 0.0
            self._share = 1.0 if first else min(self._share + step_s / RETURN_S, 1.0)
        else:
            self._gone_s += step_s
            if self._gone_s > hold_s:
                self._share = max(self._share - step_s / FADE_S, 0.0)
        if self._seen is None or self._share == 0:
            return rest
        if self._share == 1:
            return self._seen
        return self._mix(rest, self._seen, self.share)


def _eased(share: float) -> float:
    """Smoothly from 0 to 1 (a cubic with level ends)."""
    return share * share * (3 - 2 * share)
