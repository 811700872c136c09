"""The places that the first-run tour shows: five, or four where the doors are behind somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from studio.ui.tour import Mark

if TYPE_CHECKING:
    from studio.ui.window import Window


def _dock(window: Window, id: str) -> QWidget:
    window.pages.setCurrentWidget(window.docks.manager)
    window.docks.show(id)
    return window.docks.docks[id]


def marks(window: Window) -> tuple[Mark, ...]:
    """Doors (while they are to be seen), workspaces, the one panel, the picture, the palette."""
    keys = window.studio.commands.shortcut("app.palette")
    doors = Mark(lambda: window.welcome.doors, "Three ways in",
                 "Try the sample, open your footage, or use a webcam. You can also drop files "
                 "anywhere: Doppel finds the step that wants them.")  # fmt: skip
    at_them = window.pages.currentWidget() is window.welcome
    return (
        *((doors,) if at_them else ()),
        Mark(lambda: window.top.workspaces, "Workspaces",
             "Each shows the same panels, laid out for one kind of work. Move and close panels "
             "as you like; “Reset layout” brings them back."),
        Mark(lambda: _dock(window, "step"), "One panel, one button",
             "The panel of a step says what is missing, runs with one button, and tells "
             "the result in three facts."),
        Mark(lambda: _dock(window, "viewport"), "The picture is the interface",
             "Results appear while they are computed. Fading joints are uncertain ones."),
        Mark(lambda: window.top, "Everything by name",
             f"{keys} finds every action, panel and recent project. F1 opens the help."),
    )  # fmt: skip
