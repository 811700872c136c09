"""The document in memory: one value, its past and its future. Main thread only.

Undo keeps old values instead of inverse commands, so it reaches everything, computed results
too: their arrays stay in the project folder as long as any value in the history names them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from psygnal import Signal

from studio.document.project import Project

LIMIT = 200


@dataclass(frozen=True)
class Entry:
    """One step of the history: the value after it, and what the step was called."""

    label: str
    project: Project
    gesture: object = None


class Document:
    """The project being worked on. ``changed(project)`` is emitted after every change."""

    changed = Signal(Project)

    def __init__(self, project: Project | None = None) -> None:
        self._history = [Entry("Open", project or Project())]
        self._now = 0
        self._saved: Project | None = self._history[0].project
        self._thread = threading.get_ident()

    @property
    def project(self) -> Project:
        return self._history[self._now].project

    @property
    def history(self) -> tuple[Entry, ...]:
        """Every step, undone ones too; :attr:`position` is the current one."""
        return tuple(self._history)

    @property
    def position(self) -> int:
        return self._now

    @property
    def dirty(self) -> bool:
        """Whether the value differs from what was last saved."""
        return self.project is not self._saved

    def edit(
        self, label: str, change: Callable[[Project], Project], gesture: object = None
    ) -> Project:
        """Apply a pure change. Edits with the same ``gesture`` (a slider drag) are one step.

        Returns the new value. If ``change`` raises or returns the same value, nothing happens.
        """
        if threading.get_ident() != self._thread:
            raise RuntimeError("the document is edited on the main thread only")
        before = self._history[self._now]
        project = change(before.project)
        if project is before.project or project == before.project:
            return before.project
        del self._history[self._now + 1 :]
        if gesture is not None and before.gesture == gesture and self._now > 0:
            self._history[self._now] = Entry(label, project, gesture)
        else:
            self._history.append(Entry(label, project, gesture))
            if len(self._history) > LIMIT:
                del self._history[0]
        self._now = len(self._history) - 1
        self.changed.emit(project)
        return project

    def go(self, position: int) -> None:
        """Jump to a step of the history."""
        position = min(max(position, 0), len(self._history) - 1)
        if position != self._now:
            self._now = position
            self.changed.emit(self.project)

    def undo(self) -> str | None:
        """Take back the last step; its label, or None at the beginning."""
        if self._now == 0:
            return None
        label = self._history[self._now].label
        self.go(self._now - 1)
        return label

    def redo(self) -> str | None:
        """Do the next step again; its label, or None at the end."""
        if self._now + 1 >= len(self._history):
            return None
        self.go(self._now + 1)
        return self._history[self._now].label

    def replace(self, project: Project) -> None:
        """Another project: a fresh history."""
        self._history = [Entry("Open", project)]
        self._now = 0
        self._saved = project
        self.changed.emit(project)

    def mark_saved(self, project: Project) -> None:
        """Remember what is on disk."""
        self._saved = project

    def assets(self) -> frozenset[str]:
        """Every asset that undo or redo could still need."""
        return frozenset().union(*(entry.project.assets() for entry in self._history))
