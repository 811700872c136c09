"""A part of a panel that unfolds."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from studio.ui import theme


class Fold(QWidget):
    """A link that unfolds what is in ``inside``."""

    def __init__(self, title: str, name: str = "") -> None:
        super().__init__()
        self.button = QPushButton(title)
        self.button.setProperty("role", "link")
        self.button.setCheckable(True)
        self.button.setAccessibleName(name or title)
        self.body = QWidget()
        self.inside = QVBoxLayout(self.body)
        self.inside.setContentsMargins(0, 4, 0, 4)
        self.inside.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.body)
        self.button.toggled.connect(self._unfold)
        self._unfold(False)

    def _unfold(self, on: bool) -> None:
        self.body.setVisible(on)
        theme.set_icon(self.button, "ph.caret-down" if on else "ph.caret-right", "accent")
