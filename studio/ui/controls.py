"""Controls of generated forms: numbers, switches, segments, paths. Each has value and changed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from studio.ui import theme

STEPS = 1000
SLIDER_PX, FIELD_PX, NARROW_PX = 40, 96, 80
"""A number's slider is no narrower than the first, its field as wide as the second, or, where there
is no room for both, as wide as there is, down to the third."""


class Control(QWidget):
    """What every control of a form has."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._wrong = False
        self.setAccessibleName(name)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(8)

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        raise NotImplementedError

    def set_wrong(self, wrong: bool) -> None:
        """Mark the control as holding a value that is not accepted."""
        if wrong == self._wrong:
            return
        self._wrong = wrong
        for field in self.findChildren(QWidget):
            if isinstance(field, QLineEdit | QSpinBox | QDoubleSpinBox):
                field.setProperty("wrong", wrong)
                field.style().unpolish(field)
                field.style().polish(field)


class CalmSlider(QSlider):
    """A slider that a passing wheel does not move."""

    reset = Signal()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()


class Number(Control):
    """A slider and a field. The slider's middle is the default; the field takes any legal value.

    ``soft`` is the slider's range; ``hard`` the legal one. A wide positive range is logarithmic.
    ``nothing`` is said in place of the lowest value.
    """

    def __init__(
        self,
        name: str,
        whole: bool,
        default: float,
        hard: tuple[float, float],
        soft: tuple[float, float],
        unit: str,
        nothing: str = "",
    ) -> None:
        super().__init__(name)
        self._default, self._soft, self._whole = default, soft, whole
        self._log = soft[0] > 0 and soft[1] / soft[0] >= 500
        self.slider = CalmSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS if not whole else min(STEPS, max(1, int(soft[1] - soft[0]))))
        self.slider.setAccessibleName(f"{name}, slider")
        self.slider.setMinimumWidth(theme.look().px(SLIDER_PX))
        field = QSpinBox() if whole else QDoubleSpinBox()
        if isinstance(field, QDoubleSpinBox):
            field.setDecimals(_decimals(default, soft))
            field.setRange(*hard)
            field.setSingleStep(max((soft[1] - soft[0]) / 100, 10.0 ** -field.decimals()))
        else:
            field.setRange(*(int(min(max(edge, -(2**31)), 2**31 - 1)) for edge in hard))
        field.setSuffix(f" {unit}" if unit else "")
        field.setSpecialValueText(nothing)
        field.setKeyboardTracking(False)
        field.setAccessibleName(name)
        field.setFixedWidth(theme.look().px(FIELD_PX))
        field.lineEdit().setTextMargins(6, 0, 6, 0)
        field.installEventFilter(self)
        self.field = field
        self.row.addWidget(self.slider, 1)
        self.row.addWidget(field)
        self.slider.valueChanged.connect(self._slid)
        self.slider.reset.connect(self.reset)
        field.valueChanged.connect(self._typed)
        self.set_value(default)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for a slider there is the field alone."""
        super().resizeEvent(event)
        usual = theme.look().px(FIELD_PX)
        self.slider.setVisible(self.width() >= self.slider.minimumWidth() + 8 + usual)
        self.field.setFixedWidth(min(usual, max(self.width(), theme.look().px(NARROW_PX))))

    def value(self) -> float | int:
        return self.field.value()

    def set_value(self, value: float) -> None:
        if isinstance(self.field, QDoubleSpinBox):
            digits = self.field.decimals()
            while digits < 12 and abs(round(value, digits) - value) > 1e-9 * max(1, abs(value)):
                digits += 1
            self.field.setDecimals(digits)
            self.field.setValue(float(value))
        else:
            self.field.setValue(int(value))
        self._follow()

    def reset(self) -> None:
        """Back to the default."""
        self.set_value(self._default)
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self.field.hasFocus():
            event.ignore()
            return True
        return False

    def _typed(self) -> None:
        self._follow()
        self.changed.emit()

    def _follow(self) -> None:
        low, high = self._soft
        value = min(max(self.field.value(), low), high)
        share = (
            math.log(value / low) / math.log(high / low)
            if self._log
            else (value - low) / (high - low)
        )
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(share * self.slider.maximum()))

    def _slid(self, step: int) -> None:
        low, high = self._soft
        share = step / self.slider.maximum()
        value = low * (high / low) ** share if self._log else low + share * (high - low)
        with QSignalBlocker(self.field):
            if isinstance(self.field, QDoubleSpinBox):
                self.field.setValue(value)
            else:
                self.field.setValue(round(value))
        self.changed.emit()


def _decimals(default: float, soft: tuple[float, float]) -> int:
    """Enough digits for a thousandth of the range and for the default itself."""
    need = max(0, math.ceil(-math.log10(max(soft[1] - soft[0], 1e-9))) + 2)
    text = f"{default:.10f}".rstrip("0").partition(".")[2]
    return min(max(need, len(text), 1), 10)


class Text(Control):
    """A line of text."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name)
        self.line = QLineEdit()
        self.line.setAccessibleName(name)
        self.line.setPlaceholderText(hint)
        self.line.setMinimumWidth(64)
        self.row.addWidget(self.line, 1)
        self.line.editingFinished.connect(self.changed)

    def value(self) -> Any:
        return self.line.text()

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else str(value))


