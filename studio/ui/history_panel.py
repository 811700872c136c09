"""Every step of the project's history; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from studio.document.document import Document
from studio.ui import theme


class HistoryPanel(QListWidget):
    """The newest step at the bottom; undone steps are dimmed and marked."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.setAccessibleName("History")
        document.changed.connect(self._on_changed)
        theme.look().changed.connect(self.refresh)
        self.itemClicked.connect(lambda item: document.go(self.row(item)))
        self.itemActivated.connect(lambda item: document.go(self.row(item)))
        self.refresh()

    def _on_changed(self, _: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the history as it is."""
        t, now = theme.look().tokens, self._document.position
        with QSignalBlocker(self):
            self.clear()
            for number, entry in enumerate(self._document.history):
                undone = number > now
                item = QListWidgetItem(f"{entry.label} (undone)" if undone else entry.label)
                item.setForeground(QColor(t.disabled if undone else t.text))
                name = "ph.arrow-counter-clockwise" if undone else "ph.circle"
                item.setIcon(theme.icon("ph.caret-right" if number == now else name, "muted"))
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.addItem(item)
            self.setCurrentRow(now)
        self.scrollToItem(self.item(now))
