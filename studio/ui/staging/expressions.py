"""Expressions: how much of each is shown, and those that keys hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from studio.human.rig import ACTIONS
from studio.media.formats.vrm.expressions import PRESETS
from studio.ui.controls import CalmSlider
from studio.ui.fuzzy import score

Quaternion = tuple[float, float, float, float]
MOST_ROWS = 6
MOST = 3.0


def _turn(axis: tuple[float, float, float], degrees: float) -> Quaternion:
    half = np.radians(degrees) / 2
    x, y, z = (float(np.sin(half)) * a for a in axis)
    return x, y, z, float(np.cos(half))


HELD: tuple[tuple[str, Mapping[str, float], Mapping[str, Quaternion]], ...] = (
    ("Smile", PRESETS["happy"], {}), ("Surprise", PRESETS["surprised"], {}),
    ("Anger", PRESETS["angry"], {}), ("Sadness", PRESETS["sad"], {}),
    ("Wink", PRESETS["blinkLeft"], {}),
    ("Wave", {}, {"rightUpperArm": _turn((0, 1, 0), -35), "rightLowerArm": _turn((0, 1, 0), 95)}),
)  # fmt: skip
"""Expressions and poses that the keys 1 to 6 hold: name, ARKit's weights, turns of VRM's bones."""


def pairs() -> tuple[str, ...]:
    """The names of the actions without their sides."""
    bare = [name.removesuffix("Left").removesuffix("Right") for name in ACTIONS]
    both = {name for name in bare if f"{name}Left" in ACTIONS and f"{name}Right" in ACTIONS}
    plain = [name if name in both else whole for name, whole in zip(bare, ACTIONS, strict=True)]
    return tuple(dict.fromkeys(plain))


def words(name: str) -> str:
    """``browInnerUp`` as “Brow inner up”."""
    told = "".join(f" {c.lower()}" if c.isupper() else c for c in name)
    return told[:1].upper() + told[1:]


class Gains(QWidget):
    """A slider for each expression, found by name. ``changed`` comes with every change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._gains: dict[str, float] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find an expression: jaw, smile, blink …")
        self.search.setAccessibleName("Find an expression")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._lay_out)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addLayout(self._grid)
        self._lay_out()

    def value(self) -> dict[str, float]:
        """Gains that are not 1, by ARKit's names; without a side they mean both."""
        return {name: gain for name, gain in self._gains.items() if abs(gain - 1) > 1e-6}

    def set_value(self, gains: Mapping[str, float]) -> None:
        """Show these gains."""
        if dict(gains) != self.value():
            self._gains = dict(gains)
            self._lay_out()

    def _found(self) -> list[str]:
        text = self.search.text().strip()
        if not text:
            usual = ("jawOpen", "mouthSmile", "browInnerUp", "eyeBlink")
            return list(dict.fromkeys((*self.value(), *usual)))[:MOST_ROWS]
        ranked = [(score(text, words(name)), name) for name in pairs()]
        best = sorted((-rank, name) for rank, name in ranked if rank is not None)
        return [name for _, name in best[:MOST_ROWS]]

    def _lay_out(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, name in enumerate(self._found()):
            title, told = QLabel(words(name)), QLabel()
            slider = CalmSlider(Qt.Orientation.Horizontal)
            slider.setRange(0, round(100 * MOST))
            slider.setValue(round(100 * self._gains.get(name, 1.0)))
            slider.setAccessibleName(f"{words(name)}: how much more is shown")
            told.setText(f"× {slider.value() / 100:.2f}")
            told.setMinimumWidth(48)

            def follow(value: int, name: str = name, told: QLabel = told) -> None:
                self._gains[name] = value / 100
                told.setText(f"× {value / 100:.2f}")
                self.changed.emit()

            slider.valueChanged.connect(follow)
            for k, widget in enumerate((title, slider, told)):
                self._grid.addWidget(widget, row, k)
        self._grid.setColumnStretch(1, 1)


class HeldKeys(QWidget):
    """Buttons that hold an expression while they are down, and so do the keys 1 to 6.

    ``changed(weights, turns)`` tells what is held; keys count unless somebody writes.
    """

    changed = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.buttons: list[QPushButton] = []
        for k, (name, _, _) in enumerate(HELD):
            button = QPushButton(f"{k + 1}  {name}")
            button.setCheckable(True)
            button.setToolTip(f"Click to hold it, or hold the key {k + 1}")
            button.toggled.connect(lambda _: self._tell())
            grid.addWidget(button, k // 3, k % 3)
            self.buttons.append(button)
        self.listening = False
        self._asked = QApplication.instance()
        if self._asked is not None:
            self._asked.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if self.listening and kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return isinstance(event, QKeyEvent) and self._key(event, kind == QEvent.Type.KeyPress)
        return False

    def _key(self, event: QKeyEvent, down: bool) -> bool:
        at = event.key() - Qt.Key.Key_1
        if (
            not 0 <= at < len(self.buttons)
            or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            return False
        writes = QLineEdit, QTextEdit, QPlainTextEdit, QSpinBox
        if isinstance(QApplication.focusWidget(), writes):
            return False
        if not event.isAutoRepeat():
            self.buttons[at].setChecked(down)
        return True

    def _tell(self) -> None:
        weights: dict[str, float] = {}
        turns: dict[str, Quaternion] = {}
        for button, (_, said, bones) in zip(self.buttons, HELD, strict=True):
            if button.isChecked():
                for name, weight in said.items():
                    weights[name] = max(weights.get(name, 0.0), weight)
                turns |= bones
        self.changed.emit(weights, turns)
