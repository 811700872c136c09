"""Results as facts: a value with its unit and a judgement in an icon and a word, then the table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.document.project import Trace
from studio.ui import theme

VERDICTS = {
    "good": ("ph.check-circle", "good"),
    "look": ("ph.warning", "have a look"),
    "stop": ("ph.warning-octagon", "not usable"),
    "plain": ("ph.info", ""),
}
FIRST = 3


class FactLine(QWidget):
    """One fact: icon, label, value, the judgement in a word, and who is to blame."""

    def __init__(self, fact: Trace) -> None:
        super().__init__()
        symbol, word = VERDICTS[fact.verdict]
        role = "muted" if fact.verdict == "plain" else fact.verdict
        mark = QLabel()
        theme.set_icon(mark, symbol, role)
        label = QLabel(fact.label)
        label.setProperty("role", "muted")
        value = QLabel(fact.text)
        value.setWordWrap(True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        judged = QLabel(word)
        judged.setProperty("verdict", fact.verdict)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(mark)
        top.addWidget(label)
        top.addStretch(1)
        top.addWidget(judged)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        below = QVBoxLayout()
        below.setContentsMargins(theme.look().px(16) + 8, 0, 0, 0)
        below.setSpacing(2)
        below.addWidget(value)
        if fact.blame:
            blame = QLabel(fact.blame)
            blame.setWordWrap(True)
            blame.setProperty("role", "small")
            below.addWidget(blame)
        layout.addLayout(below)
        self.setAccessibleName(f"{fact.label}: {fact.text}. {word} {fact.blame}".strip())


class Facts(QWidget):
    """Three facts, and all of them in a table one click away."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[Trace, ...] = ()
        self._lines = QVBoxLayout()
        self._lines.setSpacing(8)
        self.details = QPushButton("Details")
        self.details.setProperty("role", "link")
        self.details.setCheckable(True)
        self.details.setToolTip("Show all figures in a table")
        self.copy = QPushButton("Copy")
        self.copy.setProperty("role", "link")
        self.copy.setToolTip("Copy the table, to paste it into a spreadsheet")
        self.copy.clicked.connect(self.copy_table)
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName("All figures")
        self.table.setHorizontalHeaderLabels(["Figure", "Value", "Judgement"])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        QShortcut(QKeySequence.StandardKey.Copy, self.table, self.copy_table,
                  context=Qt.ShortcutContext.WidgetShortcut)  # fmt: skip
        buttons = QHBoxLayout()
        buttons.addWidget(self.details)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._lines)
        layout.addLayout(buttons)
        layout.addWidget(self.table)
        self.details.toggled.connect(self._show_table)
        self.show_facts(())

    def show_facts(self, facts: Sequence[Trace]) -> None:
        """Show these instead."""
        if facts and tuple(facts) == self._facts:
            return
        self._facts = tuple(facts)
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for fact in self._facts[:FIRST]:
            self._lines.addWidget(FactLine(fact))
        self.table.setRowCount(len(self._facts))
        for row, fact in enumerate(self._facts):
            word = VERDICTS[fact.verdict][1]
            judged = f"{word}: {fact.blame}" if word and fact.blame else word or fact.blame
            for column, text in enumerate((fact.label, fact.text, judged)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.setVisible(bool(self._facts))
        self._show_table(self.details.isChecked())

    def _show_table(self, on: bool) -> None:
        theme.set_icon(self.details, "ph.caret-down" if on else "ph.caret-right", "accent")
        self.table.setVisible(on)
        self.copy.setVisible(on)
        rows = self.table.verticalHeader().length() + self.table.horizontalHeader().height()
        self.table.setFixedHeight(min(rows + 16, 240))

    def copy_table(self) -> None:
        """The whole table, tab-separated."""
        text = "\n".join(
            "\t".join(
                item.text() if (item := self.table.item(row, column)) is not None else ""
                for column in range(3)
            )
            for row in range(self.table.rowCount())
        )
        QGuiApplication.clipboard().setText(text)
