"""The heavy views – viewport, cameras, timeline, plots – made after the window has shown itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from studio.ui.docks import Docks
from studio.ui.presenter import Presenter
from studio.ui.studio import Studio

if TYPE_CHECKING:
    from studio.ui.live_views import LiveViews

_log = logging.getLogger(__name__)

SOON_MS = 400
VIEWS = (
    ("viewport", "studio.ui.viewport", "Viewport"),
    ("canvas", "studio.ui.live_canvas", "LiveCanvas"),
    ("timeline", "studio.ui.timeline", "Timeline"),
    ("plots", "studio.ui.plots", "Plots"),
)


class Stage:
    """Imports and mounts the views; a view that cannot start is reported, the others go on."""

    def __init__(self, studio: Studio, docks: Docks) -> None:
        self._studio, self._docks = studio, docks
        self.views: dict[str, Any] = {}
        self.presenter: Presenter | None = None
        self.live: LiveViews | None = None

    def build(self) -> None:
        """Make every view that is not there yet."""
        from studio.ui.easel import Easel
        from studio.ui.live_views import LiveViews
        from studio.ui.photo import PhotoView

        self.live = self.live or LiveViews(self._studio, self._docks.show)
        for id, module, name in VIEWS:
            if id not in self.views:
                self._mount(id, lambda m=module, n=name: getattr(import_module(m), n)())
        if "easel" not in self.views:
            self._mount("easel", lambda: Easel(self._studio.desk))
            self._studio.desk.wanted.connect(lambda: self._docks.show("easel"))
        if "photo" not in self.views:
            self._mount("photo", lambda: PhotoView(self._studio.photos))
            self._studio.photos.wanted.connect(lambda: self._docks.lay_photo(True))
            self._studio.photos.left.connect(lambda: self._docks.lay_photo(False))
        if "viewport" in self.views:  # what drawing needs is made while somebody still looks round
            QTimer.singleShot(SOON_MS, self.views["viewport"], self.views["viewport"].start)
        self.presenter = Presenter(self._studio, self.views, self._docks.show)

    def _mount(self, id: str, make: Callable[[], QWidget]) -> None:
        try:
            view = make()
        except Exception as error:  # a machine without OpenGL still has forms, jobs and files
            self._studio.notices.error(error, self._docks.docks[id].windowTitle())
            return
        self.views[id] = view
        self._docks.fill(id, view if self.live is None else self.live.wrap(id, view))

    def play(self) -> None:
        """Play the take from its start, once everything of it can be drawn."""
        if self.presenter is not None:
            self.presenter.play_when_loaded()

    def close(self) -> None:
        """Let every view free what it holds."""
        if self.presenter is not None:
            self.presenter.close()
        if self.live is not None:
            self.live.close()
        for view in self.views.values():
            view.close()
