"""The table's widget: the photograph, zoomed and moved, and points that the pointer drags."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.ui import theme
from studio.ui.person.gesture import Gesture
from studio.ui.photo.table import Marks, PhotoTable
from studio.ui.zoomed import ZoomedPicture

NEAR_PX = 14.0
"""So near the pointer a point must be to be taken (screen pixels)."""
_ROOM = 0.1
"""So much of the photograph's square is left out on each side at first."""
FOUND, FITTED = QColor(255, 205, 60), QColor(80, 195, 255)
_BONE = QColor(80, 195, 255, 150)
_SMALL, _LARGE, _MANY = 1.4, 3.0, 120
"""How large points are drawn where there are many, and where there are few (screen pixels)."""
_DARK = QColor(10, 12, 16, 170)
_KEYS = (Qt.Key.Key_F, Qt.Key.Key_H, Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_EMPTY = "Drop photographs here."
_LINE_PX = 6.0
"""So near the pointer the wipe's line must be to be taken (screen pixels)."""


class PhotoView(ZoomedPicture):
    """Left button drags the nearest point, or else the picture; right takes a pin out; the wheel
    zooms at the pointer; a double click beside points picks whoever is there. F shows the head, H
    (held) the photograph alone, Delete takes out the pin under the pointer."""

    def __init__(self, table: PhotoTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = table
        self.setObjectName("photo")
        self.setAccessibleName("Photograph")
        self._last: QPointF | None = None
        self._held: int | None = None
        self._off = QPointF()
        self._moves = self._plain = self._wipes = False
        self._gesture = Gesture()
        self.near: int | None = None
        table.laid.connect(self._on_laid)
        table.changed.connect(self.update)
        self._on_laid()

    def sizeHint(self) -> QSize:
        return QSize(520, 560)

    # -- the picture

    def _on_laid(self) -> None:
        rgb = self.table.rgb
        self._image, self.near, self._held = None, None, None
        if rgb is not None:
            height, width = rgb.shape[:2]
            self._image = QImage(
                np.ascontiguousarray(rgb).data, width, height, 3 * width,
                QImage.Format.Format_RGB888,
            ).copy()  # fmt: skip
            self.fit()
        self.setAccessibleDescription(self.table.title)
        self.update()

    def fit(self) -> None:
        """Show what the photograph was laid out for."""
        if self._image is None:
            return
        left, top, side = self.table.square
        cut = _ROOM * side
        shown = QRectF(left, top, side, side).adjusted(cut, cut, -cut, -cut)
        if self.table.shown is not None:
            shown = QRectF(*self.table.shown)
        whole = QRectF(self._image.rect())
        shown = shown.intersected(whole) if shown.intersects(whole) else whole
        room = min(self.width() / shown.width(), self.height() / shown.height())
        self._zoom = max(room, 1e-3)
        self._origin = QPointF(self.width(), self.height()) / 2 - shown.center() * self._zoom
        wide, high = self._image.width() * self._zoom, self._image.height() * self._zoom
        for room, size, at, put in (
            (self.width(), wide, self._origin.x(), self._origin.setX),
            (self.height(), high, self._origin.y(), self._origin.setY),
        ):  # fmt: skip
            put(min(max(at, room - size), 0.0) if size > room else (room - size) / 2)
        self._fitted = True
        self.update()

    def nearest(self, at: QPointF) -> int | None:
        """The point under a place of the widget: pins first, then fitted points, then found
        ones."""
        marks = self.table.marks
        if marks is None or not (self.table.pointed or marks.pins):
            return None
        for points, ids in _layers(marks, self.table.pointed):
            places = self._on_widget(points) - (at.x(), at.y())
            far = np.hypot(*places.T)
            far = np.where(np.isfinite(far), far, np.inf)
            if len(far) and far.min() <= NEAR_PX:
                return int(ids[int(far.argmin())])
        return None

    def _on_widget(self, points: np.ndarray) -> np.ndarray:
        return (points + 0.5) * self._zoom + (self._origin.x(), self._origin.y())

    # -- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        table, painter = self.table, QPainter(self)
        if not self._paint_picture(painter, table.note or _EMPTY):
            return
        if not self._plain:
            self._draw_over(painter)
            if table.marks is not None:
                self._draw_marks(painter, table.marks)
        if table.note:
            self._say(painter, table.note)

    def _draw_over(self, painter: QPainter) -> None:
        rgba = self.table.over
        if rgba is None or self.table.opacity <= 0:
            return
        height, width = rgba.shape[:2]
        image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
        left, top, side = self.table.square
        place = QRectF(self._origin + QPointF(left, top) * self._zoom,
                       QSize(1, 1).toSizeF() * side * self._zoom)  # fmt: skip
        line = self.line_x()
        painter.save()
        if line is not None:
            painter.setClipRect(QRectF(0, 0, line, self.height()))
        painter.setOpacity(self.table.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, image)
        painter.restore()
        if line is not None:
            self._draw_line(painter, line)

    def line_x(self) -> float | None:
        """Where on the widget the picture over the photograph ends; None if it lies on all."""
        table = self.table
        if table.wipe >= 1 or table.over is None:
            return None
        low, high = table.wiped_px
        return self._origin.x() + (low + table.wipe * (high - low)) * self._zoom

    def _on_line(self, at: QPointF) -> bool:
        line = self.line_x()
        return line is not None and abs(at.x() - line) <= _LINE_PX

    def _draw_line(self, painter: QPainter, line: float) -> None:
        painter.setBrush(QColor("white"))
        for colour, width in ((_DARK, 3.5), (QColor("white"), 1.6)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(line, 0), QPointF(line, self.height()))
        painter.setPen(QPen(_DARK, 1.0))
        painter.drawEllipse(QPointF(line, self.height() / 2), 6, 6)

    def _draw_marks(self, painter: QPainter, marks: Marks) -> None:
        if self.table.pointed:
            found, fitted = (self._on_widget(p) for p in (marks.found_px, marks.fitted_px))
            painter.setPen(QPen(FITTED, 1.0))
            for a, b in _whole(found, fitted):
                painter.drawLine(QPointF(*a), QPointF(*b))
            if marks.lines:
                ends = np.array(marks.lines, int)
                painter.setPen(QPen(_BONE, 2.0))
                for a, b in _whole(fitted[ends[:, 0]], fitted[ends[:, 1]]):
                    painter.drawLine(QPointF(*a), QPointF(*b))
            radius = _SMALL if len(found) > _MANY else _LARGE
            painter.setPen(Qt.PenStyle.NoPen)
            for places, colour in ((found, FOUND), (fitted, FITTED)):
                painter.setBrush(colour)
                for x, y in places[np.isfinite(places).all(1)].tolist():
                    painter.drawEllipse(QPointF(x, y), radius, radius)
        accent = QColor(theme.look().tokens.accent)
        for number, at in marks.pins.items():
            self._draw_pin(painter, self.widget_xy(at), accent, number == self.near)
        if self.near is not None:
            at = self._place_of(marks, self.near)
            if self.near not in marks.pins:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                for colour, width in ((_DARK, 3.5), (QColor("white"), 1.6)):
                    painter.setPen(QPen(colour, width))
                    painter.drawEllipse(at, 6, 6)
            self._name(painter, at, marks.name_of(self.near))

    def _place_of(self, marks: Marks, number: int) -> QPointF:
        at = marks.pins.get(number)
        if at is None:
            x, y = marks.fitted_px[number].tolist()
            at = x, y
        return self.widget_xy(at)

    def _draw_pin(self, painter: QPainter, at: QPointF, accent: QColor, near: bool) -> None:
        radius = 6.5 if near else 5.0
        painter.setPen(QPen(_DARK, 1.0))
        painter.setBrush(QColor("white"))
        painter.drawEllipse(at, radius + 1.5, radius + 1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(at, radius - 0.5, radius - 0.5)

    def _name(self, painter: QPainter, at: QPointF, text: str) -> None:
        metrics = painter.fontMetrics()
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 14, metrics.height() + 6)
        box.moveBottomLeft(at + QPointF(10, -10))
        box.moveRight(min(box.right(), self.width() - 4.0))
        box.moveTop(max(box.top(), 4.0))
        self._chip(painter, box, text)

    def _say(self, painter: QPainter, text: str) -> None:
        metrics = painter.fontMetrics()
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 20, metrics.height() + 10)
        box.moveCenter(QPointF(self.width() / 2, self.height() - 24))
        self._chip(painter, box, text)

    def _chip(self, painter: QPainter, box: QRectF, text: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 18, 22, 205))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # -- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        marks = self.table.marks
        self._last = event.position()
        if self._image is None:
            return
        near = self.nearest(event.position())
        if event.button() == Qt.MouseButton.RightButton:
            if marks is not None and near in marks.pins:
                self.table.removed.emit(near)
        elif event.button() == Qt.MouseButton.LeftButton and near is not None and marks is not None:
            self._held, self.near = near, near
            self._off = self._place_of(marks, near) - event.position()
            self._gesture.press()
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        elif event.button() == Qt.MouseButton.LeftButton and self._on_line(event.position()):
            self._wipes = True
        else:
            self._moves = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        now, before = event.position(), self._last
        self._last = now
        if self._held is not None:
            self._tell(now, False)
        elif self._wipes:
            low, high = self.table.wiped_px
            self.table.choose(wipe=(self.picture_xy(now)[0] + 0.5 - low) / max(high - low, 1.0))
        elif self._moves and before is not None:
            self._move(now - before)
            self.update()
        else:
            near = self.nearest(now)
            if near is not None:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            elif self._on_line(now):
                self.setCursor(Qt.CursorShape.SplitHCursor)
            else:
                self.unsetCursor()
            if near != self.near:
                self.near = near
                self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None and event.button() == Qt.MouseButton.LeftButton:
            self._tell(event.position(), True)
            self._gesture.release()
            self._held = None
        self._moves = self._wipes = False
        self.unsetCursor()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self._image is not None and self.nearest(event.position()) is None:
            self.table.picked.emit(*self.picture_xy(event.position()))

    def _tell(self, at: QPointF, ended: bool) -> None:
        assert self._held is not None
        x, y = self.picture_xy(at + self._off)
        self.table.dragged.emit(self._held, x, y, self._gesture.token(), ended)

    def leaveEvent(self, event: QEvent) -> None:
        if self._held is None and self.near is not None:
            self.near = None
            self.update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._image is not None:
            self.zoom_to(self._zoom * 1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    # -- the keyboard

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() in _KEYS and not event.modifiers()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        marks = self.table.marks
        if event.key() == Qt.Key.Key_F:
            self.fit()
        elif event.key() == Qt.Key.Key_H:
            self._plain = True
            self.update()
        elif event.key() in _KEYS and marks is not None and self.near in marks.pins:
            assert self.near is not None
            self.table.removed.emit(self.near)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_H and not event.isAutoRepeat():
            self._plain = False
            self.update()
        else:
            super().keyReleaseEvent(event)


def _whole(a: np.ndarray, b: np.ndarray) -> list[tuple[list[float], list[float]]]:
    """Pairs of places that are both known."""
    known = np.isfinite(a).all(1) & np.isfinite(b).all(1)
    return list(zip(a[known].tolist(), b[known].tolist(), strict=True))


def _layers(marks: Marks, pointed: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Points that can be taken, those that are taken first in front, and their numbers."""
    pins = np.array(list(marks.pins.values()), float).reshape(-1, 2)
    layers = [(pins, np.array(list(marks.pins), int))]
    if pointed:
        every = np.arange(len(marks.fitted_px))
        layers += [(marks.fitted_px, every), (marks.found_px, every)]
    return layers
