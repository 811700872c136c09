"""Cyclic garbage is collected on the main thread only: a Qt object freed on a worker crashes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCursor, QGuiApplication

BURST = 50_000
"""So many new objects at once come from imports: looking through them would take long, and they
stay anyway. They are set aside until the next full collection."""


class GcGuard(QObject):
    """Switches Python's automatic collection off and collects from a timer instead.

    Young generations, which are quick, are collected whenever they are full. The old one waits
    until the pointer has not moved for a moment and no job runs, or until it is overdue.
    """

    def __init__(
        self,
        busy: Callable[[], bool] = lambda: False,
        idle_s: float = 2.0,
        overdue_s: float = 300.0,
    ) -> None:
        """``busy`` says whether results are coming in: a pause would be seen then, too."""
        super().__init__()
        self._busy, self._set_aside = busy, False
        self._idle_s, self._overdue_s = idle_s, overdue_s
        self._pointer = QCursor.pos()
        self._touched_s = self._full_s = time.monotonic()
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=250)
        self._timer.timeout.connect(self.check)
        self._timer.start()

    def check(self) -> None:
        """Collect what is due."""
        young, middle, old = gc.get_count()
        limits = gc.get_threshold()
        now = time.monotonic()
        if QCursor.pos() != self._pointer or QGuiApplication.mouseButtons().value:
            self._pointer, self._touched_s = QCursor.pos(), now
        idle = now - self._touched_s > self._idle_s and not self._busy()
        since = now - self._full_s
        if young > BURST:
            gc.freeze()
            self._set_aside = True
        due = old > limits[2] or self._set_aside
        if due and ((idle and since > self._idle_s) or since > self._overdue_s):
            gc.unfreeze()
            self.settle()
            self._full_s, self._set_aside = now, False
        elif middle > limits[1]:
            gc.collect(1)
        elif young > limits[0]:
            gc.collect(0)

    def settle(self) -> None:
        """Collect everything, and set aside what is left: most of it lives long."""
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Give collection back to Python."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()
