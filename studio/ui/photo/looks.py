"""How what was fitted is shown: over the photograph, up to where, with its points, turning."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from studio.ui import theme
from studio.ui.controls import CalmSlider
from studio.ui.staging.fields import NAMES_PX
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
    """Of a ``thing``, such as a head. ``changed`` follows what another picture of it is needed
    for; buttons for that are added by :meth:`add`."""

    changed = Signal()

    def __init__(self, studio: Studio, thing: str) -> None:
        super().__init__()
        table = studio.photos
        self.opacity = _slider(f"{thing.capitalize()} over the photograph",
                               f"How strongly the {thing} lies over the photograph; H shows it "
                               "alone", round(100 * table.opacity))  # fmt: skip
        self.opacity.valueChanged.connect(lambda v: table.choose(opacity=v / 100))
        self.opacity.reset.connect(lambda: self.opacity.setValue(_SOLID))
        self.wipe = _slider("Wipe", f"Left of the line the {thing}, right of it the photograph; "
                            "the line can be dragged in the picture", 100)  # fmt: skip
        self.wipe.valueChanged.connect(lambda v: table.choose(wipe=v / 100))
        self.wipe.reset.connect(lambda: self.wipe.setValue(100))
        table.changed.connect(self._follow)
        self._table = table
        self.points = segment(
            "Points", f"Where points were found (yellow), and where the {thing} has them (blue)"
        )
        self.turn = segment("Turntable", f"Turn the {thing} slowly")
        self._turning = QTimer(self, interval=_TURN_MS)
        self._turning.timeout.connect(lambda: studio.turn_wanted.emit(_TURN_DEG))
        self.points.setChecked(True)
        self.points.toggled.connect(lambda on: table.choose(pointed=on))
        self.turn.toggled.connect(lambda on: self._turning.start() if on else self._turning.stop())
        sliders = QGridLayout()
        sliders.setHorizontalSpacing(8)
        sliders.setVerticalSpacing(4)
        for row, (title, slider) in enumerate((("Opacity", self.opacity), ("Wipe", self.wipe))):
            label = QLabel(title)
            label.setProperty("role", "muted")
            sliders.addWidget(label, row, 0)
            sliders.addWidget(slider, row, 1)
        sliders.setColumnMinimumWidth(0, theme.look().px(NAMES_PX))
        sliders.setColumnStretch(1, 1)
        self._row = QFlowLayout()
        self._row.setSpacing(8)
        self._row.setContentsMargins(0, 0, 0, 0)
        for button in (self.points, self.turn):
            self._row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(sliders)
        column.addLayout(self._row)

    def add(self, button: QAbstractButton) -> None:
        """One more button in the row."""
        self._row.addWidget(button)
        button.toggled.connect(lambda _: self.changed.emit())

    def rest(self) -> None:
        """Nobody looks: stand still."""
        self.turn.setChecked(False)

    def _follow(self) -> None:
        """The line was dragged in the picture."""
        wiped = round(100 * self._table.wipe)
        if wiped != self.wipe.value():
            self.wipe.setValue(wiped)


def _slider(name: str, tip: str, value: int) -> CalmSlider:
    slider = CalmSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setAccessibleName(name)
    slider.setToolTip(tip)
    slider.setValue(value)
    return slider
