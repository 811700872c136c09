"""A thing on somebody, with handles: it is moved, turned and sized in the picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.live.wearing.gripping import AXES, Grip, Handle, Placing, Tool, moved
from studio.live.wearing.mannequin import Fitted, View
from studio.ui import theme

PICTURE_PX = (368, 288)
COLOURS: dict[Handle, str] = {"x": "#e5484d", "y": "#46a758", "z": "#3e7bfa", "free": "#f5f6f8"}
STEP_M, LEAP = 0.001, 5
STEP_DEG, STEP_SHARE = 1.0, 1.01
ORBIT_DEG = 0.5


class FittingView(QWidget):
    """Shows a picture (:class:`Fitted`) and the handles of what is on in it.

    ``led(placing, ended)`` follows a hand; ``looked(View)`` another view: the background is dragged
    with the right button, or with Shift. Arrow keys move by a millimetre, with Shift by five.
    """

    led = Signal(object, bool)
    looked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.tool: Tool = "move"
        self.placing: Placing = np.eye(4)
        self.middle = np.zeros(3)
        self.view = View(25.0, 0.0)
        self.fitted: Fitted | None = None
        self.mirrored = False
        self.message = ""
        self._image: QImage | None = None
        self._hold: tuple[Handle, QPointF, Placing] | None = None
        self._orbit: tuple[QPointF, View] | None = None
        self._over: Handle | None = None
        self.setAccessibleName("The thing on somebody: drag it into place")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(*PICTURE_PX)

    def set_tool(self, tool: Tool) -> None:
        """Take another tool."""
        self.tool = tool
        self.update()

    def clear(self, message: str) -> None:
        """No picture; some words in its place."""
        self.fitted, self._image, self.message = None, None, message
        self.update()

    def show_fitted(self, fitted: Fitted, mirrored: bool = False) -> None:
        """Show another picture, as it is or as a mirror does."""
        self.fitted, self.mirrored = fitted, mirrored
        rgb = np.ascontiguousarray(fitted.rgb[:, ::-1] if mirrored else fitted.rgb)
        height, width = rgb.shape[:2]
        image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = image.copy()
        self.update()

    @property
    def grip(self) -> Grip | None:
        """The handles in the picture on show."""
        if self.fitted is None:
            return None
        return Grip(self.fitted.camera, self.fitted.frame, self.middle, 1 / self._place()[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As tall as its picture at this width."""
        super().resizeEvent(event)
        self.setFixedHeight(round(event.size().width() * PICTURE_PX[1] / PICTURE_PX[0]))

    # -- drawing

    def _place(self) -> tuple[float, float, float]:
        """How large the picture is shown, and where."""
        if self._image is None:
            return 1.0, 0.0, 0.0
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        return (scale, (self.width() - scale * self._image.width()) / 2,
                (self.height() - scale * self._image.height()) / 2)  # fmt: skip

    def _on_screen(self, at: np.ndarray) -> QPointF:
        scale, left, top = self._place()
        across = self._across(at[0])
        return QPointF(left + scale * (across + 0.5), top + scale * (at[1] + 0.5))

    def _in_picture(self, at: QPointF) -> tuple[float, float]:
        scale, left, top = self._place()
        return self._across((at.x() - left) / scale - 0.5), (at.y() - top) / scale - 0.5

    def _across(self, column: float) -> float:
        """A column of the picture as it is shown, and the other way about."""
        if not self.mirrored or self._image is None:
            return column
        return self._image.width() - 1 - column

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.look().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(t.sunken))
        grip = self.grip
        if self._image is not None and grip is not None:
            scale, left, top = self._place()
            painter.drawImage(
                QRectF(left, top, scale * self._image.width(), scale * self._image.height()),
                self._image,
            )
            self._paint_handles(painter, grip)
        if self.message:
            painter.setPen(QColor(t.muted if self._image is None else "#2b2f36"))
            room = self.rect().adjusted(16, 8, -16, -8)
            where = Qt.AlignmentFlag.AlignCenter if self._image is None else (
                Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            )  # fmt: skip
            painter.drawText(room, where | Qt.TextFlag.TextWordWrap, self.message)
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_handles(self, painter: QPainter, grip: Grip) -> None:
        held = self._hold[0] if self._hold is not None else self._over
        centre = self._on_screen(grip.at_px(self.placing))
        for axis in AXES:
            wide = 4.0 if held == axis else 2.5
            painter.setPen(QPen(QColor(COLOURS[axis]), wide, Qt.PenStyle.SolidLine,
                                Qt.PenCapStyle.RoundCap))  # fmt: skip
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if self.tool == "move" and grip.usable(self.placing, axis):
                tip = self._on_screen(grip.arrow_px(self.placing, axis))
                painter.drawLine(centre, tip)
                painter.setBrush(QColor(COLOURS[axis]))
                painter.drawEllipse(tip, 4.5, 4.5)
            elif self.tool == "turn":
                ring = [self._on_screen(at) for at in grip.ring_px(self.placing, axis)]
                painter.drawPolyline(QPolygonF(ring))
        painter.setPen(QPen(QColor(20, 22, 26, 160), 1))
        painter.setBrush(QColor(COLOURS["free"]))
        if self.tool == "size":
            painter.drawRect(QRectF(centre.x() - 6, centre.y() - 6, 12, 12))
        else:
            painter.drawEllipse(centre, 5.0, 5.0)

    # -- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        grip = self.grip
        if grip is None:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() == Qt.MouseButton.LeftButton and not shifted:
            handle = grip.taken(self.placing, self.tool, self._in_picture(event.position()))
            self._hold = handle, event.position(), self.placing
        else:
            self._orbit = event.position(), self.view
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        grip = self.grip
        if grip is None:
            return
        if self._hold is not None:
            self._lead(grip, event.position(), False)
        elif self._orbit is not None:
            start, view = self._orbit
            step = event.position() - start
            pitch = min(max(view.pitch_deg + ORBIT_DEG * step.y(), -80), 80)
            self._look(View(view.yaw_deg - ORBIT_DEG * step.x(), pitch, view.zoom))
        else:
            over = grip.taken(self.placing, self.tool, self._in_picture(event.position()))
            if over != self._over:
                self._over = over
                self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip = self.grip
        if self._hold is not None and grip is not None:
            self._lead(grip, event.position(), True)
        self._hold = self._orbit = None
        self.update()

    def _lead(self, grip: Grip, to: QPointF, ended: bool) -> None:
        assert self._hold is not None
        handle, start, before = self._hold
        after = grip.led(before, self.tool, handle, self._in_picture(start), self._in_picture(to))
        self.set_placing(after, ended)

    def set_placing(self, placing: Placing, ended: bool = True) -> None:
        """Put the thing elsewhere."""
        self.placing = placing
        self.update()
        self.led.emit(placing, ended)

    def _look(self, view: View) -> None:
        self.view = view
        self.looked.emit(view)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():  # the panel scrolls
            event.ignore()
            return
        zoom = self.view.zoom * 1.0015 ** event.angleDelta().y()
        self._look(View(self.view.yaw_deg, self.view.pitch_deg, min(max(zoom, 0.4), 6.0)))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, grip = Qt.Key, self.grip
        ways = {keys.Key_Left: (-1, 0), keys.Key_Right: (1, 0), keys.Key_Up: (0, 1),
                keys.Key_Down: (0, -1)}  # fmt: skip
        key = Qt.Key(event.key())
        if grip is None or key not in ways:
            super().keyPressEvent(event)
            return
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        across, up = (LEAP * step if shifted else step for step in ways[key])
        if self.mirrored and self.tool != "size":
            across = -across
        if self.tool == "move":
            self.set_placing(moved(self.placing, STEP_M * np.array([across, 0.0, up])))
        elif self.tool == "turn":
            about, by = ("z", across) if across else ("x", up)
            self.set_placing(grip.turned(self.placing, about, STEP_DEG * by))
        else:
            self.set_placing(grip.sized(self.placing, STEP_SHARE ** (across + up)))
