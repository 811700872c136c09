"""When a frame was taken, on this machine's monotonic clock."""

from __future__ import annotations

import time
from collections import deque

NEAR_S = 5.0


class CaptureClock:
    """Turns a source's own time stamps into seconds of ``time.monotonic``.

    Drivers that stamp with the machine's monotonic or wall clock are believed. Any other clock
    is tied to arrivals by the smallest delay of the last ten seconds: the network's jitter goes,
    a constant delay stays (it cannot be known from one end), drift is followed.
    """

    def __init__(self, window_s: float = 10.0) -> None:
        self._window_s = window_s
        self._lowest: deque[tuple[float, float]] = deque()
        self._last_s = -float("inf")

    def capture_s(self, stamp_s: float | None, arrival_s: float) -> float:
        """When the frame stamped ``stamp_s`` that arrived now was taken."""
        if stamp_s is None:
            return arrival_s
        if -NEAR_S < arrival_s - stamp_s < NEAR_S:
            return min(stamp_s, arrival_s)
        wall_s = time.time() - stamp_s
        if -0.1 < wall_s < NEAR_S:
            return arrival_s - max(wall_s - (time.monotonic() - arrival_s), 0.0)
        return stamp_s + self._offset(stamp_s, arrival_s)

    def _offset(self, stamp_s: float, arrival_s: float) -> float:
        if stamp_s < self._last_s - 1.0:
            self._lowest.clear()
        self._last_s = stamp_s
        delay = arrival_s - stamp_s
        while self._lowest and self._lowest[-1][1] >= delay:
            self._lowest.pop()
        self._lowest.append((arrival_s, delay))
        while self._lowest[0][0] < arrival_s - self._window_s:
            self._lowest.popleft()
        return self._lowest[0][1]
