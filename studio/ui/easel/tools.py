"""The tools of the easel as buttons: what is in the hand, how large, in which ink."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from studio.ui import theme
from studio.ui.choices import Toggle
from studio.ui.easel.desk import LEAST_PX, MOST_PX, Desk, Tool

_TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    ("brush", "ph.paint-brush", "Brush", "B"),
    ("eraser", "ph.eraser", "Eraser", "E"),
    ("lasso", "ph.scribble-loop", "Lasso: fill what you draw around", "L"),
    ("fill", "ph.paint-bucket", "Fill an area", "G"),
)
_STEPS = 100


class Tools(QWidget):
    """Drives a desk; follows it when keys on the easel choose."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.hand: dict[Tool, QToolButton] = {}
        self.inks: dict[int, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._hand())
        self._palette = QFlowLayout()
        self._palette.setSpacing(4)
        self._ink_group = QButtonGroup(self)
        column.addLayout(self._palette)
        self.breadth = self._slider("Size", column)
        self.breadth.valueChanged.connect(self._sized)
        self.opacity = self._slider("Show the paint", column)
        self.opacity.setValue(round(_STEPS * desk.opacity))
        self.opacity.valueChanged.connect(lambda v: desk.set_opacity(v / _STEPS))
        self.snap = Toggle("Snap to edges")
        self.snap.setToolTip("After each stroke the border moves to the picture's own edge (S)")
        self.snap.changed.connect(lambda: desk.choose(snapping=bool(self.snap.value())))
        row = QHBoxLayout()
        row.addWidget(QLabel("Snap to edges"), 1)
        row.addWidget(self.snap)
        column.addLayout(row)
        desk.changed.connect(self._mix)
        desk.tooled.connect(self._follow)
        desk.painted.connect(self._follow)
        theme.look().changed.connect(self._mix)
        self._mix()

    def _hand(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        group = QButtonGroup(self)
        for tool, symbol, words, key in _TOOLS:
            button = _button(symbol, f"{words} ({key})")
            button.setCheckable(True)
            button.clicked.connect(partial(self._take, tool))
            group.addButton(button)
            self.hand[tool] = button
            row.addWidget(button)
        row.addStretch(1)
        self.undo = _button("ph.arrow-u-up-left", "Take the stroke back (Ctrl+Z on the easel)")
        self.redo = _button("ph.arrow-u-up-right", "Paint it again (Ctrl+Shift+Z on the easel)")
        self.undo.clicked.connect(self.desk.undo)
        self.redo.clicked.connect(self.desk.redo)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        return row

    def _take(self, tool: Tool) -> None:
        self.desk.choose(tool=tool)

    def _slider(self, name: str, column: QVBoxLayout) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, _STEPS)
        slider.setAccessibleName(name)
        row = QHBoxLayout()
        label = QLabel(name)
        label.setMinimumWidth(theme.look().px(104))
        row.addWidget(label)
        row.addWidget(slider, 1)
        column.addLayout(row)
        return slider

    def _sized(self, step: int) -> None:
        self.desk.choose(radius_px=LEAST_PX * (MOST_PX / LEAST_PX) ** (step / _STEPS))

    def _mix(self) -> None:
        """A button for each ink of the desk."""
        inks = self.desk.inks
        if tuple(self.inks) != tuple(ink.value for ink in inks):
            while (item := self._palette.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
            self.inks = {}
            for number, ink in enumerate(inks):
                button = QToolButton()
                button.setText(ink.title)
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                button.setCheckable(True)
                button.setProperty("role", "chip")
                button.setAccessibleName(f"Ink: {ink.title}")
                button.setToolTip(f"{ink.title} ({number})")
                button.setIcon(_swatch(ink.rgb))
                button.clicked.connect(lambda _=False, v=ink.value: self.desk.choose(value=v))
                self._ink_group.addButton(button)
                self._palette.addWidget(button)
                self.inks[ink.value] = button
        self._follow()

    def _follow(self) -> None:
        desk, on = self.desk, self.desk.painting
        self.hand[desk.tool].setChecked(True)
        if desk.value in self.inks:
            self.inks[desk.value].setChecked(True)
        share = _log_share(desk.radius_px)
        with QSignalBlocker(self.breadth):
            self.breadth.setValue(round(_STEPS * share))
        self.breadth.setToolTip(f"{2 * desk.radius_px:.0f} px ([ and ])")
        with QSignalBlocker(self.snap):
            self.snap.set_value(desk.snapping)
        self.undo.setEnabled(on is not None and on.can_undo)
        self.redo.setEnabled(on is not None and on.can_redo)
        self.setEnabled(on is not None)


def _log_share(radius_px: float) -> float:
    return math.log(radius_px / LEAST_PX) / math.log(MOST_PX / LEAST_PX)


def _button(symbol: str, tip: str) -> QToolButton:
    button = QToolButton()
    theme.set_icon(button, symbol)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _swatch(rgb: tuple[int, int, int], side: int = 14) -> QIcon:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*rgb))
    painter.setPen(QColor(theme.look().tokens.line))
    painter.drawRoundedRect(1, 1, side - 2, side - 2, 3, 3)
    painter.end()
    return QIcon(pixmap)
