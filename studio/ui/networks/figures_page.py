"""What a network is worth: its card, and its figures beside those of named baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.core.card import Card
from studio.ui import theme

_COLUMN = 112
"""How wide a column of figures is, of a font of 1."""
_WORDS = {
    "task": "Does", "inputs": "Takes", "data": "Learned from", "training_minutes": "Trained for",
    "steps": "Steps", "seed": "Seed", "megabytes": "Size", "milliseconds": "Time a picture",
}  # fmt: skip
_UNITS = {"training_minutes": "min", "megabytes": "MB", "milliseconds": "ms"}


def table_of(card: Card) -> list[list[str]]:
    """The figures as rows of words: what, value, each baseline; the first row is the head."""
    names = list(dict.fromkeys(n for row in card.figures for n in row.get("baselines", {})))
    rows = [["Figure", "This network", *names, "Note"]]
    for row in card.figures:
        unit, beside = str(row.get("unit", "")), row.get("baselines", {})
        value = shown(row.get("value"), unit)
        others = [shown(beside.get(name), unit) for name in names]
        rows.append([str(row["what"]), value, *others, str(row.get("note", ""))])
    return rows


def shown(value: float | None, unit: str) -> str:
    """A figure with its unit: “0.842”, “13.1 ms”; a dash where none was measured."""
    return "–" if value is None else f"{value:.4g} {unit}".strip()


def wins(row: Mapping[str, Any]) -> bool | None:
    """Whether a figure is better than every baseline beside it; None where there is none."""
    value, beside = row.get("value"), row.get("baselines", {})
    if value is None or not beside:
        return None
    higher = row.get("better", "higher") == "higher"
    return all(value > other if higher else value < other for other in beside.values())


class FiguresPage(QWidget):
    """The card of one network."""

    def __init__(self) -> None:
        super().__init__()
        self.measure_button = QPushButton("Measure again")
        self.measure_button.setToolTip("Runs the evaluation on this computer; it takes minutes")
        self.copy_button = QPushButton("Copy the table")
        self.copy_button.clicked.connect(self._copy)
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(16)
        self.table = QTableWidget(0, 0)
        self.table.setAccessibleName("Figures")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setWordWrap(True)
        self.table.verticalHeader().hide()
        self.none = QLabel("Not trained yet. Train it on the next page.")
        self.none.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.none)
        column.addLayout(self._facts)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.addWidget(self.measure_button)
        row.addWidget(self.copy_button)
        row.addStretch(1)
        column.addLayout(row)
        self._rows: list[list[str]] = []
        self.show_card(None)

    def show_card(self, card: Card | None) -> None:
        """Show a card, or that there is none."""
        while self._facts.rowCount():
            self._facts.removeRow(0)
        self.none.setVisible(card is None)
        for widget in (self.table, self.measure_button, self.copy_button):
            widget.setVisible(card is not None)
        if card is None:
            return
        for key, words in _WORDS.items():
            if key in card.facts:
                self._fact(words, f"{card.facts[key]} {_UNITS.get(key, '')}".strip())
        self._fact("Licence", card.licence)
        self._rows = table_of(card)
        head, *rows = self._rows
        self.table.clear()
        self.table.setColumnCount(len(head))
        self.table.setRowCount(len(rows))
        self.table.setHorizontalHeaderLabels(head)
        for number, (words, row) in enumerate(zip(rows, card.figures, strict=True)):
            won = wins(row)
            for place, text in enumerate(words):
                cell = QTableWidgetItem(text)
                cell.setToolTip(text)
                if 0 < place < len(head) - 1:
                    cell.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                if place == 1 and won is not None:
                    mark = ("ph.check-circle", "good") if won else ("ph.warning", "look")
                    cell.setIcon(theme.icon(*mark))
                self.table.setItem(number, place, cell)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        header.setFixedHeight(_tallest(header, head[1:-1]) + theme.look().px(12))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for place in range(1, len(head) - 1):
            header.resizeSection(place, theme.look().px(_COLUMN))
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(len(head) - 1, QHeaderView.ResizeMode.Stretch)
        self.table.resizeRowsToContents()

    def _fact(self, name: str, text: str) -> None:
        label, value = QLabel(name), QLabel(text)
        label.setProperty("role", "muted")
        value.setWordWrap(True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts.addRow(label, value)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in self._rows))


def _tallest(header: QHeaderView, titles: list[str]) -> int:
    """Pixels that the tallest of the titles needs in a column of figures."""
    metrics, wrap = header.fontMetrics(), Qt.TextFlag.TextWordWrap
    room = QRect(0, 0, theme.look().px(_COLUMN - 16), 1000)
    return max((metrics.boundingRect(room, wrap, t).height() for t in titles), default=0)
