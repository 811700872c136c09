"""What is worn, a line each: adjust it, take it off."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.ui import theme


class WornRows(QWidget):
    """``adjusted(id)`` and ``taken_off(id)`` follow the buttons."""

    adjusted = Signal(str)
    taken_off = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, QFrame] = {}
        self._shown: tuple[tuple[str, str, str], ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    def set_worn(self, worn: Sequence[tuple[str, str, str]]) -> None:
        """Show these: id, name, and what the user should know of it."""
        if tuple(worn) == self._shown:
            return
        self._shown = tuple(worn)
        for row in self.rows.values():
            row.hide()
            row.deleteLater()
        self.rows = {}
        for id, name, note in worn:
            self.rows[id] = self._row(id, name, note)
            self._column.addWidget(self.rows[id])
        self.setVisible(bool(worn))

    def _row(self, id: str, name: str, note: str) -> QFrame:
        row = QFrame()
        row.setObjectName("card")
        words = QLabel(name)
        words.setToolTip(note)
        box = QHBoxLayout(row)
        box.setContentsMargins(10, 2, 4, 2)
        box.setSpacing(4)
        box.addWidget(words, 1)
        if note:
            mark = QLabel()
            theme.set_icon(mark, "ph.info", "muted")
            mark.setToolTip(note)
            mark.setAccessibleName(note)
            box.addWidget(mark)
        for icon, tip, signal in (
            ("ph.arrows-out-cardinal", "Move, turn, resize", self.adjusted),
            ("ph.x", "Take off", self.taken_off),
        ):
            button = QToolButton()
            button.setIconSize(QSize(16, 16))
            button.setToolTip(f"{tip}: {name}")
            button.setAccessibleName(f"{tip}: {name}")
            theme.set_icon(button, icon)
            button.clicked.connect(lambda _=False, s=signal: s.emit(id))
            box.addWidget(button)
        return row
