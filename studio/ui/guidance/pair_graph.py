"""Which cameras saw the board together: the graph that ties a rig, and the next pair to tie."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui import theme
from studio.vision.calibration.guidance import Guidance, spoken

ENOUGH = 10
"""Common moments from which on a pair is drawn as tied well."""


class PairGraph(QWidget):
    """Cameras on a circle, a line a pair: thicker with every common moment, counted in the middle.

    The pair to see the board next is dashed in the accent colour.
    """

    def __init__(self) -> None:
        super().__init__()
        self._guidance: Guidance | None = None
        self.setAccessibleName("Cameras that saw the board together")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_guidance(self, guidance: Guidance) -> None:
        """Draw the pairs so far."""
        self._guidance = guidance
        told = [f"{a} and {b}: {n}" for (a, b), n in guidance.pairs.items() if n]
        self.setAccessibleDescription("; ".join(told) or "None yet")
        self.setToolTip("Moments that two cameras share\n" + "\n".join(told or ["None yet"]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.look().px(280), theme.look().px(112))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._guidance is None:
            return
        t = theme.look().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = tuple(one.camera for one in self._guidance.cameras)
        places = self._places(names)
        for pair, count in self._guidance.pairs.items():
            self._line(painter, places, pair, count, pair == self._guidance.pair)
        if self._guidance.pair and self._guidance.pair not in self._guidance.pairs:
            self._line(painter, places, self._guidance.pair, 0, True)
        font = painter.font()
        font.setPixelSize(theme.look().px(12))
        painter.setFont(font)
        self._counts(painter, places, self._guidance.pairs)
        radius = theme.look().px(13)
        wanted = {self._guidance.camera, *(self._guidance.pair or ())}
        says = spoken(names)
        for name, place in places.items():
            painter.setPen(QPen(QColor(t.accent if name in wanted else t.muted), 1.5))
            painter.setBrush(QColor(t.raised))
            painter.drawEllipse(place, radius, radius)
            painter.setPen(QColor(t.text))
            box = QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius)
            short = says[name].short
            painter.drawText(
                box, Qt.AlignmentFlag.AlignCenter, short if len(short) < 4 else short[:3]
            )
        painter.end()

    def _places(self, names: tuple[str, ...]) -> dict[str, QPointF]:
        """On an ellipse, the first at the upper left, clockwise as cameras stand round a room."""
        edge = theme.look().px(20)
        wide, high = self.width() / 2 - edge, self.height() / 2 - edge
        wide = min(wide, 1.6 * high)
        middle = QPointF(self.width() / 2, self.height() / 2)
        first = -math.pi / 2 - (math.pi / len(names) if len(names) % 2 == 0 else 0)
        return {
            name: middle
            + QPointF(
                wide * math.cos(first + 2 * math.pi * number / len(names)),
                high * math.sin(first + 2 * math.pi * number / len(names)),
            )
            for number, name in enumerate(names)
        }

    def _line(
        self,
        painter: QPainter,
        places: Mapping[str, QPointF],
        pair: tuple[str, str],
        count: int,
        wanted: bool,
    ) -> None:
        t = theme.look().tokens
        if wanted:
            pen = QPen(QColor(t.accent), 2.5, Qt.PenStyle.DashLine)
        elif count:
            share = min(count / ENOUGH, 1.0)
            colour = QColor(t.good if share >= 1 else t.muted)
            colour.setAlphaF(0.35 + 0.65 * share)
            pen = QPen(colour, 1 + 3 * share)
        else:
            pen = QPen(QColor(t.line), 1, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawLine(places[pair[0]], places[pair[1]])

    def _counts(
        self,
        painter: QPainter,
        places: Mapping[str, QPointF],
        pairs: Mapping[tuple[str, str], int],
    ) -> None:
        """The number of common moments, a third along each line so that crossings stay legible."""
        if len(places) > 6:
            return
        t = theme.look().tokens
        for (one, other), count in pairs.items():
            if not count:
                continue
            at = places[one] + (places[other] - places[one]) * 0.36
            text = f"{count}"
            wide = painter.fontMetrics().horizontalAdvance(text) + 6
            box = QRectF(at.x() - wide / 2, at.y() - 8, wide, 16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.panel))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(QColor(t.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
