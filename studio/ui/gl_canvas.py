"""The widget that VTK draws into, without habits of its own."""

from __future__ import annotations

import os
import weakref
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def make_canvas(parent: QWidget) -> Any:
    """A pyvista plotter in a widget (made late: VTK is slow to import).

    It draws when it is told to render. Whatever makes Qt paint it (a label over it that changes,
    a render that ended) only copies what was drawn: the toolkit's own widget draws the scene once
    more each time, which halves the rate at which a take plays.
    """
    os.environ.setdefault("QT_API", "pyside6")
    from pyvistaqt import QtInteractor

    class Canvas(QtInteractor):
        drawn = False

        def initializeGL(self) -> None:
            self.drawn = False
            super().initializeGL()

        def resizeGL(self, w: int, h: int) -> None:
            self.drawn = False
            super().resizeGL(w, h)

        def paintGL(self) -> None:
            interactor = self.render_window.GetInteractor()
            interactor.SetEnableRender(not self.drawn)
            super().paintGL()
            interactor.EnableRenderOn()

    canvas = Canvas(parent, auto_update=False, multi_samples=0)
    known = weakref.ref(canvas)

    def drawn(*_: object) -> None:
        if (there := known()) is not None:
            there.drawn = True

    canvas.render_window.AddObserver("EndEvent", drawn)
    canvas.setAcceptDrops(False)
    canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return canvas
