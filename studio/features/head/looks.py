"""How the head is shown: over the photograph, with its points, before the pins, turning."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from studio.ui.controls import CalmSlider
from studio.ui.studio import Studio

_TURN_DEG, _TURN_MS = 1.5, 33
_SOLID = 60


def segment(text: str, tip: str) -> QToolButton:
    """A button that stays down."""
    button = QToolButton()
    button.setText(text)
    button.setProperty("role", "segment")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(text)
    button.setCheckable(True)
    button.setToolTip(tip)
    return button


class Looks(QWidget):
    """``changed`` follows what another head is shown for: before the pins, or with them."""

    changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        table = studio.photos
        label = QLabel("Head over the photograph")
        label.setProperty("role", "muted")
        self.opacity = CalmSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Head over the photograph")
        self.opacity.setToolTip("How strongly the head lies over the photograph; H shows it alone")
        self.opacity.setValue(round(100 * table.opacity))
        self.opacity.valueChanged.connect(lambda v: table.choose(opacity=v / 100))
        self.opacity.reset.connect(lambda: self.opacity.setValue(_SOLID))
        self.points = segment(
            "Points", "Where points were found (yellow), and where the head has them (blue)"
        )
        self.before = segment("Before", "The head as it was found, without pins")
        self.turn = segment("Turntable", "Turn the head slowly")
        self._turning = QTimer(self, interval=_TURN_MS)
        self._turning.timeout.connect(lambda: studio.turn_wanted.emit(_TURN_DEG))
        self.points.setChecked(True)
        self.points.toggled.connect(lambda on: table.choose(pointed=on))
        self.before.toggled.connect(lambda _: self.changed.emit())
        self.turn.toggled.connect(lambda on: self._turning.start() if on else self._turning.stop())
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.points, self.before, self.turn):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label)
        column.addWidget(self.opacity)
        column.addLayout(row)

    def rest(self) -> None:
        """Nobody looks: stand still."""
        self.turn.setChecked(False)
