"""The view cube: shows from where the scene is seen, and takes you to another side."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QTransform,
)
from PySide6.QtWidgets import QToolTip, QWidget

from studio.scene.camera import Orbit, View
from studio.scene.palette import ThemeName

FACES: tuple[tuple[View, str, tuple[int, int, int]], ...] = (
    ("front", "Front", (0, -1, 0)),
    ("back", "Back", (0, 1, 0)),
    ("left", "Left", (1, 0, 0)),
    ("right", "Right", (-1, 0, 0)),
    ("top", "Top", (0, 0, 1)),
    ("bottom", "Below", (0, 0, -1)),
)
_KEYS = {"front": "1", "left": "3", "top": "7"}


class ViewCube(QWidget):
    """A small cube; a click on a face asks for that view. Tab and arrow keys work too."""

    view_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(84, 84))
        self.setAccessibleName("View cube")
        self.setAccessibleDescription("Front, back, left, right, top and below, by the arrow keys")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._orbit = Orbit()
        self._hover: View | None = None
        self._dark = True
        self._kept: tuple[tuple[object, ...], QPixmap] | None = None

    def look(self, orbit: Orbit) -> None:
        """Turn with the observer."""
        if orbit != self._orbit:
            self._orbit = orbit
            self.update()

    def set_theme(self, theme: ThemeName) -> None:
        self._dark = theme == "dark"
        self.update()

    def faces(self) -> list[tuple[View, str, QPolygonF, float, np.ndarray]]:
        """Visible faces, each with its outline, how much it faces the observer, and its axes."""
        right, up, forward = self._orbit.axes
        middle, size = self.width() / 2, self.width() * 0.29
        found = []
        for view, title, normal in FACES:
            n = np.array(normal, float)
            towards = float(-n @ forward)
            if towards <= 0.02:
                continue
            across = np.cross([0, 0, 1], n) if not normal[2] else np.array([1.0, 0, 0])
            tall = np.cross(n, across)
            corners = [n + s * across + t * tall for s, t in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
            outline = QPolygonF(
                [QPointF(middle + size * c @ right, middle - size * c @ up) for c in corners]
            )
            axes = np.array([[across @ right, across @ up], [tall @ right, tall @ up]])
            found.append((view, title, outline, towards, axes))
        return found

    def face_at(self, at: QPointF) -> View | None:
        """The face under a point of the widget."""
        for view, _, outline, _, _ in self.faces():
            if outline.containsPoint(at, Qt.FillRule.OddEvenFill):
                return view
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Each picture of the scene below paints the cube too: it is drawn once and kept."""
        ratio = self.devicePixelRatioF()
        told = (self._orbit, self._dark, self._hover, self.hasFocus(), self.size(), ratio)
        if self._kept is None or self._kept[0] != told:
            drawn = QPixmap(self.size() * ratio)
            drawn.setDevicePixelRatio(ratio)
            drawn.fill(Qt.GlobalColor.transparent)
            self._draw(drawn)
            self._kept = told, drawn
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._kept[1])
        painter.end()

    def _draw(self, drawn: QPixmap) -> None:
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPixelSize(11)
        for view, title, outline, towards, axes in self.faces():
            tone = 78 + 50 * towards if self._dark else 196 + 50 * towards
            grey = min(tone / 255, 1.0)
            fill = QColor.fromRgbF(grey, grey, grey, 0.88)
            if view == self._hover:
                fill = QColor("#6f9fd8") if self._dark else QColor("#9cc3f0")
            painter.setBrush(fill)
            line = QColor(20, 22, 26, 160) if self._dark else QColor(120, 126, 136, 160)
            painter.setPen(QPen(line, 1))
            painter.drawPolygon(outline)
            if towards < 0.3:
                continue
            centre = outline.boundingRect().center()
            (ax, ay), (tx, ty) = axes
            painter.save()
            painter.setTransform(
                QTransform(ax, -ay, 0, -tx, ty, 0, centre.x(), centre.y(), 1), combine=True
            )
            painter.setFont(font)
            painter.setPen(QColor("#f2f4f7") if self._dark else QColor("#2c3036"))
            painter.drawText(-30, -10, 60, 20, Qt.AlignmentFlag.AlignCenter, title)
            painter.restore()
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor("#6f9fd8"), 1.5))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self.face_at(event.position())
        if hover != self._hover:
            self._hover = hover
            key = f" ({_KEYS[hover]})" if hover in _KEYS else ""
            text = "" if hover is None else f"{hover.capitalize()} view{key}"
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        view = self.face_at(event.position())
        if view is not None:
            self.view_wanted.emit(view)
        event.setAccepted(view is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key
        views: dict[int, View] = {
            key.Key_Up: "top", key.Key_Down: "front", key.Key_Left: "left", key.Key_Right: "right",
            key.Key_End: "back", key.Key_Home: "three-quarter",
        }  # fmt: skip
        if event.key() in views:
            self.view_wanted.emit(views[event.key()])
        else:
            super().keyPressEvent(event)
