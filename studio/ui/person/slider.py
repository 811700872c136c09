"""A slider of a person: its name, its value to type, a pin where the value can be held."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

from studio.ui import theme
from studio.ui.controls import CalmSlider
from studio.ui.person.gesture import Gesture

STEPS = 500


class FromMiddle(CalmSlider):
    """Filled from the middle, which is marked: what is there is as usual."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setProperty("fill", "middle")

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t, option = theme.look().tokens, QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        middle, at = self.width() / 2, handle.center().x() + 0.5
        near = at - math.copysign(handle.width() / 2, at - middle)
        height = handle.center().y() + 0.5
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if abs(at - middle) > handle.width() / 2:
            painter.setBrush(QColor(t.accent if self.isEnabled() else t.disabled))
            left, right = sorted((middle, near))
            painter.drawRect(QRectF(left, height - 2, right - left, 4))
            painter.setBrush(QColor(t.muted))
            painter.drawRoundedRect(QRectF(middle - 1, height - 5, 2, 10), 1, 1)


class PersonSlider(QWidget):
    """``moved(value, gesture, ended)`` follows every change; a drag is one gesture and ends once.

    The middle of the slider is ``middle``, to which a double-click brings it back; one whose
    ``middle`` is its low end is even throughout. A ``two_sided`` one is filled from the middle.
    What is shown is the value by ``scale`` (pairs of value and what is shown for it) in ``unit``.
    ``pinned(on)`` follows the pin.
    """

    moved = Signal(float, int, bool)
    pinned = Signal(bool)

    def __init__(
        self,
        title: str,
        low: float,
        middle: float,
        high: float,
        unit: str = "",
        scale: Sequence[tuple[float, float]] = ((0.0, 0.0), (1.0, 1.0)),
        decimals: int = 2,
        pin: bool = False,
        tip: str = "",
        two_sided: bool = False,
    ) -> None:
        super().__init__()
        self.title = title
        self._low, self._middle, self._high = low, middle, high
        self._values, self._shown = zip(*scale, strict=True)
        self._gesture = Gesture()
        label = QLabel(title)
        label.setProperty("role", "muted")
        label.setToolTip(f"{tip}\nDouble-click to reset".strip())
        label.installEventFilter(self)
        self.slider = FromMiddle() if two_sided else CalmSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setAccessibleName(f"{title}, slider")
        self.slider.setMinimumWidth(64)
        self.field = QDoubleSpinBox()
        self.field.setDecimals(decimals)
        self.field.setRange(self._told(low), self._told(high))
        self.field.setSingleStep(10.0**-decimals if decimals else 1.0)
        self.field.setSuffix(f" {unit}" if unit else "")
        self.field.setKeyboardTracking(False)
        self.field.setAccessibleName(title)
        self.field.setFixedWidth(theme.look().px(76))
        self.field.lineEdit().setTextMargins(4, 0, 4, 0)
        self.field.installEventFilter(self)
        self.pin = QToolButton(self)
        self.pin.setCheckable(True)
        self.pin.setVisible(pin)
        self.pin.toggled.connect(self._pin)
        self._show_pin(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.addWidget(label, 0, 0, 1, 3 if pin else 2)
        grid.addWidget(self.slider, 1, 0)
        grid.addWidget(self.field, 1, 1)
        if pin:
            grid.addWidget(self.pin, 1, 2)
        grid.setColumnStretch(0, 1)
        self.slider.sliderPressed.connect(self._gesture.press)
        self.slider.sliderReleased.connect(self._released)
        self.slider.valueChanged.connect(self._slid)
        self.slider.reset.connect(self.reset)
        self.field.valueChanged.connect(self._typed)
        self.value = middle
        self.set_value(middle)

    def set_value(self, value: float, middle: float | None = None) -> None:
        """Show a value; nothing is told. While the slider is held it stays where the hand is."""
        if middle is not None:
            self._middle = middle
        self.value = value
        with QSignalBlocker(self.field):
            self.field.setValue(self._told(value))
        if not self._gesture.held:
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(self._share(value) * STEPS))

    def reset(self) -> None:
        """Back to the middle."""
        self.set_value(self._middle)
        self.moved.emit(self._middle, self._gesture.token(), True)

    def set_pinned(self, on: bool) -> None:
        """Show the pin in or out; nothing is told."""
        with QSignalBlocker(self.pin):
            self.pin.setChecked(on)
        self._show_pin(on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field:
            if event.type() == QEvent.Type.Wheel and not self.field.hasFocus():
                event.ignore()
                return True
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.reset()
        return False

    def _told(self, value: float) -> float:
        return _along(value, self._values, self._shown)

    def _share(self, value: float) -> float:
        """Where on the slider a value lies: the middle in the middle, both halves even."""
        low, middle, high = self._low, self._middle, self._high
        if middle <= low:
            return min(max(value - low, 0.0) / (high - low), 1.0)
        if value < middle:
            return 0.5 * max(value - low, 0.0) / max(middle - low, 1e-9)
        return 0.5 + 0.5 * min(value - middle, high - middle) / max(high - middle, 1e-9)

    def _slid(self, step: int) -> None:
        share = step / STEPS
        low, middle, high = self._low, self._middle, self._high
        if middle <= low:
            value = low + share * (high - low)
        elif share < 0.5:
            value = low + 2 * share * (middle - low)
        else:
            value = middle + (2 * share - 1) * (high - middle)
        self.value = value
        with QSignalBlocker(self.field):
            self.field.setValue(self._told(value))
        self.moved.emit(value, self._gesture.token(), not self._gesture.held)

    def _typed(self, shown: float) -> None:
        value = _along(shown, self._shown, self._values)
        value = min(max(value, self._low), self._high)
        self.set_value(value)
        self.moved.emit(value, self._gesture.token(), True)

    def _released(self) -> None:
        token = self._gesture.token()
        self._gesture.release()
        self.moved.emit(self.value, token, True)

    def _pin(self, on: bool) -> None:
        self._show_pin(on)
        self.pinned.emit(on)

    def _show_pin(self, on: bool) -> None:
        theme.set_icon(self.pin, "ph.push-pin-fill" if on else "ph.push-pin",
                       "accent" if on else "muted")  # fmt: skip
        told = f"Let {self.title.lower()} go" if on else f"Hold {self.title.lower()}"
        self.pin.setToolTip(told)
        self.pin.setAccessibleName(told)


def _along(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The broken line through (xs, ys) at x; its first and last piece go on beyond the ends."""
    k = next((k for k in range(1, len(xs) - 1) if x < xs[k]), len(xs) - 1)
    share = (x - xs[k - 1]) / (xs[k] - xs[k - 1])
    return ys[k - 1] + share * (ys[k] - ys[k - 1])
