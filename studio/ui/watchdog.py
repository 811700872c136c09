"""Measures how long the main thread keeps an event waiting, whatever else the computer does."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

_TASKS = "/proc/self/task"


def robbed_s() -> dict[int, float]:
    """Seconds that each thread was ready to run and had no processor; empty where unknown."""
    found: dict[int, float] = {}
    try:
        for task in os.listdir(_TASKS):  # noqa: PTH208  quick: this is asked 200 times a second
            with open(f"{_TASKS}/{task}/schedstat", "rb") as file:  # noqa: PTH123
                found[int(task)] = int(file.read().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return found
    return found


class Watchdog(QObject):
    """Within ``with Watchdog() as dog:`` the event loop is pinged every ``ping_ms``.

    ``latency_ms(99)`` is the wait that an event posted at a random moment stays under in 99 % of
    the cases: a block of 200 ms counts for all the 200 ms in which somebody may click.

    Where the system tells (Linux), time is left out in which the main thread, or the worker it
    waited for, could have run but other programs had the processor: it says something about them,
    not about this program. The processor time of the main thread itself always counts.
    """

    def __init__(self, ping_ms: int = 5) -> None:
        super().__init__()
        self._main = threading.get_native_id()
        self._waits: list[float] = []
        self._last = (0.0, 0.0, robbed_s())
        self._ping_s = ping_ms / 1000
        self._timer = QTimer(self, interval=ping_ms)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)

    def _note(self) -> None:
        wall, cpu, robbed = self._last
        self._last = now = (time.perf_counter(), time.thread_time(), robbed_s())
        lost = {task: s - robbed.get(task, s) for task, s in now[2].items()}
        own = lost.pop(self._main, 0.0)
        net = now[0] - wall - own - max(lost.values(), default=0.0)
        self._waits.append(max(net, now[1] - cpu))

    def __enter__(self) -> Watchdog:
        self._last = (time.perf_counter(), time.thread_time(), robbed_s())
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
        return np.maximum(np.array(self._waits) - self._ping_s, 0) * 1000

    @property
    def worst_ms(self) -> float:
        return float(self.gaps_ms.max(initial=0.0))

    def latency_ms(self, percentile: float = 99) -> float:
        """The latency of an event posted at a random moment, at a percentile."""
        waits = np.sort(self.gaps_ms)
        allowed = 1000 * sum(self._waits) * (1 - percentile / 100)
        low, high = 0.0, float(waits[-1]) if waits.size else 0.0
        for _ in range(40):  # sum(max(wait - x, 0)) falls with x: bisect
            middle = (low + high) / 2
            over = np.maximum(waits - middle, 0).sum()
            low, high = (middle, high) if over > allowed else (low, middle)
        return high
