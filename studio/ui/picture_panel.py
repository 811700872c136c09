"""The panel of a live step that makes pictures: they stand where the camera's would, and have all
the room there is."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from platformdirs import user_videos_path
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel

from studio.core.types import Frame
from studio.registry import Feature
from studio.ui.live_panel import LivePanel
from studio.ui.notices import Level
from studio.ui.studio import Studio

TELL_S = 0.25
"""How often what a picture costs is told."""
_LATELY_S = 2.0


class PicturePanel(LivePanel):
    """``note`` says what is lacking; ``hud``, in place of the progress, what a picture costs.

    ``keeps`` is what the folder of its pictures and films is called after the project's name;
    ``quiet`` hides what a picture costs.
    """

    keeps = ""
    quiet = False

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self._seen: list[float] = []
        self._told_s = 0.0
        super().__init__(studio, feature)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.studio.alone_wanted.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self.studio.alone_wanted.emit(False)

    def add_note(self) -> QLabel:
        """The label of what is lacking, to be placed."""
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setProperty("verdict", "look")
        self.note.hide()
        return self.note

    def add_hud(self) -> None:
        """What a picture costs, at the panel's foot."""
        self.hud = QLabel()
        self.hud.setAccessibleName("Milliseconds of each stage")
        self.hud.setProperty("role", "small")
        self.hud.setWordWrap(True)
        self.hud.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hud.hide()
        self.foot.insertWidget(1, self.hud)

    def tell_cost(self, text: str) -> None:
        """Say what a picture costs. Its room does not shrink: the button above would jump."""
        self.hud.setText(text)
        if self.hud.isVisible():
            room = self.hud.heightForWidth(self.hud.width())
            self.hud.setMinimumHeight(max(room, self.hud.minimumHeight()))
        self._progress()

    def show_note(self, text: str) -> None:
        """Say what is lacking; nothing hides it."""
        if text != self.note.text() or self.note.isHidden() == bool(text):
            self.note.setText(text)
            self.note.setVisible(bool(text))

    def put_in_place(
        self, camera: str, rgb: UInt8[np.ndarray, "height width 3"], taken_s: float | None = None
    ) -> None:
        """Show a picture where a camera's stood. Its delay counts from ``taken_s``, else now."""
        cameras = self.studio.cameras
        canvas = cameras.canvas
        if canvas is not None and camera in canvas.cameras:
            made = Frame(camera, time.monotonic(), rgb)
            cameras.followed = {camera: made}
            canvas.show_frame(made, made.time_s if taken_s is None else taken_s)

    def rate_to_tell(self) -> float | None:
        """One more picture was shown: how many a second lately, when it is time to tell again."""
        now = time.monotonic()
        self._seen = [t for t in self._seen if now - t < _LATELY_S] + [now]
        if now - self._told_s < TELL_S or len(self._seen) < 2:
            return None
        self._told_s = now
        return (len(self._seen) - 1) / max(now - self._seen[0], 1e-6)

    def folder(self) -> Path:
        """Where pictures and films go: beside the project; of a draft, to the user's videos."""
        if self.studio.projects.is_draft:
            return user_videos_path() / "Doppel"
        folder = self.studio.assets.folder.parent
        return folder.parent / f"{folder.stem} {self.keeps}"

    def say(self, text: str, hint: str, level: Level) -> None:
        """Tell the user something that has happened."""
        self.studio.notices.tell(text, hint, level)

    def _progress(self) -> None:
        super()._progress()
        if self.loaded and self.studio.running(self.feature.id) is not None:
            known = bool(self.hud.text()) and self.told.text() != "Stopping"
            self.hud.setVisible(known and not self.quiet)
            self.told.setVisible(not known)
