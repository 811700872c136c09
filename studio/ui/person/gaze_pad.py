"""A pad on which the eyes are led: right is the person's left, as one sees them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.human.design import GAZE_DEG
from studio.ui import theme
from studio.ui.person.gesture import Gesture

STEP_DEG = 2.5


class GazePad(QWidget):
    """``moved((left, up), gesture, ended)`` in degrees; a double-click looks straight ahead."""

    moved = Signal(object, int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.value = (0.0, 0.0)
        self._gesture = Gesture()
        self.setAccessibleName("Gaze")
        self.setToolTip("Drag to lead the eyes; double-click to look straight ahead")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.look().px(200), theme.look().px(96))

    def set_value(self, gaze_deg: tuple[float, float]) -> None:
        """Show where the eyes look; nothing is told."""
        self.value = gaze_deg
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._gesture.press()
        self._lead(event.position(), False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._gesture.held:
            self._lead(event.position(), False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._gesture.held:
            token = self._gesture.token()
            self._gesture.release()
            self.moved.emit(self.value, token, True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.set_value((0.0, 0.0))
        self.moved.emit(self.value, self._gesture.token(), True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key
        by = {key.Key_Left: (-1, 0), key.Key_Right: (1, 0), key.Key_Up: (0, 1),
              key.Key_Down: (0, -1)}.get(Qt.Key(event.key()))  # fmt: skip
        if by is None:
            super().keyPressEvent(event)
            return
        self._set(self.value[0] + STEP_DEG * by[0], self.value[1] + STEP_DEG * by[1])
        self.moved.emit(self.value, self._gesture.token(), True)

    def _lead(self, at: QPointF, ended: bool) -> None:
        box = self._box()
        across = 2 * (at.x() - box.center().x()) / box.width()
        up = -2 * (at.y() - box.center().y()) / box.height()
        self._set(GAZE_DEG * across, GAZE_DEG * up)
        self.moved.emit(self.value, self._gesture.token(), ended)

    def _set(self, left: float, up: float) -> None:
        def clipped(angle: float) -> float:
            return round(min(max(angle, -GAZE_DEG), GAZE_DEG), 1)

        self.set_value((clipped(left), clipped(up)))

    def _box(self) -> QRectF:
        return QRectF(self.rect()).adjusted(1, 1, -1, -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        t, box = theme.look().tokens, self._box()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.accent if self.hasFocus() else t.line), 1))
        painter.setBrush(QColor(t.sunken))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QPen(QColor(t.line), 1))
        middle = box.center()
        painter.drawLine(QPointF(middle.x(), box.top()), QPointF(middle.x(), box.bottom()))
        painter.drawLine(QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y()))
        at = QPointF(middle.x() + self.value[0] / GAZE_DEG * (box.width() / 2 - 8),
                     middle.y() - self.value[1] / GAZE_DEG * (box.height() / 2 - 8))  # fmt: skip
        painter.setPen(QPen(QColor(t.text), 1.5))
        painter.setBrush(QColor(t.accent))
        painter.drawEllipse(at, 6, 6)
