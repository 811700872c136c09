"""A strip that shows whether cameras are in step: their curves laid over each other, twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui import theme
from studio.ui.plots import DARK_INKS, LIGHT_INKS

_SPAN_S = 12.0
_CUT = 4.0


@dataclass(frozen=True, eq=False)
class Aligned:
    """One camera's curve over its own clock, and the (offset in s, pace) it had and has."""

    camera: str
    times_s: np.ndarray
    values: np.ndarray
    before: tuple[float, float]
    after: tuple[float, float]


class AlignedCurves(QWidget):
    """“Before” above, “After” below, over the liveliest seconds that all cameras share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: tuple[Aligned, ...] = ()
        self._window = (0.0, 1.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Curves of the cameras before and after synchronising")
        theme.look().changed.connect(self.update)

    def set_curves(self, curves: Sequence[Aligned]) -> None:
        """Show these curves; nothing is drawn without any."""
        self._curves = tuple(curves)
        self._window = _liveliest(self._curves)
        self.setVisible(bool(curves))
        low, high = self._window
        self.setToolTip(f"{low:.1f} to {high:.1f} s of the take; each line is a camera")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, theme.look().px(132))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.look()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(look.tokens.sunken))
            legend = look.px(22)
            height = (self.height() - legend) / 2
            for row, name in enumerate(("Before", "After")):
                box = QRectF(0, row * height, self.width(), height)
                self._row(painter, box, name)
            self._legend(painter, QRectF(0, self.height() - legend, self.width(), legend))

    def _row(self, painter: QPainter, box: QRectF, name: str) -> None:
        tokens = theme.look().tokens
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        inner = box.adjusted(0, theme.look().px(18), 0, -4)
        low, high = self._window
        for number, curve in enumerate(self._curves):
            offset, pace = curve.after if name == "After" else curve.before
            times = offset + pace * curve.times_s
            shown = (times >= low) & (times <= high)
            x = inner.left() + (times[shown] - low) / max(high - low, 1e-9) * inner.width()
            tall = np.clip(curve.values[shown], -_CUT, _CUT) / (2 * _CUT)
            y = inner.center().y() - tall * inner.height()
            painter.setPen(QPen(self._ink(number), 1.3))
            good = np.isfinite(y)
            points = [QPointF(a, b) for a, b in zip(x[good], y[good], strict=True)]
            painter.drawPolyline(QPolygonF(points))
        painter.setPen(QColor(tokens.muted))
        corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        painter.drawText(box.adjusted(6, 2, -6, 0), corner, name)

    def _legend(self, painter: QPainter, box: QRectF) -> None:
        metrics = painter.fontMetrics()
        x = box.left() + 6
        for number, curve in enumerate(self._curves):
            width = metrics.horizontalAdvance(curve.camera)
            if x + width + 14 > box.right():
                break
            painter.setPen(QPen(self._ink(number), 3))
            painter.drawLine(QPointF(x, box.center().y()), QPointF(x + 8, box.center().y()))
            painter.setPen(QColor(theme.look().tokens.text))
            place = QRectF(x + 12, box.top(), width + 2, box.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, curve.camera)
            x += width + 24

    @staticmethod
    def _ink(number: int) -> QColor:
        inks = DARK_INKS if theme.look().theme == "dark" else LIGHT_INKS
        return QColor(inks[number % len(inks)])


def _liveliest(curves: Sequence[Aligned]) -> tuple[float, float]:
    """The stretch of at most twelve seconds that all share in which the most happens."""
    if not curves:
        return 0.0, 1.0
    taken = [c.after[0] + c.after[1] * c.times_s for c in curves]
    low, high = max(t[0] for t in taken), min(t[-1] for t in taken)
    if high - low <= _SPAN_S:
        return float(low), float(high)
    starts = np.arange(low, high - _SPAN_S + 0.5, 0.5)
    energy = np.zeros(len(starts))
    for times, curve in zip(taken, curves, strict=True):
        total = np.concatenate([[0.0], np.cumsum(np.square(np.nan_to_num(curve.values)))])
        ends = np.searchsorted(times, starts + _SPAN_S), np.searchsorted(times, starts)
        energy += total[ends[0]] - total[ends[1]]
    start = float(starts[int(np.argmax(energy))])
    return start, start + _SPAN_S
