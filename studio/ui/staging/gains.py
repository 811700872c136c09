"""How much of each expression is shown: how strongly, and between which limits."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.ui.controls import CalmSlider
from studio.ui.fuzzy import score
from studio.ui.staging.expressions import pairs, words

MOST_ROWS = 6
MOST = 3.0
USUAL = ("jawOpen", "mouthSmile", "browInnerUp", "eyeBlink")
FREE = (0.0, 1.0)
Limits = dict[str, tuple[float, float]]


class Gains(QWidget):
    """A row for each expression, found by name: a slider of its gain, or its least and most.

    ``changed`` comes with every change.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._gains: dict[str, float] = {}
        self._limits: Limits = {}
        self.kind = QComboBox()
        self.kind.setAccessibleName("What is set of an expression")
        self.kind.addItems(["How strongly it shows", "Least and most of it"])
        self.kind.currentIndexChanged.connect(lambda _: self._lay_out())
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
        column.addWidget(self.kind)
        column.addWidget(self.search)
        column.addLayout(self._grid)
        self._lay_out()

    def value(self) -> dict[str, float]:
        """Gains that are not 1, by ARKit's names; without a side they mean both."""
        return {name: gain for name, gain in self._gains.items() if abs(gain - 1) > 1e-6}

    def limits(self) -> Limits:
        """The least and the most of expressions that are not free, by ARKit's names, 0 to 1."""
        return {name: pair for name, pair in self._limits.items() if pair != FREE}

    def set_value(
        self, gains: Mapping[str, float], limits: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        """Show these gains, and these limits."""
        new = dict(limits or {})
        if dict(gains) != self.value() or new != self.limits():
            self._gains, self._limits = dict(gains), new
            self._lay_out()

    def _found(self) -> list[str]:
        text = self.search.text().strip()
        if not text:
            own = self.limits() if self.kind.currentIndex() else self.value()
            return list(dict.fromkeys((*own, *USUAL)))[:MOST_ROWS]
        ranked = [(score(text, words(name)), name) for name in pairs()]
        best = sorted((-rank, name) for rank, name in ranked if rank is not None)
        return [name for _, name in best[:MOST_ROWS]]

    def _lay_out(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        found = self._found()
        for row, name in enumerate(found):
            made = self._limiting(name) if self.kind.currentIndex() else self._gaining(name)
            for k, widget in enumerate((QLabel(words(name)), *made)):
                self._grid.addWidget(widget, row, k)
        if not found:
            none = QLabel("No expression is called so. Try jaw, lip, brow, cheek or eye.")
            none.setProperty("role", "muted")
            none.setWordWrap(True)
            self._grid.addWidget(none, 0, 0, 1, 3)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, self.kind.currentIndex())

    def _gaining(self, name: str) -> tuple[QWidget, QWidget]:
        told = QLabel()
        slider = CalmSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, round(100 * MOST))
        slider.setValue(round(100 * self._gains.get(name, 1.0)))
        slider.setAccessibleName(f"{words(name)}: how much more is shown")
        slider.setToolTip("Double-click: as it was seen")
        slider.reset.connect(lambda: slider.setValue(100))
        told.setText(f"× {slider.value() / 100:.2f}")
        told.setMinimumWidth(48)

        def follow(value: int) -> None:
            self._gains[name] = value / 100
            told.setText(f"× {value / 100:.2f}")
            self.changed.emit()

        slider.valueChanged.connect(follow)
        return slider, told

    def _limiting(self, name: str) -> tuple[QWidget, QWidget]:
        low, high = (round(100 * edge) for edge in self._limits.get(name, FREE))
        least, most = QSpinBox(), QSpinBox()
        for field, value, told in ((least, low, "least"), (most, high, "most")):
            field.setRange(0, 100)
            field.setValue(value)
            field.setSuffix(" %")
            field.lineEdit().setTextMargins(6, 0, 6, 0)
            field.setAccessibleName(f"{words(name)}: {told}")
            field.setToolTip(f"The {told} that is shown of it")

        def follow(moved: QSpinBox, other: QSpinBox, crossed: bool) -> None:
            if crossed:
                other.setValue(moved.value())
            self._limits[name] = (least.value() / 100, most.value() / 100)
            self.changed.emit()

        least.valueChanged.connect(lambda value: follow(least, most, value > most.value()))
        most.valueChanged.connect(lambda value: follow(most, least, value < least.value()))
        return least, most
