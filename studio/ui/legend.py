"""Whose curve is whose: a line of names in the curves' colours, above the plot."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

_BETWEEN = "&nbsp;&nbsp; "
_MOST_LETTERS = 18


class Legend(QLabel):
    """Names of curves; those that find no room stand in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setProperty("role", "small")
        self.setAccessibleName("Curves")
        self._curves: list[tuple[str, QColor]] = []
        self.setMinimumWidth(1)
        self.hide()

    @property
    def names(self) -> tuple[str, ...]:
        """Whose curves there are."""
        return tuple(name for name, _ in self._curves)

    def clear(self) -> None:
        """Forget all curves."""
        self._curves.clear()
        self._tell()

    def add(self, name: str, ink: QColor) -> None:
        """Another curve, drawn in ``ink``."""
        self._curves.append((name, ink))
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def _tell(self) -> None:
        room, parts = self.width(), []
        metrics = self.fontMetrics()
        for name, ink in self._curves:
            short = name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"
            room -= metrics.horizontalAdvance(f"— {short}   ")
            if room < 0 and parts:
                parts.append("…")
                break
            parts.append(f'<span style="color: {ink.name()}">—</span> {escape(short)}')
        self.setText(_BETWEEN.join(parts))
        told = ", ".join(self.names)
        self.setToolTip(told)
        self.setAccessibleDescription(told)
        self.setVisible(len(self._curves) > 1)
