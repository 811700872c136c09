"""One camera on the live canvas: its picture, and the words and meters that lie over it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QLabel, QWidget

from studio.core.types import Frame, Keypoints
from studio.scene.palette import Palette
from studio.ui import theme, tiles
from studio.ui.keypoint_marks import marks
from studio.vision.picture_aids import Exposure

Tone = Literal["plain", "look", "stop"]
MARGIN = 8
_REC = "#ff5c50"
_VEIL = "rgba(16, 18, 22, 190)"
_TONES = {"plain": "#f0f2f5", "look": "#f0c060", "stop": "#ff9d94"}


class Meters(QWidget):
    """A histogram and how sharp the picture is, beside the sharpest that was seen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Focus and exposure")
        self.exposure: Exposure | None = None
        self.sharpness: float | None = None
        self.sharpest = 0.0
        self.setFixedSize(theme.look().px(160), theme.look().px(76))

    def show_figures(self, exposure: Exposure | None, sharpness: float | None) -> None:
        """Show these; None hides that meter."""
        self.exposure, self.sharpness = exposure, sharpness
        if sharpness is not None:
            self.sharpest = max(0.995 * self.sharpest, sharpness)
        told = exposure.words if exposure is not None else ""
        self.setAccessibleDescription(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 18, 22, 190))
        inside = QRectF(self.rect())
        painter.drawRoundedRect(inside, 3, 3)
        inside.adjust(MARGIN, 6, -MARGIN, -6)
        line = theme.look().px(15)
        font = self.font()
        font.setPixelSize(theme.look().px(11))
        painter.setFont(font)
        if self.sharpness is not None:
            self._focus(painter, QRectF(inside.x(), inside.bottom() - line, inside.width(), line))
            inside.setBottom(inside.bottom() - line - 4)
        if self.exposure is not None:
            self._histogram(painter, inside)

    def _histogram(self, painter: QPainter, place: QRectF) -> None:
        assert self.exposure is not None
        counts = np.sqrt(self.exposure.histogram)
        tall = counts / max(float(counts.max()), 1e-6) * place.height()
        step = place.width() / len(tall)
        outline = [place.bottomLeft()]
        for number, height in enumerate(tall):
            outline.append(QPointF(place.x() + (number + 0.5) * step, place.bottom() - height))
        painter.setBrush(QColor(220, 224, 230, 160))
        painter.drawPolygon(QPolygonF([*outline, place.bottomRight()]))
        for share, x in (
            (self.exposure.crushed, place.x()),
            (self.exposure.clipped, place.right()),
        ):
            if share > 0.005:
                painter.setBrush(QColor(_TONES["stop"]))
                painter.drawRect(QRectF(x - 2, place.y(), 3, place.height()))

    def _focus(self, painter: QPainter, place: QRectF) -> None:
        words = "Sharp"
        painter.setPen(QColor(_TONES["plain"]))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
        painter.setPen(Qt.PenStyle.NoPen)
        left = painter.fontMetrics().horizontalAdvance(words) + 6
        bar = QRectF(place.x() + left, place.center().y() - 2, place.width() - left, 4)
        painter.setBrush(QColor(255, 255, 255, 50))
        painter.drawRoundedRect(bar, 2, 2)
        share = (self.sharpness or 0.0) / max(self.sharpest, 1e-9)
        good = share > 0.9
        painter.setBrush(QColor("#6cc28b" if good else _TONES["look"]))
        painter.drawRoundedRect(QRectF(bar.x(), bar.y(), bar.width() * min(share, 1), 4), 2, 2)
        painter.setBrush(QColor(_TONES["plain"]))
        painter.drawRect(QRectF(bar.right() - 2, bar.y() - 3, 2, 10))


