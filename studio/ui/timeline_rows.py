"""The painted part of the timeline: ruler, rows with confidence, handles, playhead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.ui import theme as looks
from studio.ui.timescale import Timescale

if TYPE_CHECKING:
    from studio.ui.timeline import Timeline

TrackKind = Literal["clip", "detections", "motion", "avatar"]
RULER_PX, ROW_PX, NAMES_PX = 26, 22, 132


@dataclass(frozen=True, eq=False)
class Track:
    """One row: from ``start_s`` to ``end_s``, with optional confidence (0..1; NaN is a gap).

    ``confidence`` has one value a frame, evenly spaced over the track.
    """

    id: str
    name: str
    kind: TrackKind
    start_s: float
    end_s: float
    confidence: np.ndarray | None = None


def strip(confidence: np.ndarray, width: int) -> np.ndarray:
    """The lowest confidence that falls into each of ``width`` columns; NaN where all is a gap."""
    values = np.asarray(confidence, np.float64)
    if not len(values) or width < 1:
        return np.full(max(width, 0), np.nan)
    column = np.arange(width)  # in whole numbers: rounding would lose a value at an edge
    first = column * len(values) // width
    last = -(-(column + 1) * len(values) // width)
    filled = np.where(np.isnan(values), np.inf, values)
    low = np.minimum(np.minimum.reduceat(filled, first), filled[last - 1])
    return np.where(np.isinf(low), np.nan, low)


def _rgb(code: str) -> tuple[int, int, int]:
    colour = QColor(code)
    return colour.red(), colour.green(), colour.blue()


class TrackRows(QWidget):
    """The painted part: ruler, rows, handles, playhead."""

    scrubbed = Signal(float)
    range_dragged = Signal(float, float)
    zoomed = Signal()

    def __init__(self, owner: Timeline) -> None:
        super().__init__(owner)
        self._owner = owner
        self._grip: Literal["head", "in", "out"] | None = None
        self._strips: dict[tuple[str, int, int], QImage] = {}
        self.setMouseTracking(True)
        self.setMinimumHeight(RULER_PX + ROW_PX)

    def sizeHint(self) -> QSize:
        return QSize(600, RULER_PX + ROW_PX * max(len(self._owner.tracks), 3) + 8)

    @property
    def scale(self) -> Timescale:
        return self._owner.scale_for(self.width() - NAMES_PX - 12)

    def x_of(self, time_s: float) -> float:
        return NAMES_PX + self.scale.x_of(time_s)

    def time_at(self, x: float) -> float:
        return self.scale.time_at(x - NAMES_PX)

    def forget_strips(self) -> None:
        self._strips.clear()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        owner, t = self._owner, looks.look().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(t.sunken))
        font = QFont(self.font())
        font.setPixelSize(looks.look().px(12))
        painter.setFont(font)
        scale = self.scale
        area = QRectF(NAMES_PX, 0, self.width() - NAMES_PX, self.height())
        left, right = self.x_of(owner.in_s), self.x_of(owner.out_s)
        painter.setClipRect(area)
        self._paint_ruler(painter, scale, t)
        for row, track in enumerate(owner.tracks):
            self._paint_track(painter, track, RULER_PX + row * ROW_PX - owner.scrolled, t)
        shade = QColor(t.sunken)
        shade.setAlpha(165)
        painter.fillRect(QRectF(NAMES_PX, RULER_PX, max(left - NAMES_PX, 0), self.height()), shade)
        painter.fillRect(
            QRectF(right, RULER_PX, max(self.width() - right, 0), self.height()), shade
        )
        if owner.tracks:
            self._paint_handle(painter, left, True, t)
            self._paint_handle(painter, right, False, t)
            self._paint_head(painter, self.x_of(owner.time_s), t)
        painter.setClipping(False)
        self._paint_names(painter, t)
        if not owner.tracks:
            painter.setPen(QColor(t.muted))
            text = "Nothing to play yet. Open footage, or run a step."
            how = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(NAMES_PX + 8, RULER_PX, -8, 0), how, text)
        if owner.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _paint_ruler(self, painter: QPainter, scale: Timescale, t: looks.Tokens) -> None:
        painter.fillRect(QRectF(NAMES_PX, 0, self.width(), RULER_PX), QColor(t.panel))
        minor = QColor(t.line)
        for time_s, label in scale.ticks():
            x = NAMES_PX + scale.x_of(time_s)
            painter.setPen(QPen(QColor(t.muted) if label else minor, 1))
            painter.drawLine(QPointF(x, RULER_PX - (7 if label else 4)), QPointF(x, RULER_PX))
            if label:
                painter.drawText(QPointF(x + 4, RULER_PX - 9), label)
                painter.setPen(QPen(minor, 1))
                painter.drawLine(QPointF(x, RULER_PX), QPointF(x, self.height()))

    def _paint_track(self, painter: QPainter, track: Track, y: float, t: looks.Tokens) -> None:
        left, right = self.x_of(track.start_s), self.x_of(track.end_s)
        box = QRectF(left, y + 3, max(right - left, 2), ROW_PX - 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(box, 3, 3)
        if track.confidence is not None:
            width = int(np.clip(right - left, 1, 4096))
            painter.drawImage(box, self._strip(track, width, t))
        else:
            colour = QColor(t.accent)
            colour.setAlpha(110)
            painter.setBrush(colour)
            painter.drawRoundedRect(box.adjusted(0, 0, 0, 0), 3, 3)

    def _strip(self, track: Track, width: int, t: looks.Tokens) -> QImage:
        """Confidence as height and colour, so that it never rests on colour alone."""
        key = (track.id, width, id(track.confidence))
        if key not in self._strips:
            if len(self._strips) > 64:
                self._strips.clear()
            assert track.confidence is not None
            values = strip(track.confidence, width)
            height = ROW_PX - 6
            stops = np.array([_rgb(c) for c in (t.stop, t.look, t.good)], float)
            level = np.nan_to_num(np.clip(values, 0, 1))
            colour = np.stack([np.interp(level, [0.2, 0.5, 0.8], stops[:, i]) for i in range(3)], 1)
            rows = np.arange(height)[:, None]
            tall = np.maximum(2, np.round(level * height))[None]
            pixels = np.zeros((height, width, 4), np.uint8)
            pixels[..., :3] = colour[None]
            pixels[..., 3] = np.where(rows >= height - tall, 220, 60)
            gap = np.isnan(values)
            hatch = ((rows + np.arange(width)[None]) % 6) < 2
            pixels[:, gap] = 0
            pixels[hatch & gap[None]] = [*_rgb(t.muted), 110]
            image = QImage(pixels.tobytes(), width, height, QImage.Format.Format_RGBA8888)
            self._strips[key] = image.copy()
        return self._strips[key]

    def _paint_names(self, painter: QPainter, t: looks.Tokens) -> None:
        owner = self._owner
        painter.fillRect(QRectF(0, 0, NAMES_PX, self.height()), QColor(t.panel))
        painter.setPen(QColor(t.line))
        painter.drawLine(QPointF(NAMES_PX - 0.5, 0), QPointF(NAMES_PX - 0.5, self.height()))
        metrics = QFontMetricsF(painter.font())
        painter.setClipRect(QRectF(0, RULER_PX, NAMES_PX, self.height()))
        painter.setPen(QColor(t.text))
        for row, track in enumerate(owner.tracks):
            y = RULER_PX + row * ROW_PX - owner.scrolled
            text = metrics.elidedText(track.name, Qt.TextElideMode.ElideMiddle, NAMES_PX - 20)
            painter.drawText(
                QRectF(12, y, NAMES_PX - 16, ROW_PX), Qt.AlignmentFlag.AlignVCenter, text
            )
        painter.setClipping(False)

    def _paint_handle(self, painter: QPainter, x: float, left: bool, t: looks.Tokens) -> None:
        sign = 1 if left else -1
        painter.setPen(QPen(QColor(t.text), 1))
        painter.drawLine(QPointF(x, RULER_PX - 12), QPointF(x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.text))
        flag = [QPointF(x, 3), QPointF(x + sign * 7, 3), QPointF(x, 14)]
        painter.drawPolygon(QPolygonF(flag))

    def _paint_head(self, painter: QPainter, x: float, t: looks.Tokens) -> None:
        painter.setPen(QPen(QColor(t.accent), 1.5))
        painter.drawLine(QPointF(x, RULER_PX - 8), QPointF(x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.accent))
        head = [(-6, 10), (6, 10), (6, 17), (0, RULER_PX), (-6, 17)]
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y) for dx, y in head]))

    # -- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._owner.setFocus(Qt.FocusReason.MouseFocusReason)
        x, y = event.position().x(), event.position().y()
        if x < NAMES_PX or event.button() != Qt.MouseButton.LeftButton:
            return
        near = {
            name: abs(x - self.x_of(at))
            for name, at in (("in", self._owner.in_s), ("out", self._owner.out_s))
        }
        name = min(near, key=lambda key: near[key])
        self._grip = "head"
        if y < RULER_PX and near[name] < 8 and abs(x - self.x_of(self._owner.time_s)) > 5:
            self._grip = "in" if name == "in" else "out"
        self._dragged(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._dragged(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def _dragged(self, x: float) -> None:
        time_s = self.time_at(x)
        if self._grip == "head":
            self.scrubbed.emit(time_s)
        elif self._grip == "in":
            self.range_dragged.emit(time_s, self._owner.out_s)
        elif self._grip == "out":
            self.range_dragged.emit(self._owner.in_s, time_s)

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = self.time_at(event.position().x())
            self._owner.zoom(1.0015 ** step.y(), at)
        elif step.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._owner.slide(-(step.x() or step.y()) / max(self.width() - NAMES_PX, 1))
        else:
            self._owner.scroll_rows(-step.y() / 4)
        event.accept()
