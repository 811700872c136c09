"""Expressions and poses that keys hold, and which key holds which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from studio.human.rig import ACTIONS
from studio.media.formats.vrm.expressions import PRESETS
from studio.ui.staging.fold import Fold

ROOM_PX = 64
Quaternion = tuple[float, float, float, float]
Held = tuple[str, Mapping[str, float], Mapping[str, Quaternion]]


def _turn(axis: tuple[float, float, float], degrees: float) -> Quaternion:
    half = np.radians(degrees) / 2
    x, y, z = (float(np.sin(half)) * a for a in axis)
    return x, y, z, float(np.cos(half))


HELD: tuple[Held, ...] = (
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


def held_of(name: str) -> Held | None:
    """What a key holds that is called so: one of :data:`HELD`, or one of ARKit's expressions,
    whole; None if there is none."""
    ready = next((one for one in HELD if one[0] == name), None)
    if ready is None and name in pairs():
        return words(name), {name: 1.0}, {}
    return ready


class HeldKeys(QWidget):
    """Buttons that hold an expression while they are down, and so do the keys 1 to 6.

    ``changed(weights, turns)`` tells what is held; keys count unless somebody writes.
    ``assigned(names)`` tells which key holds what, once that was changed.
    """

    changed = Signal(object, object)
    assigned = Signal(object)

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__()
        usual = [one[0] for one in HELD]
        given = [*names, *usual[len(names) :]][: len(usual)]
        self.names = [name if held_of(name) else usual[k] for k, name in enumerate(given)]
        grid = QGridLayout()
        grid.setSpacing(4)
        self.buttons: list[QPushButton] = []
        for k in range(len(HELD)):
            button = QPushButton()
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.toggled.connect(lambda _: self._tell())
            grid.addWidget(button, k // 3, k % 3)
            self.buttons.append(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(grid)
        column.addWidget(self._changer())
        self._label()
        self.listening = False
        self._asked = QApplication.instance()
        if self._asked is not None:
            self._asked.installEventFilter(self)

    def assign(self, at: int, name: str) -> None:
        """Let a key, counted from 0, hold something else (see :func:`held_of`)."""
        self.buttons[at].setChecked(False)
        self.names[at] = name
        self._label()
        self.assigned.emit(tuple(self.names))

    def _changer(self) -> QWidget:
        fold = Fold("Change a key")
        self.key, self.what = QComboBox(), QComboBox()
        self.key.setAccessibleName("Key")
        self.key.addItems([f"Key {k + 1}" for k in range(len(HELD))])
        self.what.setAccessibleName("What the key holds")
        self.what.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for name in (*(one[0] for one in HELD), *sorted(pairs())):
            held = held_of(name)
            self.what.addItem(name if held is None else held[0], name)
        self.what.insertSeparator(len(HELD))
        self.key.currentIndexChanged.connect(lambda _: self._label())
        self.what.activated.connect(
            lambda _: self.assign(self.key.currentIndex(), self.what.currentData())
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.key)
        row.addWidget(self.what, 1)
        fold.inside.addLayout(row)
        return fold

    def _held(self) -> list[Held]:
        return [held_of(name) or HELD[k] for k, name in enumerate(self.names)]

    def _label(self) -> None:
        for k, (button, (name, _, _)) in enumerate(zip(self.buttons, self._held(), strict=True)):
            room = button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, ROOM_PX)
            button.setText(f"{k + 1}  {room}")
            button.setToolTip(f"{name}: click to hold it, or hold the key {k + 1}")
            button.setAccessibleName(f"{name}, key {k + 1}")
        self.what.setCurrentIndex(self.what.findData(self.names[self.key.currentIndex()]))

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
        for button, (_, said, bones) in zip(self.buttons, self._held(), strict=True):
            if button.isChecked():
                for name, weight in said.items():
                    weights[name] = max(weights.get(name, 0.0), weight)
                turns |= bones
        self.changed.emit(weights, turns)
