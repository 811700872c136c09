"""Cyclic garbage is collected on the main thread only: a Qt object freed on a worker crashes."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

_INPUT = frozenset(
    {QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress, QEvent.Type.Wheel}
)


class GcGuard(QObject):
    """Switches Python's automatic collection off and collects from a timer instead.

    Young generations, which are quick, are collected whenever they are full. The old one waits
    until the user has not touched anything for a moment, or until it is overdue.
    """

    def __init__(self, parent: QObject | None = None, idle_s: float = 2.0, overdue_s: float = 60):
        super().__init__(parent)
        self._idle_s, self._overdue_s = idle_s, overdue_s
        self._touched_s = self._full_s = time.monotonic()
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=250)
        self._timer.timeout.connect(self.check)
        self._timer.start()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self._touched_s = time.monotonic()
        return False

    def check(self) -> None:
        """Collect what is due."""
        young, middle, old = gc.get_count()
        limits = gc.get_threshold()
        now = time.monotonic()
        idle = now - self._touched_s > self._idle_s
        since = now - self._full_s
        if old > limits[2] and ((idle and since > self._idle_s) or since > self._overdue_s):
            gc.collect()
            self._full_s = now
        elif middle > limits[1]:
            gc.collect(1)
        elif young > limits[0]:
            gc.collect(0)

    def settle(self) -> None:
        """Set aside what the start left behind: it lives as long as the program."""
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Give collection back to Python."""
        self._timer.stop()
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        gc.unfreeze()
        if self._was_on:
            gc.enable()
