"""A sign that something is being worked out, for what takes longer than a glance."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from studio.ui import theme

TICK_MS = 100
PATIENCE_S = 0.3
MARGIN = 8


class Busy(QFrame):
    """Lies on the lower edge of ``over`` and moves nothing: it comes when something takes longer
    than ``PATIENCE_S``, and goes when that is done."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._done: Callable[[], bool] = lambda: True
        self._began_s = 0.0
        self._what: str | Callable[[], str] = ""
        self.setObjectName("busy")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark, self.told = QLabel(), QLabel()
        theme.set_icon(mark, "ph.spinner-gap", "accent")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(mark)
        row.addWidget(self.told)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._ask)
        self.hide()

    def watch(self, what: str | Callable[[], str], done: Callable[[], bool]) -> None:
        """Say ``what`` is under way until ``done()``; asked anew, where it changes."""
        if not self._timer.isActive():
            self._began_s = time.monotonic()
        self._done = done
        if done():
            self._ask()
            return
        self._what = what
        self._tell()
        self._timer.start()

    def _tell(self) -> None:
        what = self._what if isinstance(self._what, str) else self._what()
        self.told.setText(f"{what}…")
        self.setAccessibleName(f"Busy: {what}")

    def _ask(self) -> None:
        if self._done() or not self._over.isVisible():
            self._timer.stop()
            self.hide()
        elif time.monotonic() - self._began_s >= PATIENCE_S:
            self._tell()
            self._place()

    def _place(self) -> None:
        over, size = self._over, self.sizeHint()
        width = min(size.width(), over.width() - 2 * MARGIN)
        left, top = (over.width() - width) // 2, over.height() - size.height() - MARGIN
        self.setGeometry(left, top, width, size.height())
        self.show()
        self.raise_()
