"""The cameras' pictures, to click the same points of the floor in: loupe, and the line of sight."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from studio.core.types import CameraRig
from studio.ui import theme, tiles
from studio.vision.calibration.spots import seen_from

NAMES = ("Origin", "Along x", "Third point")
_LOUPE_PX, _ZOOM = 132, 5.0
_NEAR_PX = 12.0
Clicks = dict[tuple[int, str], tuple[float, float]]


class FloorPictures(QWidget):
    """Click puts the active point into a picture, a drag moves it, the right button takes it away.

    Where the point was clicked elsewhere, the line on which it must lie is drawn. Arrow keys move
    the last click by a tenth of a pixel, 1 to 3 choose the point. ``changed`` follows each change.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Pictures of the cameras, to click points of the floor in")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(200, 150)
        self.clicks: Clicks = {}
        self.active = 0
        self._rig: CameraRig | None = None
        self._pictures: dict[str, QImage] = {}
        self._lines: dict[str, list[QPolygonF]] = {}
        self._pointer: QPointF | None = None
        self._held: tuple[int, str] | None = None
        self._last: tuple[int, str] | None = None

    def show_rig(self, rig: CameraRig) -> None:
        """Whose pictures are clicked; forgets all clicks."""
        self._rig, self.clicks, self.active = rig, {}, 0
        self._lines, self._held, self._last = {}, None, None
        self.update()

    def show_pictures(self, pictures: dict[str, np.ndarray]) -> None:
        """RGB pictures by camera; those of cameras that the rig lacks are left out."""
        self._pictures = {}
        for name, rgb in pictures.items():
            if self._rig is not None and name in self._rig.names:
                data = np.ascontiguousarray(rgb)
                image = QImage(data.data, data.shape[1], data.shape[0], data.strides[0],
                               QImage.Format.Format_RGB888)  # fmt: skip
                self._pictures[name] = image.copy()
        self._draw_lines()

    def choose(self, point: int) -> None:
        """Which of the three points a click puts."""
        self.active = point
        self._draw_lines()
        self.changed.emit()

    # -- where things are

    def places(self) -> dict[str, tuple[float, float, float]]:
        """Scale, left and top of every picture in this widget."""
        sizes = [(image.width(), image.height()) for image in self._pictures.values()]
        rects = tiles.arrange(sizes, self.width(), self.height())
        return {
            name: tiles.placement(rect, size, tiles.Look())
            for name, rect, size in zip(self._pictures, rects, sizes, strict=True)
        }

    def picture_xy(self, at: QPointF) -> tuple[str, tuple[float, float]] | None:
        """The camera and the pixel of its picture under a place of this widget."""
        for name, (scale, left, top) in self.places().items():
            x, y = (at.x() - left) / scale - 0.5, (at.y() - top) / scale - 0.5
            image = self._pictures[name]
            if -0.5 <= x < image.width() - 0.5 and -0.5 <= y < image.height() - 0.5:
                return name, (x, y)
        return None

    def widget_xy(self, camera: str, xy_px: tuple[float, float]) -> QPointF:
        """Where a pixel of a camera's picture is in this widget."""
        scale, left, top = self.places()[camera]
        return QPointF(left + (xy_px[0] + 0.5) * scale, top + (xy_px[1] + 0.5) * scale)

    # -- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        near = self._near(at)
        if event.button() == Qt.MouseButton.RightButton:
            if near is not None:
                del self.clicks[near]
                self._told()
            return
        hit = self.picture_xy(at)
        if hit is None:
            return
        self._held = near if near is not None else (self.active, hit[0])
        if near is not None:
            self.active = near[0]
        self._put(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._held is not None:
            self._put(self._pointer)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def leaveEvent(self, event: object) -> None:
        self._pointer = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-0.1, 0.0), Qt.Key.Key_Right: (0.1, 0.0),
            Qt.Key.Key_Up: (0.0, -0.1), Qt.Key.Key_Down: (0.0, 0.1),
        }  # fmt: skip
        key = event.key()
        if key in steps and self._last in self.clicks:
            assert self._last is not None
            x, y = self.clicks[self._last]
            self.clicks[self._last] = (x + steps[Qt.Key(key)][0], y + steps[Qt.Key(key)][1])
            self._told()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_3:
            self.choose(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def _near(self, at: QPointF) -> tuple[int, str] | None:
        for key, xy in self.clicks.items():
            if key[1] in self._pictures:
                off = self.widget_xy(key[1], xy) - at
                if np.hypot(off.x(), off.y()) < _NEAR_PX:
                    return key
        return None

    def _put(self, at: QPointF) -> None:
        hit = self.picture_xy(at)
        if hit is not None and self._held is not None and hit[0] == self._held[1]:
            self.clicks[self._held] = hit[1]
            self._last = self._held
            self._told()

    def _told(self) -> None:
        self._draw_lines()
        self.changed.emit()

    # -- drawing

    def _draw_lines(self) -> None:
        """Where the active point's clicks lie in the other pictures."""
        self._lines = {name: [] for name in self._pictures}
        for (point, camera), xy in self.clicks.items():
            if point != self.active or self._rig is None:
                continue
            for other in self._pictures:
                if other != camera:
                    line = seen_from(self._rig, camera, xy, other)
                    kept = [QPointF(x, y) for x, y in line[np.isfinite(line).all(1)].tolist()]
                    self._lines[other].append(QPolygonF(kept))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.look().tokens
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.fillRect(self.rect(), QColor(t.sunken))
        if not self._pictures:
            painter.setPen(QColor(t.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Reading the pictures…")
        for name, (scale, left, top) in self.places().items():
            painter.save()
            painter.translate(left, top)
            painter.scale(scale, scale)
            self._draw_picture(painter, name, scale)
            painter.restore()
            wide = 16 + painter.fontMetrics().horizontalAdvance(name)
            painter.fillRect(QRectF(left, top, wide, 22), QColor(0, 0, 0, 150))
            painter.setPen(QColor("white"))
            painter.drawText(QPointF(left + 8, top + 16), name)
        self._draw_loupe(painter)
        painter.end()

    def _draw_picture(self, painter: QPainter, name: str, scale: float) -> None:
        t = theme.look().tokens
        painter.drawImage(QPointF(0, 0), self._pictures[name])
        painter.translate(0.5, 0.5)
        painter.setPen(QPen(QColor(t.accent), 1.5 / scale))
        for line in self._lines.get(name, ()):
            painter.drawPolyline(line)
        font = painter.font()
        font.setPixelSize(max(round(13 / scale), 1))
        painter.setFont(font)
        for (point, camera), xy in self.clicks.items():
            if camera == name:
                colour = QColor(t.accent if point == self.active else t.look)
                painter.setPen(QPen(colour, 1.5 / scale))
                at, arm = QPointF(*xy), 9 / scale
                painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
                painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))
                painter.drawText(at + QPointF(arm, -arm / 2), NAMES[point])

    def _draw_loupe(self, painter: QPainter) -> None:
        """What is under the pointer, five times as large, beside it."""
        hit = self.picture_xy(self._pointer) if self._pointer is not None else None
        if hit is None or self._pointer is None:
            return
        size = theme.look().px(_LOUPE_PX)
        x = self._pointer.x() + 24
        x = x if x + size < self.width() else self._pointer.x() - 24 - size
        y = min(max(self._pointer.y() - size - 16, 4), self.height() - size - 4)
        place = QRectF(x, y, size, size)
        name, (px, py) = hit
        zoom = _ZOOM * max(self.places()[name][0], 0.4)
        painter.save()
        painter.setClipRect(place)
        painter.fillRect(place, QColor(theme.look().tokens.sunken))
        painter.translate(place.center())
        painter.scale(zoom, zoom)
        painter.translate(-(px + 0.5), -(py + 0.5))
        self._draw_picture(painter, name, zoom)
        painter.restore()
        painter.setPen(QPen(QColor("white"), 1))
        middle = place.center()
        painter.drawLine(middle - QPointF(6, 0), middle + QPointF(6, 0))
        painter.drawLine(middle - QPointF(0, 6), middle + QPointF(0, 6))
        painter.setPen(QPen(QColor(theme.look().tokens.line), 1))
        painter.drawRect(place)
