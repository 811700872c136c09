"""A small table of ways to do the same thing, the one in use marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget


class ComparedTable(QWidget):
    """Rows of words under headings; hidden where there are fewer than two rows to compare.

    Words break where it is narrow, and it never makes the panel that it is in wider."""

    def __init__(self, headings: Sequence[str], name: str) -> None:
        """``name`` begins what a screen reader is told."""
        super().__init__()
        self._headings, self._name = tuple(headings), name
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._grid.setVerticalSpacing(4)
        self.rows: list[tuple[str, ...]] = []
        self.hide()

    def show_rows(
        self, rows: Sequence[tuple[str, ...]], used: str, headings: Sequence[str] = ()
    ) -> None:
        """Show rows; that whose first cell is ``used`` is the one in use. ``headings`` are put in
        place of those it was made with."""
        while (entry := self._grid.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.deleteLater()
        self.rows = list(rows)
        self.setVisible(len(self.rows) > 1)
        if len(self.rows) < 2:
            return
        wide = max(len(row) for row in self.rows)
        for column, heading in enumerate((tuple(headings) or self._headings)[:wide]):
            self._put(heading, 0, column, "small")
        for line, row in enumerate(self.rows, start=1):
            for column, cell in enumerate(row):
                name = f"{cell} (shown)" if column == 0 and cell == used else cell
                self._put(name, line, column, "" if row[0] == used else "muted")
        told = ". ".join(", ".join(row) for row in self.rows)
        self.setAccessibleName(f"{self._name}. {told}")

    def _put(self, text: str, row: int, column: int, role: str) -> None:
        label = QLabel(text)
        label.setProperty("role", role)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(label, row, column)
