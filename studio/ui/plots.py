"""Plots beside the timeline: errors, bone lengths, losses; one chart at a time, one playhead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.scene.palette import PALETTES
from studio.ui import theme as looks
from studio.ui.legend import Legend
from studio.ui.series import Chart, Series, Tone

DARK_INKS = ("#f0a030", "#56b4e9", "#5fc9a4", "#d68fc0", "#e8dc6a", "#e0825f", "#9aa7ff", "#b9bdc5")
LIGHT_INKS = (
    "#b35c00", "#0072b2", "#00785a", "#9c3f7f", "#7a6a00", "#b04a24", "#4450c8", "#4a4f57",
)  # fmt: skip

_ACROSS = {"s": "Time (s)", "cameras": "Cameras"}


class Plots(QWidget):
    """Charts by title, chosen from a list. ``time_picked`` is emitted when a plot is clicked."""

    time_picked = Signal(float)

    def __init__(
        self,
        parent: QWidget | None = None,
        empty: str = "Errors and bone lengths are drawn here once there is a motion.",
    ) -> None:
        """``empty`` is said while there is nothing to draw."""
        super().__init__(parent)
        self.setObjectName("plots")
        self.setAccessibleName("Plots")
        self._charts: dict[str, Chart] = {}
        self._time_s = 0.0
        self._curves: list[Any] = []
        self._drawn: Chart | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        row = QHBoxLayout()
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Chart")
        self.choice.setToolTip("Chart")
        self.choice.currentTextChanged.connect(self._draw)
        self.choice.hide()
        self._figure = QLabel(self)
        self._figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.choice)
        row.addStretch(1)
        row.addWidget(self._figure)
        column.addLayout(row)
        self._legend = Legend(self)
        column.addWidget(self._legend)
        self.plot = pg.PlotWidget(self)
        self.plot.setAccessibleName("Plot")
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        for side in ("bottom", "left"):  # once, while the range is 0..1: each call scales anew
            self.plot.getAxis(side).enableAutoSIPrefix(False)
        self._head = pg.InfiniteLine(angle=90, movable=False)
        self._limit = pg.InfiniteLine(angle=0, movable=False)
        inner: Any = self.plot.getPlotItem()
        inner.addItem(self._head, ignoreBounds=True)
        inner.addItem(self._limit, ignoreBounds=True)
        inner.scene().sigMouseClicked.connect(self._clicked)
        self._box: Any = inner.getViewBox()
        self._empty = QLabel(empty)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "muted")
        column.addWidget(self.plot, 1)
        column.addWidget(self._empty, 1)
        looks.look().changed.connect(self._relook)
        self._relook()

    # -- content

    def set_charts(self, charts: Iterable[Chart]) -> None:
        """Show these charts; the chosen one stays chosen if it is still there."""
        self._charts = {chart.title: chart for chart in charts if chart.series}
        chosen = self.choice.currentText()
        if list(self._charts) == [self.choice.itemText(i) for i in range(self.choice.count())]:
            self._draw()
            return
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(list(self._charts))
        if chosen in self._charts:
            self.choice.setCurrentText(chosen)
        self.choice.blockSignals(False)
        self.choice.setVisible(bool(self._charts))
        self._draw()

    def set_series(
        self, title: str, series: tuple[Series, ...], y_unit: str = "", **more: Any
    ) -> None:
        """Add or replace one chart (see :class:`Chart` for ``more``)."""
        chart = Chart(title, y_unit, series, **more)
        self.set_charts([*(c for t, c in self._charts.items() if t != title), chart])

    @property
    def charts(self) -> tuple[str, ...]:
        return tuple(self._charts)

    @property
    def chart(self) -> Chart | None:
        """The chart on show."""
        return self._charts.get(self.choice.currentText())

    def set_time(self, time_s: float) -> None:
        """Move the playhead, and say the values there."""
        self._time_s = time_s
        self._head.setPos(time_s)
        self._say()

    def values_at(self, time_s: float) -> dict[str, float]:
        """The value of each curve on show at a time; curves with a gap there are left out."""
        found = {}
        for series in self.chart.series if self.chart else ():
            if len(series.x):
                value = float(series.y[int(np.abs(series.x - time_s).argmin())])
                if np.isfinite(value):
                    found[series.name] = value
        return found

    # -- drawing

    def _draw(self, *_: object) -> None:
        chart, drawn = self.chart, self._drawn
        self._drawn = chart
        if chart is not None and drawn is not None and _alike(chart, drawn):
            for curve, series in zip(self._curves, chart.series, strict=True):
                curve.setData(np.asarray(series.x, float), np.asarray(series.y, float))
            self._say()
            return
        for curve in self._curves:
            self.plot.removeItem(curve)
        self._curves = []
        self._empty.setVisible(chart is None)
        self.plot.setVisible(chart is not None)
        self._head.setVisible(chart is not None and chart.x_unit == "s")
        self._limit.setVisible(chart is not None and chart.limit is not None)
        self._legend.clear()
        if chart is None:
            self._figure.setText("")
            return
        plain = 0
        for series in chart.series:
            ink = self._ink(series.tone, plain)
            plain += series.tone == "plain"
            pen = pg.mkPen(ink, width=2 if series.tone == "accent" else 1.3)
            curve = self.plot.plot(
                np.asarray(series.x, float), np.asarray(series.y, float), pen=pen,
                connect="finite", autoDownsample=True, clipToView=False,
                symbol="o" if series.dots else None, symbolSize=6, symbolPen=None, symbolBrush=ink,
                fillLevel=0.0 if chart.from_zero else None,
            )  # fmt: skip
            self._curves.append(curve)
            self._legend.add(series.name, ink)
        self.plot.setLogMode(x=False, y=chart.log)
        if chart.limit is not None:
            self._limit.setPos(chart.limit)
        t = looks.look().tokens
        style = {"color": t.muted, "font-size": f"{looks.look().px(12)}px"}
        self.plot.setLabel("bottom", _ACROSS.get(chart.x_unit, "Step"), **style)
        self.plot.setLabel("left", chart.y_unit, **style)
        self.plot.enableAutoRange()
        self._say()

    def _ink(self, tone: Tone, number: int) -> QColor:
        look = looks.look()
        palette = PALETTES[look.theme]
        if tone == "accent":
            return QColor(look.tokens.accent)
        if tone == "faint":
            return QColor(look.tokens.muted)
        if tone == "plain":
            inks = DARK_INKS if look.theme == "dark" else LIGHT_INKS
            return QColor(inks[number % len(inks)])
        return QColor.fromRgbF(*getattr(palette, tone))

    def _say(self) -> None:
        chart = self.chart
        if chart is None or not chart.series or chart.x_unit != "s":
            self._figure.setText("")
            return
        first = chart.series[0]
        value = self.values_at(self._time_s).get(first.name)
        self._figure.setText("no value" if value is None else f"{value:.2f} {chart.y_unit}")
        self._figure.setToolTip(f"{first.name}, at {self._time_s:.2f} s")

    def _relook(self) -> None:
        look = looks.look()
        t = look.tokens
        self.plot.setBackground(t.sunken)
        font = QFont(self.font())
        font.setPixelSize(look.px(12))
        for side in ("bottom", "left"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(t.line))
            axis.setTextPen(pg.mkPen(t.muted))
            axis.setTickFont(font)
        self.plot.showGrid(x=True, y=True, alpha=0.18)
        self._head.setPen(pg.mkPen(t.accent, width=1.5))
        self._limit.setPen(pg.mkPen(t.muted, width=1, style=Qt.PenStyle.DashLine))
        self._drawn = None
        self._draw()

    def _clicked(self, event: Any) -> None:
        chart = self.chart
        if chart is not None and chart.x_unit == "s":
            at = self._box.mapSceneToView(event.scenePos())
            self.time_picked.emit(float(at.x()))


def _alike(one: Chart, other: Chart) -> bool:
    """Whether two charts differ in nothing but the values of their curves."""

    def dress(chart: Chart) -> object:
        curves = [(series.name, series.tone) for series in chart.series]
        return (
            chart.title,
            chart.y_unit,
            chart.x_unit,
            chart.limit,
            chart.log,
            chart.from_zero,
            curves,
        )

    return dress(one) == dress(other)
