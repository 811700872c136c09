"""Where in each camera's picture the board was seen: a heat map over the picture, and its tilts."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from studio.core.percent import percent
from studio.ui import theme
from studio.vision.calibration.guidance import CameraGuidance

FULL = 24
"""Points in a cell from which on it is drawn as full."""
_DIM = 0.45
_WIDTH = 320


class CoverageMap(QWidget):
    """One camera: its picture, dimmed; cells that were filled; a ring of eight tilts; counts."""

    def __init__(self, camera: str) -> None:
        super().__init__()
        self.camera = camera
        self._guidance: CameraGuidance | None = None
        self._picture: QImage | None = None
        self._aspect = 4 / 3
        self._wanted = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Coverage of {camera}")

    def show_picture(self, rgb: np.ndarray) -> None:
        """The camera's newest picture, behind the map."""
        height, width = rgb.shape[:2]
        step = max(1, width // _WIDTH)
        small = np.ascontiguousarray(rgb[::step, ::step])
        image = QImage(
            small.data, small.shape[1], small.shape[0], small.strides[0],
            QImage.Format.Format_RGB888,
        )  # fmt: skip
        self._picture = image.copy()
        if abs(width / height - self._aspect) > 1e-3:
            self._aspect = width / height
            self.updateGeometry()
        self.update()

    def show_guidance(self, guidance: CameraGuidance, wanted: bool) -> None:
        """What the camera has seen; ``wanted`` marks it as the one to turn to next."""
        self._guidance, self._wanted = guidance, wanted
        share = f"{percent(guidance.covered)} of the picture covered"
        blurred = f", {percent(guidance.blurred_share)} blurred" if guidance.blurred else ""
        self.setAccessibleDescription(
            f"{guidance.views} views, {share}, {sum(guidance.tilts)} of 8 tilts{blurred}"
        )
        self.setToolTip(f"{self.camera}: {self.accessibleDescription()}")
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(width / self._aspect) + theme.look().px(20)

    def sizeHint(self) -> QSize:
        width = theme.look().px(152)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        width = theme.look().px(72)
        return QSize(width, self.heightForWidth(width))

    def resizeEvent(self, event: object) -> None:
        self.setFixedHeight(self.heightForWidth(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.look().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = theme.look().px(20)
        place = QRectF(0.5, 0.5, self.width() - 1, self.height() - words - 1)
        painter.fillRect(place, QColor(t.sunken))
        if self._picture is not None:
            painter.setOpacity(_DIM)
            painter.drawImage(place, self._picture)
            painter.setOpacity(1)
        if self._guidance is not None:
            self._draw_cells(painter, place, self._guidance.coverage)
            self._draw_tilts(painter, place, self._guidance.tilts)
        pen = QPen(QColor(t.accent if self._wanted else t.line), 2 if self._wanted else 1)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place)
        self._draw_words(painter, place)
        painter.end()

    def _draw_cells(self, painter: QPainter, place: QRectF, counts: np.ndarray) -> None:
        rows, columns = counts.shape
        colour = QColor(theme.look().tokens.good)
        wide, high = place.width() / columns, place.height() / rows
        painter.setPen(Qt.PenStyle.NoPen)
        for row, column in np.argwhere(counts > 0):
            share = min(float(counts[row, column]) / FULL, 1.0)
            colour.setAlphaF(0.25 + 0.45 * share)
            painter.setBrush(colour)
            painter.drawRect(
                QRectF(place.x() + column * wide, place.y() + row * high, wide, high)
                .adjusted(0.5, 0.5, -0.5, -0.5)
            )  # fmt: skip

    def _draw_tilts(self, painter: QPainter, place: QRectF, tilts: tuple[bool, ...]) -> None:
        t = theme.look().tokens
        radius = min(place.width(), place.height()) * 0.11
        if radius < 6:
            return
        middle = QPointF(place.right() - radius - 7, place.top() + radius + 7)
        back = QColor(t.shadow)
        back.setAlphaF(0.7)
        painter.setBrush(back)
        painter.drawEllipse(middle, radius + 4, radius + 4)
        for direction, seen in enumerate(tilts):
            angle = math.radians(45 * direction)
            dot = middle + QPointF(math.cos(angle), math.sin(angle)) * radius * 0.85
            painter.setBrush(QColor(t.good if seen else t.disabled))
            size = 2.6 if seen else 1.6
            painter.drawEllipse(dot, size, size)

    def _draw_words(self, painter: QPainter, place: QRectF) -> None:
        t = theme.look().tokens
        line = QRectF(0, place.bottom() + 2, self.width(), self.height() - place.bottom() - 2)
        font = painter.font()
        font.setPixelSize(theme.look().px(12))
        painter.setFont(font)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(t.text if self._wanted else t.muted))
        count = "" if self._guidance is None else f"{self._guidance.views}"
        free = line.width() - painter.fontMetrics().horizontalAdvance(count) - 8
        name = painter.fontMetrics().elidedText(
            self.camera, Qt.TextElideMode.ElideMiddle, int(free)
        )
        painter.drawText(line, left, name)
        painter.setPen(QColor(t.muted))
        painter.drawText(line, right, count)


class CoverageGrid(QWidget):
    """A map a camera, up to four beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: dict[str, CoverageMap] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)

    def set_cameras(self, cameras: tuple[str, ...]) -> None:
        """Show these cameras, all of them empty."""
        if tuple(self.maps) == cameras:
            return
        for old in self.maps.values():
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.maps = {camera: CoverageMap(camera) for camera in cameras}
        columns = len(cameras) if len(cameras) <= 4 else 3
        for number, one in enumerate(self.maps.values()):
            self._grid.addWidget(one, number // columns, number % columns)

    def show_guidance(self, cameras: tuple[CameraGuidance, ...], wanted: frozenset[str]) -> None:
        """What every camera has seen; ``wanted`` are those to turn to next."""
        self.set_cameras(tuple(one.camera for one in cameras))
        for one in cameras:
            self.maps[one.camera].show_guidance(one, one.camera in wanted)

    def show_picture(self, camera: str, rgb: np.ndarray) -> None:
        """The newest picture of a camera that is on show."""
        if camera in self.maps:
            self.maps[camera].show_picture(rgb)
