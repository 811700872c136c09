"""Lanes that hand on their newest value: each works at its own pace, none waits for a slower one.

What a lane could not take in time is skipped, so nothing ever queues up and what is shown is never
older than one turn of each lane.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Generic, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_S = 0.1
LATELY = 60
"""How many turns a lane's figures are made of."""


class Slot(Generic[T]):
    """Room for one value: the newest wins. For any number of threads."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._full = threading.Condition()
        self.skipped = 0

    def put(self, value: T) -> None:
        """Lay a value out; one that nobody took yet makes way. Never waits."""
        with self._full:
            self.skipped += self._value is not None
            self._value = value
            self._full.notify_all()

    def take(self, wait_s: float = LOOK_S) -> T | None:
        """The value, taken out; None if none came in ``wait_s``."""
        with self._full:
            self._full.wait_for(lambda: self._value is not None, wait_s)
            value, self._value = self._value, None
            return value


class Lane(Generic[T]):
    """A thread that works on the newest value put into it.

    An error ends the lane and is kept in ``error`` for whoever looks. ``end`` is called last, on
    the lane's thread: what was made there is freed there.
    """

    def __init__(
        self, name: str, work: Callable[[T], object], end: Callable[[], object] | None = None
    ) -> None:
        self.name, self._work, self._end = name, work, end
        self.error: BaseException | None = None
        self._slot: Slot[T] = Slot()
        self._ending = threading.Event()
        self._spent_s: deque[float] = deque(maxlen=LATELY)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, value: T) -> None:
        """Work on this next, unless a newer one comes first. Never waits."""
        self._slot.put(value)

    @property
    def skipped(self) -> int:
        """How many values made way for newer ones."""
        return self._slot.skipped

    @property
    def spent_ms(self) -> float:
        """Milliseconds by the clock that a turn takes: the median of the last ones."""
        spent = tuple(self._spent_s)
        return 1e3 * median(spent) if spent else 0.0

    def close(self, wait_s: float = 2.0) -> None:
        """End after the turn under way; waits at most ``wait_s`` for it."""
        self._ending.set()
        if self._thread is not threading.current_thread():
            self._thread.join(wait_s)

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                value = self._slot.take()
                if value is None:
                    continue
                began_s = time.perf_counter()
                self._work(value)
                self._spent_s.append(time.perf_counter() - began_s)
        except Exception as error:
            _log.debug("lane %s ended", self.name, exc_info=True)
            self.error = error
        finally:
            if self._end is not None:
                self._end()
