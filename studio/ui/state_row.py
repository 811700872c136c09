"""A row of a page: an icon that says how a thing stands, and words about it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from studio.ui import theme


def state_row(symbol: str, role: str, *words: QLabel, said: str) -> tuple[QFrame, QHBoxLayout]:
    """The row, to the right of whose words more can be added; ``said`` is its accessible name."""
    mark = QLabel()
    theme.set_icon(mark, symbol, role)
    row = QFrame()
    row.setAccessibleName(said)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    layout.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    column = QVBoxLayout()
    column.setSpacing(2)
    for label in words:
        label.setWordWrap(True)
        column.addWidget(label)
    layout.addLayout(column, 1)
    return row, layout
