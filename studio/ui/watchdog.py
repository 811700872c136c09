"""Measures how long the main thread keeps an event waiting, whatever else the computer does."""

from __future__ import annotations

import time
from types import TracebackType

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer


def robbed_s() -> float:
    """Seconds that this thread was ready to run and did not get a processor; 0 where unknown."""
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:  # noqa: PTH123  quick, 1000 a second
            return int(file.read().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return 0.0


class Watchdog(QObject):
    """Within ``with Watchdog() as dog:`` the event loop is pinged every ``ping_ms``.

    ``latency_ms(99)`` is the wait that an event posted at a random moment stays under in 99 % of
    the cases: a block of 200 ms counts for all the 200 ms in which somebody may click. Where the
    system tells (Linux), time in which the thread could have run but other programs had the
    processor is left out: it says something about them, not about this program.
    """

    def __init__(self, ping_ms: int = 4) -> None:
        super().__init__()
        self._times: list[float] = []
        self._robbed: list[float] = []
        self._ping_s = ping_ms / 1000
        self._timer = QTimer(self, interval=ping_ms)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)

    def _note(self) -> None:
        self._times.append(time.perf_counter())
        self._robbed.append(robbed_s())

    def __enter__(self) -> Watchdog:
        self._note()
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.stop()
        self._note()

    @property
    def gaps_ms(self) -> np.ndarray:
        """Time between two turns of the event loop, beyond the ping itself."""
        own = np.diff(self._times) - np.diff(self._robbed)
        return np.maximum(own - self._ping_s, 0) * 1000

    @property
    def worst_ms(self) -> float:
        return float(self.gaps_ms.max(initial=0.0))

    def latency_ms(self, percentile: float = 99) -> float:
        """The latency of an event posted at a random moment, at a percentile."""
        waits = np.sort(self.gaps_ms)
        robbed = self._robbed[-1] - self._robbed[0] if self._robbed else 0.0
        total_ms = (self._times[-1] - self._times[0] - robbed) * 1000 if self._times else 0.0
        allowed = total_ms * (1 - percentile / 100)
        low, high = 0.0, float(waits[-1]) if waits.size else 0.0
        for _ in range(40):  # sum(max(wait - x, 0)) falls with x: bisect
            middle = (low + high) / 2
            over = np.maximum(waits - middle, 0).sum()
            low, high = (middle, high) if over > allowed else (low, middle)
        return high
