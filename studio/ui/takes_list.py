"""Recorded takes of a folder: a picture, what they hold, and whether they are in the project."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.media.recording.read import clips_of
from studio.media.recording.take import TakeRecord, list_takes
from studio.media.video import open_clip
from studio.ui import theme
from studio.ui.studio import Studio
from studio.ui.words import clock

THUMB = (72, 44)
FIRST = 4


@dataclass(frozen=True, eq=False)
class Known:
    """A take on disk; ``rgb`` is a small picture from its middle, None where none can be read."""

    folder: Path
    take: TakeRecord
    rgb: np.ndarray | None


def look_through(folder: Path, known: dict[Path, Known], most: int = 12) -> tuple[Known, ...]:
    """The newest finished takes of a folder; known ones are not looked into again."""
    found: list[Known] = []
    finished = [(path, take) for path, take in list_takes(folder) if take.finished]
    for path, take in finished[:most]:
        old = known.get(path)
        same = old is not None and old.take == take
        found.append(old if same and old is not None else Known(path, take, _picture(path, take)))
    return tuple(found)


def _picture(folder: Path, take: TakeRecord) -> np.ndarray | None:
    try:
        clips, _ = clips_of(folder, take)
        with open_clip(clips[0].video) as reader:
            rgb = reader.frame(reader.frames // 2).rgb
    except (StudioError, IndexError):
        return None
    step = max(1, min(rgb.shape[1] // (2 * THUMB[0]), rgb.shape[0] // (2 * THUMB[1])))
    return np.ascontiguousarray(rgb[::step, ::step])


def describe(take: TakeRecord) -> str:
    """“0:12 · 4 cameras · 3 frames missing · Left away for a while · recovered”."""
    missing = sum(camera.dropped + camera.lost for camera in take.cameras)
    words = [clock(take.duration_s), counted(len(take.cameras), "camera")]
    words.append(f"{counted(missing, 'frame')} missing" if missing else "complete")
    if away := [camera.name for camera in take.cameras if take.absent_s(camera)]:
        words.append(f"{', '.join(away)} away for a while")
    if take.recovered:
        words.append("recovered")
    return " · ".join(words)


class _Row(QFrame):
    """One take. A click shows it."""

    shown = Signal()

    def __init__(self, known: Known, inside: bool) -> None:
        super().__init__()
        self.setObjectName("takeRow")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        thumb = QLabel()
        thumb.setObjectName("thumb")
        thumb.setFixedSize(*THUMB)
        thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        thumb.setProperty("iconSize", 20)
        theme.set_icon(thumb, "ph.film-strip", "muted")
        if known.rgb is not None:
            height, width = known.rgb.shape[:2]
            image = QImage(known.rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            ratio = thumb.devicePixelRatioF()
            picture = QPixmap.fromImage(image).scaled(
                QSize(round(THUMB[0] * ratio), round(THUMB[1] * ratio)),
                Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation,
            )  # fmt: skip
            picture.setDevicePixelRatio(ratio)
            thumb.setPixmap(picture)
        name, told = QLabel(known.take.name), QLabel(describe(known.take))
        told.setProperty("role", "small")
        told.setWordWrap(True)
        self.button = QPushButton("Show" if inside else "Bring in")
        self.button.setProperty("role", "link")
        self.button.setToolTip(
            "Show this take" if inside else "Bring this take into the project, and show it"
        )
        self.button.setAccessibleName(f"{self.button.text()} {known.take.name}")
        self.button.clicked.connect(self.shown)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(told)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 4, 6)
        row.setSpacing(8)
        row.addWidget(thumb)
        row.addLayout(words, 1)
        row.addWidget(self.button)
        when = known.take.started.astimezone().strftime("%d %b %Y %H:%M")
        self.setToolTip(f"{when}\n{known.folder}")
        self.setAccessibleName(f"{known.take.name}: {told.text()}")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.shown.emit()


class TakesList(QWidget):
    """Lists the takes of a folder, read on a worker. ``wanted(folder, take)`` asks to show one."""

    wanted = Signal(object, object)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._folder: Path | None = None
        self._known: dict[Path, Known] = {}
        self._inside: frozenset[Path] = frozenset()
        self._reading = self._again = self._all = False
        title = QLabel("Takes")
        title.setProperty("role", "section")
        self.open_button = QPushButton("Open folder")
        self.open_button.setProperty("role", "link")
        self.open_button.clicked.connect(self._open_folder)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(self.open_button)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self.more_button = QPushButton("More")
        self.more_button.setProperty("role", "link")
        self.more_button.clicked.connect(self._show_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(self._rows)
        column.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    @property
    def takes(self) -> tuple[Known, ...]:
        """What is listed, newest first."""
        return tuple(self._known.values())

    def show_folder(self, folder: Path, inside: Collection[Path]) -> None:
        """List a folder; ``inside`` are the folders of takes that the project holds."""
        self._inside = frozenset(inside)
        self._folder = folder
        if self._reading:
            self._again = True
            return
        self._reading = True
        known = dict(self._known)
        future = self._studio.lanes["io"].submit(look_through, folder, known)
        self._studio.watch.call(future, self._there, self._lost)

    def _there(self, found: tuple[Known, ...]) -> None:
        self._reading = False
        self._known = {known.folder: known for known in found}
        self._fill()
        if self._again and self._folder is not None:
            self._again = False
            self.show_folder(self._folder, self._inside)

    def _lost(self, error: BaseException, details: str) -> None:
        self._reading = False
        self._studio.notices.error(error, "Takes", details)

    def _fill(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        known_all = self.takes
        for known in known_all if self._all else known_all[:FIRST]:
            row = _Row(known, known.folder in self._inside)
            row.shown.connect(lambda k=known: self.wanted.emit(k.folder, k.take))
            self._rows.addWidget(row)
        hidden = len(known_all) - FIRST
        self.more_button.setVisible(hidden > 0 and not self._all)
        self.more_button.setText(f"{hidden} more")
        self.setVisible(bool(known_all))

    def _show_all(self) -> None:
        self._all = True
        self._fill()

    def _open_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