class Tile:
    """What the canvas knows of one camera."""

    def __init__(self, camera: str, parent: QWidget) -> None:
        self.camera = camera
        self._parent = parent
        self.frame: Frame | None = None
        self.keypoints: tuple[Keypoints, ...] = ()
        self.reprojected: np.ndarray | None = None
        self.whose: tuple[int, ...] = ()
        self.landed_px: tuple[float, ...] = ()
        self.look = tiles.Look()
        self.mirrored = False
        self.new_frame = self.new_marks = True
        self.drawn = 0
        self.picture: Any = None
        self.overlay: Any = None
        self.label = self._words(escape(camera))
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.state = self._words("")
        self.state.setWordWrap(True)
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.meters: Meters | None = None
        self.label.show()

    def _words(self, text: str) -> QLabel:
        label = QLabel(text, self._parent)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.setTextFormat(Qt.TextFormat.PlainText)
        dress(label, "plain")
        label.hide()
        return label

    def land(
        self, xy_px: np.ndarray | None, people: Sequence[int], sizes_px: Sequence[float] = ()
    ) -> None:
        """Points that land in the picture, of each whose it is and its radius (see ``marks``)."""
        self.reprojected = None if xy_px is None else np.asarray(xy_px, np.float32)
        self.whose, self.landed_px, self.new_marks = tuple(people), tuple(sizes_px), True

    def marks(self, palette: Palette, ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What is drawn over the picture (see :func:`studio.ui.keypoint_marks.marks`)."""
        return marks(self.keypoints, self.reprojected, palette, ratio, self.whose, self.landed_px)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture; 4:3 until there is one."""
        if self.frame is None:
            return (4, 3)
        return (self.frame.rgb.shape[1], self.frame.rgb.shape[0])

    def say(self, caption: str, state: str, tone: Tone, rec: bool = False) -> bool:
        """Set the words over the picture; True if that changed."""
        shown = escape(caption)
        if rec:
            shown = f'<span style="color: {_REC}">●</span> REC · {shown}'
        changed = self.label.text() != shown or self.state.text() != state
        if changed:
            self.label.setText(shown)
            self.state.setText(state)
            dress(self.state, tone, padding=10)
        return changed

    def place(self, rect: tiles.Rect | None) -> None:
        """Put the words and meters where they belong in the tile; None hides them."""
        self.label.setVisible(rect is not None)
        self.state.setVisible(rect is not None and bool(self.state.text()))
        if self.meters is not None:
            self.meters.setVisible(rect is not None)
        if rect is None:
            return
        wide = max(int(rect.width) - 2 * MARGIN, 40)
        self.label.setMaximumWidth(wide)
        self.label.adjustSize()
        self.label.move(int(rect.x) + MARGIN, int(rect.y) + MARGIN)
        self.label.raise_()
        if self.state.text():
            room = self.state.fontMetrics().horizontalAdvance(self.state.text()) + 28
            self.state.setFixedWidth(min(room, wide))
            self.state.adjustSize()
            self.state.move(
                int(rect.x + (rect.width - self.state.width()) / 2),
                int(rect.y + (rect.height - self.state.height()) / 2),
            )
            self.state.raise_()
        if self.meters is not None:
            self.meters.move(
                int(rect.x) + MARGIN, int(rect.y + rect.height) - self.meters.height() - MARGIN
            )
            self.meters.raise_()

    def measure(self, exposure: Exposure | None, sharpness: float | None) -> None:
        """Show meters; both None puts them away."""
        if exposure is None and sharpness is None:
            if self.meters is not None:
                self.meters.hide()
                self.meters.deleteLater()
                self.meters = None
            return
        if self.meters is None:
            self.meters = Meters(self._parent)
        self.meters.show_figures(exposure, sharpness)

    def close(self) -> None:
        """Remove the words and meters."""
        for widget in (self.label, self.state, self.meters):
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def dress(label: QLabel, tone: Tone, padding: int = 1) -> None:
    """Make words legible over any picture."""
    label.setStyleSheet(
        f"QLabel {{ color: {_TONES[tone]}; background: {_VEIL};"
        f" border-radius: 3px; padding: {padding}px 6px; }}"
    )
