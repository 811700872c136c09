"""The easel's widget: shows the desk's picture, zoomed and moved, and paints with the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QCursor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.training.painting import Point, Region
from studio.ui.easel.desk import Desk, Tool
from studio.ui.zoomed import ZoomedPicture

_TOOLS: dict[int, Tool] = {
    Qt.Key.Key_B: "brush", Qt.Key.Key_E: "eraser", Qt.Key.Key_L: "lasso", Qt.Key.Key_G: "fill",
}  # fmt: skip
_PANS = Qt.MouseButton.MiddleButton
_ERASES = Qt.MouseButton.RightButton


class Easel(ZoomedPicture):
    """Left button paints, right erases, middle (or Space) moves, the wheel zooms at the pointer.

    B brush, E eraser, L lasso, G fill, digits the inks, [ and ] (or Ctrl and the wheel) the size,
    S snaps to edges, H shows the picture alone, F all of it, 1:1 on double-click of the middle
    button; Ctrl+Z and Ctrl+Shift+Z walk through the strokes while the pointer is at the easel.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.setObjectName("easel")
        self.setAccessibleName("Easel")
        self._pixels: np.ndarray | None = None
        self._last: QPointF | None = None
        self._button = Qt.MouseButton.NoButton
        self._outline: list[Point] = []
        self._plain = self._moving = False
        desk.changed.connect(self._on_changed)
        desk.touched.connect(self._on_touched)
        desk.tooled.connect(self.update)
        self._on_changed()

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    # -- the picture

    def _on_changed(self) -> None:
        desk = self.desk
        if desk.rgb is None:
            self._pixels = self._image = None
            self.update()
            return
        before = self._pixels
        self._pixels = np.ascontiguousarray(desk.shown(plain=self._plain))
        height, width = self._pixels.shape[:2]
        self._image = QImage(
            self._pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888
        )
        if before is None or before.shape != self._pixels.shape:
            self.fit()
        self.setAccessibleDescription(desk.title)
        self.update()

    def _on_touched(self, region: Region) -> None:
        if self._pixels is None or self._plain:
            return
        part = self._pixels[region]
        if part.size:
            part[...] = self.desk.shown(region)
            self.update()

    def fit(self) -> None:
        """Show all of the picture."""
        if self._image is None:
            return
        room = min(self.width() / self._image.width(), self.height() / self._image.height())
        self._zoom = max(0.96 * room, 1e-3)
        shown = QPointF(self._image.width(), self._image.height()) * self._zoom
        self._origin = (QPointF(self.width(), self.height()) - shown) / 2
        self._fitted = True
        self.update()

    # -- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._paint_picture(painter, "Choose a picture to paint on."):
            return
        if self._outline:
            self._stroke(painter, QPolygonF([self.widget_xy(p) for p in self._outline]), False)
        elif self._last is not None and self.desk.tool in ("brush", "eraser"):
            radius = self.desk.radius_px * self._zoom
            box = QRectF(self._last - QPointF(radius, radius), QSize(2, 2).toSizeF() * radius)
            self._stroke(painter, box, True)

    def _stroke(self, painter: QPainter, shape: QPolygonF | QRectF, closed: bool) -> None:
        """A line that is seen on light and on dark ground."""
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.2)):
            painter.setPen(QPen(colour, width))
            if isinstance(shape, QRectF):
                painter.drawEllipse(shape)
            elif closed:
                painter.drawPolygon(shape)
            else:
                painter.drawPolyline(shape)

    # -- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._image is None or self._button != Qt.MouseButton.NoButton:
            return
        self._button, self._last = event.button(), event.position()
        if self._pans():
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        at, erase = self.picture_xy(event.position()), self._button == _ERASES
        if self.desk.tool == "lasso":
            self._outline = [at]
        elif self.desk.tool == "fill":
            self.desk.flood(at, erase)
        else:
            self.desk.stroke(at, at, erase)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        now, before = event.position(), self._last
        self._last = now
        if before is None or self._button == Qt.MouseButton.NoButton:
            self.update()
            return
        if self._pans():
            self._move(now - before)
        elif self.desk.tool == "lasso":
            self._outline.append(self.picture_xy(now))
        elif self.desk.tool != "fill":
            start, end = self.picture_xy(before), self.picture_xy(now)
            self.desk.stroke(start, end, self._button == _ERASES)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        erase, pans = self._button == _ERASES, self._pans()
        self._button = Qt.MouseButton.NoButton
        self.unsetCursor()
        if pans:
            return
        if self.desk.tool == "lasso":
            outline, self._outline = self._outline, []
            self.desk.lasso(outline, erase)
        elif self.desk.tool != "fill":
            self.desk.finish(None if erase or self.desk.tool == "eraser" else self.desk.value)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == _PANS:
            self.zoom_to(1.0 / self.devicePixelRatioF(), event.position())
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._button == Qt.MouseButton.NoButton:
            self._last = None
            self.update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = 1.0015 ** event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.desk.choose(radius_px=self.desk.radius_px * factor)
        elif self._image is not None:
            self.zoom_to(self._zoom * factor, event.position())
        event.accept()

    def _pans(self) -> bool:
        return self._button == _PANS or self._moving

    # -- the keyboard

    def wants(self, event: QKeyEvent) -> bool:
        key, modifiers = event.key(), event.modifiers()
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            return key in (Qt.Key.Key_Z, Qt.Key.Key_Y) and self.desk.painting is not None
        own = (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight, Qt.Key.Key_S, Qt.Key.Key_H,
               Qt.Key.Key_F, Qt.Key.Key_Space)  # fmt: skip
        return key in _TOOLS or key in own or Qt.Key.Key_0 <= key <= Qt.Key.Key_9

    def keyPressEvent(self, event: QKeyEvent) -> None:
        desk, key = self.desk, event.key()
        if not self.wants(event):
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            again = key == Qt.Key.Key_Y or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            desk.redo() if again else desk.undo()
        elif key in _TOOLS:
            desk.choose(tool=_TOOLS[key])
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
            number = key - Qt.Key.Key_0
            if number < len(desk.inks):
                desk.choose(value=desk.inks[number].value)
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            step = 1.25 if key == Qt.Key.Key_BracketRight else 0.8
            desk.choose(radius_px=desk.radius_px * step)
        elif key == Qt.Key.Key_S:
            desk.choose(snapping=not desk.snapping)
        elif key == Qt.Key.Key_F:
            self.fit()
        elif not event.isAutoRepeat():
            self._hold(key, True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_H, Qt.Key.Key_Space):
            if not event.isAutoRepeat():
                self._hold(event.key(), False)
        else:
            super().keyReleaseEvent(event)

    def _hold(self, key: int, down: bool) -> None:
        """Keys that act while they are held: Space moves, H shows the picture alone."""
        if key == Qt.Key.Key_Space:
            self._moving = down
            if down:
                self.setCursor(QCursor(Qt.CursorShape.OpenHandCursor))
            else:
                self.unsetCursor()
        elif key == Qt.Key.Key_H:
            self._plain = down
            self._on_changed()
