"""The photographs in a row: each with its name, and below what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from jaxtyping import UInt8
from PySide6.QtCore import QSize, Signal, SignalInstance
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from studio.ui import theme
from studio.ui.thumb import Thumb

PICTURE = (88, 88)


class Photo(Protocol):
    """A photograph that was looked at: its pixels, what is wrong with it, or why it is refused, in
    words, and the square (left, top, side in pixels) about what it shows."""

    @property
    def path(self) -> Path: ...

    @property
    def rgb(self) -> UInt8[np.ndarray, "height width 3"]: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    @property
    def refused(self) -> str: ...

    @property
    def hint(self) -> str: ...

    @property
    def square(self) -> tuple[float, float, float]: ...


class Cell(QWidget):
    """One photograph: its picture, a button that takes it away, and words."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.thumb = Thumb(path.stem, PICTURE, "ph.image")
        self.thumb.setToolTip(path.name)
        self.thumb.setFixedSize(self.thumb.sizeHint())
        self.away = QToolButton(self.thumb)
        theme.set_icon(self.away, "ph.x", "text")
        self.away.setObjectName("away")
        self.away.setToolTip(f"Leave {path.name} out")
        self.away.setAccessibleName(f"Leave {path.name} out")
        self.away.setIconSize(QSize(12, 12))
        self.away.setFixedSize(18, 18)
        self.away.move(4, 4)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("role", "small")
        self.words.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.thumb)
        column.addWidget(self.words)
        column.addStretch(1)
        self.setFixedWidth(theme.look().px(PICTURE[0]))
        self.tell("Looking…", "plain")

    def tell(self, text: str, verdict: str) -> None:
        """Say what is wrong; nothing hides the line."""
        self.words.setText(text)
        self.words.setProperty("verdict", "" if verdict == "plain" else verdict)
        self.words.style().unpolish(self.words)
        self.words.style().polish(self.words)
        self.words.setVisible(bool(text))
        high = self.words.heightForWidth(self.width()) + 4 if text else 0
        self.setFixedHeight(self.thumb.height() + high)
        self.thumb.setAccessibleDescription(text)

    def show_photo(self, photo: Photo) -> None:
        """The picture about the person, and what was found out."""
        self.thumb.set_picture(_square(photo))
        if photo.refused:
            self.tell(photo.refused.replace(f" in “{photo.path.name}”", ""), "stop")
            self.setToolTip(photo.hint)
        else:
            said = "; ".join(photo.warnings)
            self.tell(said[:1].upper() + said[1:], "look")


class PhotosRow(QWidget):
    """``chosen(path)`` follows a click on a photograph, ``left_out(path)`` one on its cross."""

    chosen = Signal(object)
    left_out = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Photographs")
        self.cells: dict[Path, Cell] = {}
        self._flow = QFlowLayout(self)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._flow.setSpacing(8)

    def set_photos(self, paths: Sequence[Path]) -> None:
        """These photographs, in this order."""
        if list(self.cells) == list(paths):
            return
        while (entry := self._flow.takeAt(0)) is not None:
            entry.widget()
        for path in [path for path in self.cells if path not in paths]:
            cell = self.cells.pop(path)
            cell.hide()
            cell.deleteLater()
        old = self.cells
        self.cells = {path: old.get(path) or self._cell(path) for path in paths}
        for cell in self.cells.values():
            self._flow.addWidget(cell)
        self.setVisible(bool(paths))

    def _cell(self, path: Path) -> Cell:
        cell = Cell(path)
        cell.thumb.clicked.connect(partial(self._told, self.chosen, path))
        cell.away.clicked.connect(partial(self._told, self.left_out, path))
        return cell

    def _told(self, signal: SignalInstance, path: Path, _: bool = False) -> None:
        signal.emit(path)

    def doubt(self, strangers: Sequence[Path], text: str) -> None:
        """These photographs show somebody else, it seems: say so."""
        for path in strangers:
            if path in self.cells:
                self.cells[path].tell(text, "stop")

    def set_chosen(self, path: Path | None) -> None:
        """Mark the photograph that lies on the table."""
        for one, cell in self.cells.items():
            cell.thumb.setChecked(one == path)


def _square(photo: Photo) -> QImage:
    """What a photograph shows in a small square."""
    left, top, side = photo.square
    scale = 2 * PICTURE[0] / side
    matrix = scale * np.array([[1, 0, -left], [0, 1, -top]])
    out = cv2.warpAffine(
        photo.rgb, matrix, (2 * PICTURE[0],) * 2, flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return QImage(
        out.data, out.shape[1], out.shape[0], 3 * out.shape[1], QImage.Format.Format_RGB888
    ).copy()