class Json(Text):
    """A structured value, written as JSON."""

    def value(self) -> Any:
        text = self.line.text().strip()
        try:
            return json.loads(text) if text else None
        except ValueError:
            return text

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else json.dumps(value, ensure_ascii=False))


class PathField(Text):
    """A file or a folder, typed, dropped or browsed for; empty where Doppel may choose."""

    def __init__(self, name: str, hint: str = "Drop a file here, or browse") -> None:
        super().__init__(name, hint)
        ways = (
            ("ph.file", "Choose a file", self._file),
            ("ph.folder-open", "Choose a folder", self._folder),
        )
        for symbol, tip, call in ways[1:] if "folder" in name.lower().split() else ways:
            button = QToolButton()
            theme.set_icon(button, symbol, "muted")
            button.setToolTip(f"{tip} ({name})")
            button.setAccessibleName(f"{tip} for {name}")
            button.clicked.connect(call)
            self.row.addWidget(button)
        self.row.setSpacing(4)

    def value(self) -> Any:
        return self.line.text() or None

    def _file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.accessibleName(), self.line.text())
        self._picked(path)

    def _folder(self) -> None:
        self._picked(
            QFileDialog.getExistingDirectory(self, self.accessibleName(), self.line.text())
        )

    def _picked(self, path: str) -> None:
        if path:
            self.set_value(path)
            self.changed.emit()


class PathList(PathField):
    """Several files or folders; in the field they are separated by semicolons."""

    def value(self) -> Any:
        return [part.strip() for part in self.line.text().split(";") if part.strip()]

    def set_value(self, value: Any) -> None:
        paths = [value] if isinstance(value, str | Path) else list(value or ())
        self.line.setText("; ".join(str(path) for path in paths))

    def _file(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, self.accessibleName())
        if paths:
            self.set_value(paths)
            self.changed.emit()


class Auto(Control):
    """An optional value: “auto”, or the inner control's."""

    def __init__(self, name: str, inner: Control) -> None:
        super().__init__(name)
        self.inner = inner
        self.auto = QToolButton()
        self.auto.setText("auto")
        self.auto.setCheckable(True)
        self.auto.setProperty("role", "segment")
        self.auto.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.auto.setAccessibleName(f"{name}: automatic")
        self.auto.setToolTip("Let Doppel choose")
        self.row.addWidget(self.auto)
        self.row.addWidget(inner, 100)
        if isinstance(inner, Number):  # its slider goes where there is no room
            inner.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            inner.setMinimumWidth(theme.look().px(NARROW_PX))
        self.row.addStretch(1)
        self.auto.toggled.connect(self._switched)
        inner.changed.connect(self.changed)

    def value(self) -> Any:
        return None if self.auto.isChecked() else self.inner.value()

    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self.auto):
            self.auto.setChecked(value is None)
        self.inner.setVisible(value is not None)
        if value is not None:
            self.inner.set_value(value)

    def _switched(self, auto: bool) -> None:
        self.inner.setVisible(not auto)
        self.changed.emit()
