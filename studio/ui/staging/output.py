"""What becomes of the stage's pictures: a clean window, a snapshot, a comparison, a film."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QMenu, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.core.errors import StudioError
from studio.core.pictures import write_picture
from studio.live.outlets.frames import FrameOutlet, Wish
from studio.live.stage.film import film_sink
from studio.ui import theme
from studio.ui.notices import Level
from studio.ui.staging.picture import OutputWindow, before_tiles, labelled, side_by_side
from studio.ui.staging.written import WrittenLabel, free_places

FILM = "film"
RATE_HZ = 30.0
RECORD = "Record film"


class Lane(Protocol):
    """Who makes the pictures: for whom, how large, and whether films may be transparent."""

    outlets: Mapping[str, FrameOutlet]

    @property
    def size_px(self) -> tuple[int, int]: ...
    @property
    def clear(self) -> bool: ...


class OutputBox(QWidget):
    """Full screen, snapshot, comparison, recording. ``folder()`` is where files go, whose names
    begin with ``stem``; what was written or failed is told to ``say(text, hint, level)``."""

    def __init__(
        self, lane: Callable[[], Lane | None], folder: Callable[[], Path],
        say: Callable[[str, str, Level], object], stem: str = "Stage",
    ) -> None:  # fmt: skip
        super().__init__()
        self._lane, self._folder, self._say = lane, folder, say
        self._stem = stem
        self.window_ = OutputWindow(stem)
        self.snapshot: np.ndarray | None = None
        self._shown: tuple[np.ndarray, np.ndarray] | None = None
        self._film: tuple[FrameOutlet, Path, float] | None = None
        self.screen_button = self._button(
            "Full screen", "ph.corners-out", "The picture alone, without a frame; Esc closes it"
        )
        self.snap_button = self._button("Snapshot", "ph.camera", "Keep this picture as a file")
        self.compare_button = self._button(
            "Compare", "ph.columns", "The snapshot, or else the camera, on the left half"
        )
        self.compare_button.setCheckable(True)
        self.record_button = self._button(RECORD, "ph.circle-fill", "A film of the picture")
        theme.set_icon(self.record_button, "ph.circle-fill", "stop")
        self._menu = QMenu(self.screen_button)
        self._menu.aboutToShow.connect(self._list_screens)
        self.told = WrittenLabel()
        grid = QGridLayout()
        grid.setSpacing(8)
        buttons = (self.screen_button, self.snap_button, self.compare_button, self.record_button)
        for k, button in enumerate(buttons):
            grid.addWidget(button, k // 2, k % 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(grid)
        column.addWidget(self.told)
        self.screen_button.clicked.connect(self._on_screen)
        self.snap_button.clicked.connect(self._snap)
        self.record_button.clicked.connect(self._record)

    @property
    def recording(self) -> bool:
        """Whether a film is being written."""
        return self._film is not None

    def show_picture(
        self, rgba: np.ndarray, camera: np.ndarray | None, kept: np.ndarray | None = None
    ) -> np.ndarray:
        """A new picture (height, width, 4), as the window has it (height, width, 3): compared, if
        that is asked for. The clean output window gets it alone; a snapshot is a file of ``kept``,
        if that is something else."""
        self._shown = rgba, rgba if kept is None else kept
        rgb = before_tiles(rgba)
        if self.window_.isVisible():
            self.window_.show_picture(rgb)
        self._follow_film()
        other = self.snapshot if self.snapshot is not None else camera
        if self.compare_button.isChecked() and other is not None:
            name = "Camera" if self.snapshot is None else "Snapshot"
            return labelled(side_by_side(other, rgb), name, "Now")
        return rgb

    def finish(self) -> None:
        """End what is being written, and close the window."""
        self._end_film()
        if isValid(self.window_):  # at the end of the program it may be gone already
            self.window_.close()

    def _button(self, text: str, icon: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        theme.set_icon(button, icon)
        return button

    def _on_screen(self) -> None:
        if self.window_.isVisible():
            self.window_.close()
        elif len(QGuiApplication.screens()) > 1:
            self._menu.exec(self.screen_button.mapToGlobal(self.screen_button.rect().bottomLeft()))
        else:
            self.window_.show_on(QGuiApplication.primaryScreen())

    def _list_screens(self) -> None:
        self._menu.clear()
        for screen in QGuiApplication.screens():
            size = screen.geometry()
            words = f"{screen.name()}, {size.width()} x {size.height()}"
            action = self._menu.addAction(words)
            action.triggered.connect(lambda _=False, s=screen: self.window_.show_on(s))

    def _snap(self) -> None:
        if self._shown is None:
            return
        rgba, kept = self._shown
        self.snapshot = before_tiles(rgba)
        (path,) = free_places(self._folder(), ".png", stem=self._stem)
        try:
            write_picture(path, kept)
        except StudioError as error:
            self._say(error.message, error.hint, "stop")
            return
        if not self.recording:
            self.told.show_files([path])
        self._say(f"Snapshot: {path.name}", str(path.parent), "good")

    def _record(self) -> None:
        lane = self._lane()
        if self._film is not None:
            self._end_film()
            return
        if lane is None:
            return
        suffix = ".webm" if lane.clear else ".mp4"
        (path,) = free_places(self._folder(), suffix, stem=self._stem)
        wish = Wish(lane.size_px, RATE_HZ)
        outlet = FrameOutlet(FILM, lambda: film_sink(path, wish), every=True)
        self._film = outlet, path, time.monotonic()
        lane.outlets = {**lane.outlets, FILM: outlet}
        self.record_button.setText("Stop recording")
        self._follow_film()

    def _follow_film(self) -> None:
        if self._film is None:
            return
        outlet, path, began_s = self._film
        if outlet.error is not None:
            self._end_film()
            return
        seconds = int(time.monotonic() - began_s)
        missed = f" · {outlet.skipped} missed" if outlet.skipped else ""
        self.told.say(f"● {seconds // 60}:{seconds % 60:02} · {path.name}{missed}")

    def _end_film(self) -> None:
        if self._film is None:
            return
        (outlet, path, _), self._film = self._film, None
        lane = self._lane()
        if lane is not None:
            lane.outlets = {k: v for k, v in lane.outlets.items() if k != FILM}
        outlet.close(5.0)
        self.record_button.setText(RECORD)
        self.told.say("")
        if isinstance(outlet.error, StudioError):
            self._say(outlet.error.message, outlet.error.hint, "stop")
        elif outlet.error is not None:
            self._say(
                f"The film could not be written: {outlet.error}.",
                "Free some space on the disk, and record again.",
                "stop",
            )
        else:
            self.told.show_files([path])
            self._say(
                f"Recorded: {path.name}", f"{outlet.written} pictures in {path.parent}", "good"
            )
