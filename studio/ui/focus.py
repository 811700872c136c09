"""The keyboard's focus stays where its user is."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


class KeepFocus(QObject):
    """Keeps the focus near a control that went away under its user's hand.

    Qt gives it to the next control in the order, wherever in the window that is, and draws a ring
    around it.
    """

    def follow(self, app: QApplication) -> None:
        """Watch where the focus goes."""
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is None or now is None or not isValid(old) or old.window() is not now.window():
            return
        if old.isVisible() and old.isEnabled():
            return
        home = old.parentWidget()
        while home is not None and not (home.isVisible() and home.isEnabled()):
            home = home.parentWidget()
        if home is not None and (home.isWindow() or not home.isAncestorOf(now)):
            home.setFocus(Qt.FocusReason.OtherFocusReason)
