"""The keys: a sheet to read and a dialog to change them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QVBoxLayout,
    QWidget,
)

from studio.ui.commands import Command, Commands
from studio.ui.fuzzy import score

_ID = Qt.ItemDataRole.UserRole


class ShortcutsDialog(QDialog):
    """Every command with its keys, searchable and editable. Non-modal; changes hold at once."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self._commands = commands
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 560)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search by name or by keys")
        self.field.setAccessibleName("Search shortcuts")
        self.field.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Action", "Keys"])
        self.tree.setAccessibleName("Shortcuts")
        self.tree.setColumnWidth(0, 400)
        self.tree.setIndentation(12)
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(True)
        self.keys.setAccessibleName("New keys")
        self.assign = QPushButton("Assign")
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("Back to the shipped keys of this action")
        self.reset_all = QPushButton("Reset all")
        self.told = QLabel("Choose an action, then press the new keys.")
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.keys, 1)
        row.addWidget(self.assign)
        row.addWidget(self.reset)
        row.addWidget(self.reset_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.told)
        layout.addLayout(row)
        self.field.textChanged.connect(self.fill)
        self.tree.currentItemChanged.connect(self._chosen)
        self.keys.keySequenceChanged.connect(self._check)
        self.assign.clicked.connect(self._assign)
        self.reset.clicked.connect(self._reset)
        self.reset_all.clicked.connect(self._reset_all)
        self.fill()

    def _registered(self) -> list[Command]:
        return [c for c in self._commands.all() if c.id in self._commands]

    def fill(self) -> None:
        """List what the search finds, by group."""
        chosen, query = self.chosen(), self.field.text()
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for command in self._registered():
            keys = _native(self._commands.shortcut(command.id))
            if query and score(query, f"{command.title} {keys}") is None:
                continue
            if command.group not in groups:
                groups[command.group] = QTreeWidgetItem([command.group])
                groups[command.group].setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.tree.addTopLevelItem(groups[command.group])
            row = QTreeWidgetItem([command.title.rstrip("…"), keys])
            row.setData(0, _ID, command.id)
            groups[command.group].addChild(row)
            if command.id == chosen:
                self.tree.setCurrentItem(row)
        self.tree.expandAll()

    def chosen(self) -> str:
        """The id of the chosen command."""
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def choose(self, id: str) -> None:
        """Select a command."""
        rows = QTreeWidgetItemIterator(self.tree)
        while row := rows.value():
            if row.data(0, _ID) == id:
                self.tree.setCurrentItem(row)
            rows += 1

    def _chosen(self) -> None:
        id = self.chosen()
        if id:
            self.keys.setKeySequence(QKeySequence(self._commands.shortcut(id)))
        self.assign.setEnabled(bool(id))
        self.reset.setEnabled(bool(id))

    def _check(self) -> None:
        id, keys = self.chosen(), self.keys.keySequence().toString()
        other = self._commands.conflict(id, keys) if id else None
        if other is not None:
            self.told.setText(f"{_native(keys)} belongs to “{other.title}”, which would lose it.")
        else:
            self.told.setText("Choose an action, then press the new keys.")
        self.told.setProperty("verdict", "look" if other is not None else "")
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)

    def _assign(self) -> None:
        self._commands.rebind(self.chosen(), self.keys.keySequence().toString())
        self.fill()

    def _reset(self) -> None:
        self._commands.reset_shortcuts(self.chosen())
        self.fill()

    def _reset_all(self) -> None:
        self._commands.reset_shortcuts()
        self.fill()


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def sheet(commands: Commands) -> str:
    """All keys in force, as Markdown for the help browser."""
    groups: dict[str, list[str]] = {}
    for command in commands.all():
        if command.id in commands and (keys := commands.shortcut(command.id)):
            line = f"| {command.title.rstrip('…')} | {_native(keys)} |"
            groups.setdefault(command.group, []).append(line)
    parts = ["# Keyboard shortcuts"]
    for group, lines in groups.items():
        parts += [f"## {group}", "", "| Action | Keys |", "|---|---|", *lines, ""]
    parts.append("In the 3D view the left button orbits, the middle one pans, the wheel zooms.")
    return "\n".join(parts)
