"""A window that is painted no more often than it can be, and still be used."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

SHARE = 0.5
"""The share of the main thread that painting may take."""


class Pace(QObject):
    """Puts a window's paintings off until the last one has been paid for.

    Without a graphics card each painting copies the whole window, however little of it changed, and
    a slider that follows the mouse asks for sixty a second: what changed meanwhile is painted
    together. Where painting is cheap nothing is put off.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._free_s = 0.0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._ask_again)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.UpdateRequest or watched is not self._window:
            return False
        began_s = time.monotonic()
        if began_s < self._free_s:
            if not self._later.isActive():
                self._later.start(max(1, round(1000 * (self._free_s - began_s))))
            return True
        self._later.stop()
        self._window.event(event)
        ended_s = time.monotonic()
        self._free_s = ended_s + (ended_s - began_s) * (1 / SHARE - 1)
        return True

    def _ask_again(self) -> None:
        QApplication.postEvent(self._window, QEvent(QEvent.Type.UpdateRequest))
