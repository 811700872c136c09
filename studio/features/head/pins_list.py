"""The pins, each with a way to take it out, how far they reach, and what they leave alone."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.document.pins import PhotoPin
from studio.features.head.params import Params
from studio.human.heads.fit import Held
from studio.human.heads.named import name_of
from studio.ui.person.slider import PersonSlider
from studio.ui.photo.looks import segment
from studio.ui.photo.pin_rows import PinRows

LOCKS: dict[Held, tuple[str, str]] = {
    "expression": ("Expression", "Pins change the face, not what it does"),
    "eyelids": ("Eyelids", "Pins open and close no eye"),
    "neck": ("Neck", "Pins change the face, not the neck"),
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
        self.rows = PinRows(_INVITES, name_of)
        self.rows.removed.connect(self.removed)
        self.rows.shown.connect(self.shown)
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
        column.addWidget(self.rows)
        column.addWidget(self.reach)
        column.addWidget(label)
        column.addLayout(locks)
        self.show_params(Params())

    @property
    def pins(self) -> tuple[PhotoPin, ...]:
        """What is listed."""
        return self.rows.pins

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
        self.rows.set_pins(params.pins)
