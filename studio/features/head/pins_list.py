"""The pins, each with a way to take it out, how far they reach, and what they leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from studio.features.head.looks import segment
from studio.features.head.params import Params, Pin
from studio.human.heads.fit import Held
from studio.human.heads.named import name_of
from studio.ui import theme
from studio.ui.person.slider import PersonSlider

LOCKS: dict[Held, tuple[str, str]] = {
    "expression": ("Expression", "Pins change the face, not what it does"),
    "eyelids": ("Eyelids", "Pins open and close no eye"),
    "pose": ("Pose", "Pins do not move or turn the head, nor change the lens"),
}
_INVITES = "Drag a point in the photograph to where it belongs: the head follows."
_REACH = Params.model_fields["reach_mm"].default


class PinsList(QWidget):
    """``removed(pins)`` follows a click that takes pins out, ``shown(pin)`` one on a pin's name,
    ``locked(held)`` the locks, ``reached(mm, gesture, ended)`` the slider."""

    removed = Signal(object)
    shown = Signal(object)
    locked = Signal(object)
    reached = Signal(float, int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.told = QLabel(_INVITES)
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(2)
        self.pins: tuple[Pin, ...] = ()
        self.all_button = QPushButton("Take all pins out")
        self.all_button.clicked.connect(lambda: self.removed.emit(self.pins))
        self.reach = PersonSlider(
            "Reach of a pin", 3.0, _REACH, 60.0, "mm", decimals=0,
            tip="How far around a pin the face goes with it", two_sided=True,
        )  # fmt: skip
        self.reach.moved.connect(self.reached)
        self.locks: dict[Held, QToolButton] = {
            held: segment(title, tip) for held, (title, tip) in LOCKS.items()
        }
        label = QLabel("Pins leave as it was found")
        label.setProperty("role", "muted")
        locks = QHBoxLayout()
        locks.setSpacing(8)
        for button in self.locks.values():
            button.toggled.connect(lambda _: self.locked.emit(self.held))
            locks.addWidget(button)
        locks.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.told)
        column.addLayout(self.rows)
        column.addWidget(self.all_button)
        column.addWidget(self.reach)
        column.addWidget(label)
        column.addLayout(locks)
        self.show_params(Params())

    @property
    def held(self) -> tuple[Held, ...]:
        """What is locked."""
        return tuple(held for held, button in self.locks.items() if button.isChecked())

    def show_params(self, params: Params) -> None:
        """Show these pins and locks; nothing is told."""
        for held, button in self.locks.items():
            with QSignalBlocker(button):
                button.setChecked(held in params.held)
        self.reach.set_value(params.reach_mm)
        self.all_button.setVisible(len(params.pins) > 1)
        self.told.setVisible(not params.pins)
        if params.pins != self.pins or not self.pins:
            self._list(params.pins)

    def _list(self, pins: Sequence[Pin]) -> None:
        self.pins = tuple(pins)
        while (entry := self.rows.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for pin in pins:
            self.rows.addWidget(self._row(pin))

    def _row(self, pin: Pin) -> QWidget:
        name = name_of(pin.point)
        named, away = QPushButton(name[:1].upper() + name[1:]), QToolButton()
        named.setProperty("role", "quiet")
        theme.set_icon(named, "ph.push-pin-fill", "accent")
        named.setToolTip(f"Show it in {pin.photo.name}")
        named.clicked.connect(partial(self._tell, pin))
        theme.set_icon(away, "ph.x", "muted")
        away.setToolTip("Take this pin out")
        away.setAccessibleName(f"Take the pin out: {name}")
        away.clicked.connect(lambda: self.removed.emit((pin,)))
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(named, 1)
        line.addWidget(away)
        return row

    def _tell(self, pin: Pin, _: bool = False) -> None:
        self.shown.emit(pin)
