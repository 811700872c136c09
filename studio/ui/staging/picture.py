"""Composed pictures on the screen: opaque, and in a window of their own."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QApplication, QWidget

_TILE_PX = 12
_LIGHT, _DARK = 74, 58


def before_tiles(rgba: np.ndarray) -> np.ndarray:
    """A picture (height, width, 4) as RGB; what is transparent shows tiles."""
    alpha = rgba[..., 3]
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(rgba[..., :3])
    height, width = alpha.shape
    y, x = np.ogrid[:height, :width]
    tiles = np.where((x // _TILE_PX + y // _TILE_PX) % 2, _LIGHT, _DARK).astype(np.uint8)
    behind = cv2.cvtColor(tiles, cv2.COLOR_GRAY2RGB)
    share = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
    front = cv2.multiply(np.ascontiguousarray(rgba[..., :3]), share, scale=1 / 255)
    return cv2.add(front, cv2.multiply(behind, cv2.bitwise_not(share), scale=1 / 255))


def side_by_side(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The left half of one picture beside the right half of another; a line between."""
    height, width = b.shape[:2]
    if a.shape[:2] != (height, width):
        a = cv2.resize(a, (width, height), interpolation=cv2.INTER_AREA)
    out = b.copy()
    out[:, : width // 2] = a[:, : width // 2]
    out[:, width // 2 - 1 : width // 2 + 1] = 235
    return out


class OutputWindow(QWidget):
    """A picture alone, filling a screen without a frame. Esc closes it."""

    def __init__(self, title: str = "Stage") -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle(title)
        self.setAccessibleName(f"{title}, full screen")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._image: QImage | None = None

    def show_on(self, screen: QScreen) -> None:
        """Fill a screen."""
        self.setGeometry(screen.geometry())
        self.showFullScreen()

    def show_picture(self, rgb: np.ndarray) -> None:
        """Show a picture (height, width, 3)."""
        height, width = rgb.shape[:2]
        held = np.ascontiguousarray(rgb)
        image = QImage(held.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = image.copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            left = (self.width() - size.width()) / 2
            top = (self.height() - size.height()) / 2
            painter.drawImage(QRectF(left, top, size.width(), size.height()), self._image)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            event.ignore()


def labelled(rgb: np.ndarray, left: str, right: str) -> np.ndarray:
    """A picture whose halves are named at their tops."""
    height, width = rgb.shape[:2]
    held = np.ascontiguousarray(rgb)
    image = QImage(held.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QApplication.font()
    font.setPixelSize(max(height // 28, 12))
    painter.setFont(font)
    room = max(height // 60, 6)
    for text, middle in ((left, width / 4), (right, 3 * width / 4)):
        box = painter.fontMetrics().boundingRect(text)
        wide, tall = box.width() + 4 * room, box.height() + 2 * room
        plate = QRectF(middle - wide / 2, 2 * room, wide, tall)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 22, 26, 190))
        painter.drawRoundedRect(plate, tall / 2, tall / 2)
        painter.setPen(QColor(240, 242, 245))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return flat[:, : 3 * width].reshape(height, width, 3).copy()
