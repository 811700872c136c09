"""Small parts of the floor's pages."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget


def pixmap(rgb: np.ndarray, height: int) -> QPixmap:
    """An RGB picture at a height in pixels."""
    data = np.ascontiguousarray(rgb)
    image = QImage(data.data, data.shape[1], data.shape[0], data.strides[0],
                   QImage.Format.Format_RGB888)  # fmt: skip
    smooth = Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image).scaledToHeight(height, smooth)


def tilt_deg(points: np.ndarray) -> float:
    """How far the plane of some points is from level, in degrees."""
    normal = np.linalg.svd(points - points.mean(0), full_matrices=False)[2][2]
    return float(np.degrees(np.arccos(min(abs(float(normal[2])), 1.0))))


def page(*widgets: QWidget) -> QWidget:
    """Widgets below each other."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return whole


def words(text: str) -> QLabel:
    """A sentence that explains."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setProperty("role", "small")
    return label
