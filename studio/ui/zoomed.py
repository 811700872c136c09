"""A picture that fills a widget, is zoomed at the pointer and moved about."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.ui import theme

Point = tuple[float, float]
"""A pixel of a picture; centres are whole numbers."""


class ZoomedPicture(QWidget):
    """What shows a picture, zoomed and moved. Who shows one says what :meth:`fit` shows of it and
    which keys :meth:`wants`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 180)
        self._image: QImage | None = None
        self._zoom, self._origin, self._fitted = 1.0, QPointF(), True

    def fit(self) -> None:
        """Show what is to be seen at first."""
        raise NotImplementedError

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is the widget's own."""
        raise NotImplementedError

    def zoom_to(self, zoom: float, at: QPointF) -> None:
        """Zoom (screen pixels a picture pixel), keeping what is under a place of the widget."""
        zoom = min(max(zoom, 0.05), 64.0)
        self._origin = at - (at - self._origin) * (zoom / self._zoom)
        self._zoom, self._fitted = zoom, False
        self.update()

    def picture_xy(self, at: QPointF) -> Point:
        """The picture's pixel under a place of the widget."""
        on = (at - self._origin) / self._zoom
        return on.x() - 0.5, on.y() - 0.5

    def widget_xy(self, point: Point) -> QPointF:
        """The place of the widget where a picture's pixel is drawn."""
        return self._origin + QPointF(point[0] + 0.5, point[1] + 0.5) * self._zoom

    def _move(self, by: QPointF) -> None:
        self._origin += by
        self._fitted = False

    def _paint_picture(self, painter: QPainter, otherwise: str) -> bool:
        """Draw the picture, or say ``otherwise`` where there is none; whether there is one."""
        tokens = theme.look().tokens
        painter.fillRect(self.rect(), QColor(tokens.sunken))
        if self._image is None:
            painter.setPen(QColor(tokens.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, otherwise)
            return False
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._zoom < 3)
        place = QRectF(self._origin, self._image.size().toSizeF() * self._zoom)
        painter.drawImage(place, self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def event(self, event: QEvent) -> bool:
        """While the widget has the keyboard, its keys come before the window's shortcuts."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.wants(event)
        ):
            event.accept()
            return True
        return super().event(event)
