"""The one thing to do next, large enough to be read from where the board is waved."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.ui import theme
from studio.ui.progress_bar import ProgressBar
from studio.vision.calibration.guidance import Guidance

_SYMBOLS = (
    ("Enough", "ph.check-circle", "good"),
    ("Hold still", "ph.hand-palm", "look"),
    ("Wave", "ph.arrows-left-right", "accent"),
    ("Tilt", "ph.arrows-clockwise", "accent"),
    ("Bring", "ph.arrows-in", "accent"),
    ("Take", "ph.arrows-out", "accent"),
    ("Fill", "ph.selection-plus", "accent"),
)


class NextAction(QFrame):
    """A sentence with its symbol, and how far it is until enough."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._mark, self.words = QLabel(), QLabel()
        self._mark.setProperty("iconSize", 32)
        self.words.setProperty("role", "heading")
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What to do next")
        self.bar = ProgressBar()
        self.bar.setAccessibleName("How far it is until enough")
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(self.bar)
        self.say("Looking for the board")

    def say(self, text: str, progress: float = 0.0) -> None:
        """Say something before there is guidance, or after."""
        self.words.setText(text)
        self.bar.fill(progress)
        symbol, role = next(
            ((s, r) for word, s, r in _SYMBOLS if text.startswith(word)),
            ("ph.eye", "accent"),
        )
        theme.set_icon(self._mark, symbol, role)

    def show_guidance(self, guidance: Guidance) -> None:
        """The next best action, and the progress."""
        self.say(guidance.action, guidance.progress)


def spaced(*widgets: QWidget) -> QVBoxLayout:
    """Widgets below each other, eight pixels apart."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    return column
