"""Actions as data: one registry feeds menus, toolbars, the palette, shortcuts and their sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from studio.core.settings import SettingsFile
from studio.ui import theme

ALWAYS: Callable[[], str] = lambda: ""  # noqa: E731


@dataclass(frozen=True)
class Command:
    """Something the user can do. ``why_not`` says, in words, why not now; empty means it can be."""

    id: str
    title: str
    run: Callable[[], object]
    group: str
    icon: str = ""
    shortcut: str = ""
    why_not: Callable[[], str] = ALWAYS
    checked: Callable[[], bool] | None = None
    words: str = ""


class Commands(QObject):
    """Every command there is. ``sources`` add those that come and go (recent projects)."""

    changed = Signal()
    ran = Signal(str)

    def __init__(self, settings: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._sources: list[Callable[[], Iterable[Command]]] = []
        self.on_refused: Callable[[Command, str], object] = lambda command, why: None
        self.on_error: Callable[[Exception, str], object] | None = None
        theme.look().changed.connect(self._recolour)

    def add(self, *commands: Command) -> None:
        """Register commands. Raises ValueError if an id is taken."""
        for command in commands:
            if command.id in self._commands:
                raise ValueError(f"the command {command.id} is already there")
            self._commands[command.id] = command
        self.changed.emit()

    def add_source(self, source: Callable[[], Iterable[Command]]) -> None:
        """Add commands that are asked for anew whenever all are listed."""
        self._sources.append(source)

    def remove(self, id: str) -> None:
        self._commands.pop(id, None)
        action = self._actions.pop(id, None)
        if action is not None:
            action.deleteLater()
        self.changed.emit()

    def __contains__(self, id: str) -> bool:
        return id in self._commands

    def __getitem__(self, id: str) -> Command:
        return self._commands[id]

    def all(self) -> tuple[Command, ...]:
        """Every command, those of the sources last."""
        return (*self._commands.values(), *(c for source in self._sources for c in source()))

    def run(self, id: str) -> bool:
        """Run a command; False if it cannot be run now (the user is told why)."""
        command = self._commands.get(id) or next((c for c in self.all() if c.id == id), None)
        if command is None:
            raise KeyError(id)
        why = command.why_not()
        if why:
            self.on_refused(command, why)
            return False
        try:
            command.run()
        except Exception as error:
            if self.on_error is None:
                raise
            self.on_error(error, command.title)
        self.ran.emit(id)
        return True

    # -- shortcuts ---------------------------------------------------------------------------

    def shortcut(self, id: str) -> str:
        """The keys of a command: the user's, or its own."""
        return self._settings.value.shortcuts.get(id, self._commands[id].shortcut)

    def conflict(self, id: str, keys: str) -> Command | None:
        """The other command that has these keys."""
        wanted = QKeySequence(keys)
        if wanted.isEmpty():
            return None
        for other in self._commands.values():
            if other.id != id and QKeySequence(self.shortcut(other.id)) == wanted:
                return other
        return None

    def rebind(self, id: str, keys: str) -> None:
        """Give a command these keys; whoever had them loses them."""
        changed = dict(self._settings.value.shortcuts)
        other = self.conflict(id, keys)
        if other is not None:
            changed[other.id] = ""
        changed[id] = keys
        self._store(changed)

    def reset_shortcuts(self, id: str | None = None) -> None:
        """Back to the shipped keys, for one command or for all."""
        kept = {k: v for k, v in self._settings.value.shortcuts.items() if id and k != id}
        self._store(kept)

    def _store(self, shortcuts: dict[str, str]) -> None:
        plain = {i: k for i, k in shortcuts.items() if i not in self._commands
                 or self._commands[i].shortcut != k}  # fmt: skip
        self._settings.change(shortcuts=plain)
        for id, action in self._actions.items():
            self._dress(action, self._commands[id])
        self.changed.emit()

    # -- Qt ----------------------------------------------------------------------------------

    def action(self, id: str) -> QAction:
        """The one QAction of a command, for menus and windows."""
        if id not in self._actions:
            command = self._commands[id]
            action = QAction(self)
            action.setObjectName(id)
            action.setCheckable(command.checked is not None)
            action.triggered.connect(lambda: self.run(id))
            self._actions[id] = action
            self._dress(action, command)
        return self._actions[id]

    def refresh(self) -> None:
        """Ask every command whether it can be run and whether it is on."""
        for id, action in self._actions.items():
            self._dress(action, self._commands[id])

    def button(self, id: str, parent: QWidget | None = None) -> QToolButton:
        """An icon button for a command, named for eyes and screen readers."""
        button = QToolButton(parent)
        button.setDefaultAction(self.action(id))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setAccessibleName(self._commands[id].title)
        return button

    def tip(self, id: str) -> str:
        """“Name (Shortcut)”."""
        keys = QKeySequence(self.shortcut(id)).toString(QKeySequence.SequenceFormat.NativeText)
        title = self._commands[id].title.rstrip("…")
        return f"{title} ({keys})" if keys else title

    def _dress(self, action: QAction, command: Command) -> None:
        action.setText(command.title)
        action.setShortcut(QKeySequence(self.shortcut(command.id)))
        why = command.why_not()
        action.setToolTip(f"{self.tip(command.id)}\n{why}" if why else self.tip(command.id))
        action.setEnabled(not why)
        if command.checked is not None:
            action.setChecked(command.checked())
        if command.icon:
            action.setIcon(theme.icon(command.icon))

    def _recolour(self) -> None:
        for id, action in self._actions.items():
            if self._commands[id].icon:
                action.setIcon(theme.icon(self._commands[id].icon))


class KeepKeys(QObject):
    """Lets a focused control keep the plain keys it lives by (Space presses a button).

    It listens to the focused widget alone: a filter on the whole application would run Python
    code, and wait for a worker to let go of the interpreter, at every event of every widget.
    """

    def follow(self, app: QApplication) -> None:
        """Listen to whichever widget has the focus."""
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is not None and isValid(old):
            old.removeEventFilter(self)
        if now is not None:
            now.installEventFilter(self)

    _KEEP = (QAbstractButton, QAbstractItemView, QComboBox)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            focused = QApplication.focusWidget()
            if plain and event.key() == Qt.Key.Key_Space and isinstance(focused, self._KEEP):
                event.accept()
                return True
            if plain and event.text().isalnum() and isinstance(focused, self._KEEP[1:]):
                event.accept()
                return True
        return False
