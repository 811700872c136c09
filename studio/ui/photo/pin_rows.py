"""What was put right by hand, each with a way to take it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from studio.document.pins import PhotoPin
from studio.ui import theme


class PinRows(QWidget):
    """``removed(pins)`` follows a click that takes pins out, ``shown(pin)`` one on a pin's name.
    ``invites`` is said where there are none; ``name_of`` tells what points are called."""

    removed = Signal(object)
    shown = Signal(object)

    def __init__(self, invites: str, name_of: Callable[[int], str]) -> None:
        super().__init__()
        self._name_of = name_of
        self.told = QLabel(invites)
        self.told.setProperty("role", "muted")
        self.told.setWordWrap(True)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(2)
        self.pins: tuple[PhotoPin, ...] = ()
        self.all_button = QPushButton("Take all pins out")
        self.all_button.clicked.connect(lambda: self.removed.emit(self.pins))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.told)
        column.addLayout(self.rows)
        column.addWidget(self.all_button)
        self.set_pins(())

    def set_pins(self, pins: Sequence[PhotoPin]) -> None:
        """Show these; nothing is told."""
        self.all_button.setVisible(len(pins) > 1)
        self.told.setVisible(not pins)
        if tuple(pins) != self.pins:
            self._list(pins)

    def _list(self, pins: Sequence[PhotoPin]) -> None:
        self.pins = tuple(pins)
        while (entry := self.rows.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for pin in pins:
            self.rows.addWidget(self._row(pin))

    def _row(self, pin: PhotoPin) -> QWidget:
        name = self._name_of(pin.point)
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

    def _tell(self, pin: PhotoPin, _: bool = False) -> None:
        self.shown.emit(pin)
