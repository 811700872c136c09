"""The command palette: every action, found by a few letters."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.ui import theme
from studio.ui.commands import Command, Commands
from studio.ui.fuzzy import score

_COMMAND = Qt.ItemDataRole.UserRole
_FORWARD = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Palette(QFrame):
    """A search field over a list. Up and Down choose, Enter runs, Escape closes."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._owner = parent
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self._commands = commands
        self._used: list[str] = []
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Search actions, panels, projects")
        self.field.setAccessibleName("Search actions")
        self.list = QListWidget(self)
        self.list.setAccessibleName("Actions found")
        self.list.setItemDelegate(_Row(commands, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.field.textChanged.connect(self.search)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _: self.run_current())

    def open(self) -> None:
        """Show the palette over the window, empty, latest actions first."""
        window = self._owner.window()
        width = min(640, window.width() - 64)
        self.resize(width, min(480, window.height() - 160))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 72)
        self.field.clear()
        self.search("")
        self.show()
        self.field.setFocus()

    def search(self, text: str) -> None:
        """List what the text finds, the best first."""
        found: list[tuple[float, int, Command]] = []
        for number, command in enumerate(self._commands.all()):
            points = score(text, f"{command.title} {command.group} {command.words}")
            if points is not None:
                title = score(text, command.title)
                recent = self._used.index(command.id) if command.id in self._used else 99
                found.append((-(points + (title or 0)) + 0.01 * recent, number, command))
        self.list.clear()
        for _, _, command in sorted(found, key=lambda row: row[:2]):
            item = QListWidgetItem(command.title)
            item.setData(_COMMAND, command)
            item.setToolTip(command.why_not())
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def found(self) -> list[Command]:
        """The commands listed now."""
        return [self.list.item(row).data(_COMMAND) for row in range(self.list.count())]

    def run_current(self) -> None:
        """Close, then run the chosen command."""
        item = self.list.currentItem()
        if not item:
            return
        command: Command = item.data(_COMMAND)
        self._used = [command.id, *(id for id in self._used if id != command.id)][:8]
        self.hide()
        self._commands.run(command.id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.run_current()
                return True
            if event.key() in _FORWARD:
                self._move(event.key())
                return True
        return False

    def _move(self, key: int) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8}.get(Qt.Key(key), 8)
        row = min(max(self.list.currentRow() + step, 0), self.list.count() - 1)
        self.list.setCurrentRow(row)


class _Row(QStyledItemDelegate):
    """Icon, title, group on the left; the shortcut on the right."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self._commands = commands

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:  # type: ignore[override]
        return QSize(200, theme.look().px(34))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[override]
        command: Command = index.data(_COMMAND)
        look, rect = theme.look(), option.rect  # type: ignore[attr-defined]
        t, why = look.tokens, command.why_not()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.selection))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 4, 4)
        side = look.px(16)
        theme.icon(command.icon or "ph.command", "disabled" if why else "muted").paint(
            painter, rect.left() + 16, rect.center().y() - side // 2, side, side
        )
        left, middle = rect.left() + 16 + side + 12, Qt.AlignmentFlag.AlignVCenter
        title = command.title
        keys = self._commands.shortcut(command.id) if command.id in self._commands else ""
        keys = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        right = option.fontMetrics.horizontalAdvance(keys) + 32 if keys else 16  # type: ignore[attr-defined]
        width = option.fontMetrics.horizontalAdvance(title)  # type: ignore[attr-defined]
        painter.setPen(QColor(t.disabled if why else t.text))
        painter.drawText(rect.adjusted(left - rect.left(), 0, -right, 0), middle, title)
        painter.setPen(QColor(t.disabled if why else t.muted))
        aside = f"{command.group} · {why}" if why else command.group
        room = rect.width() - (left - rect.left()) - width - 16 - right
        aside = option.fontMetrics.elidedText(aside, Qt.TextElideMode.ElideRight, max(room, 0))  # type: ignore[attr-defined]
        painter.drawText(
            rect.adjusted(left - rect.left() + width + 12, 0, -right, 0), middle, aside
        )
        painter.drawText(rect.adjusted(0, 0, -16, 0), middle | Qt.AlignmentFlag.AlignRight, keys)
        painter.restore()
