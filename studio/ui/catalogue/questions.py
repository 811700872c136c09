"""What a model's file cannot tell, asked; what it told can be changed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from studio.core.items import ITEM_KINDS, ItemKind
from studio.media.catalogue.card import WEARER
from studio.media.catalogue.guess import Axis, Guess, Question, Unit
from studio.ui.catalogue.kinds import WORDS
from studio.ui.staging.fold import Fold

UNITS: tuple[tuple[Unit, str], ...] = (
    ("m", "Metres"), ("dm", "Decimetres"), ("cm", "Centimetres"), ("mm", "Millimetres"),
    ("in", "Inches"), ("none", "Not known: as large as usual"),
)  # fmt: skip
AXES: tuple[tuple[Axis, str], ...] = (
    ("y", "Y"), ("-y", "−Y"), ("z", "Z"), ("-z", "−Z"), ("x", "X"), ("-x", "−X"),
)  # fmt: skip


class Questions(QWidget):
    """``answered(question, value)``; what is sure lies folded away. ``up`` is answered by two axes:
    the file's that points up, and the one that the thing faces along."""

    answered = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.kind = _box("What it is", [(kind, WORDS[kind]) for kind in ITEM_KINDS])
        self.unit = _box("Unit of the file", UNITS)
        self.up, self.front = _box("Up in the file", AXES), _box("Front in the file", AXES)
        self._rows: dict[Question, tuple[QLabel, QLabel, QWidget]] = {}
        self.asked, self.known = QGridLayout(), QGridLayout()
        self.fold = Fold("What its file told")
        for grid in (self.asked, self.known):
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setHorizontalSpacing(8)
            grid.setVerticalSpacing(4)
            grid.setColumnMinimumWidth(0, 112)
            grid.setColumnStretch(1, 1)
        axes = QWidget()
        pair = QGridLayout(axes)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(8)
        pair.addWidget(self.up, 0, 0)
        pair.addWidget(self.front, 0, 1)
        rows: tuple[tuple[Question, str, QWidget], ...] = (
            ("kind", "What is it?", self.kind), ("unit", "Its unit", self.unit),
            ("up", "Up, and front", axes),
        )  # fmt: skip
        for question, title, field in rows:
            why = QLabel()
            why.setProperty("role", "small")
            why.setWordWrap(True)
            label = QLabel(title)
            label.setProperty("role", "muted")
            self._rows[question] = label, why, field
        self.fold.inside.addLayout(self.known)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self.asked)
        column.addWidget(self.fold)
        self.kind.activated.connect(lambda _: self.answered.emit("kind", self.kind.currentData()))
        self.unit.activated.connect(lambda _: self.answered.emit("unit", self.unit.currentData()))
        for box in (self.up, self.front):
            box.activated.connect(lambda _: self._turned())

    def _turned(self) -> None:
        self.answered.emit("up", (self.up.currentData(), self.front.currentData()))

    def show_told(self, told: Guess, open_: tuple[Question, ...]) -> None:
        """Show what is told; ``open_`` are the questions that were open at the beginning: they
        stay in sight."""
        self.unit.setCurrentIndex(self.unit.findData(told.unit.value))
        self.kind.setCurrentIndex(self.kind.findData(told.kind.value))
        self.up.setCurrentIndex(self.up.findData(told.up.value))
        self.front.setCurrentIndex(self.front.findData(told.front.value))
        kind: ItemKind = told.kind.value
        whys = {"kind": told.kind.why, "unit": told.unit.why, "up": told.up.why}
        for number, (question, (label, why, field)) in enumerate(self._rows.items()):
            grid = self.asked if question in open_ else self.known
            other = self.known if grid is self.asked else self.asked
            for widget in (label, why, field):
                other.removeWidget(widget)
            grid.addWidget(label, 2 * number, 0)
            grid.addWidget(field, 2 * number, 1)
            grid.addWidget(why, 2 * number + 1, 1)
            needed = question != "unit" or kind not in WEARER
            for widget in (label, why, field):
                widget.setVisible(needed)
            why.setText(whys[question])
        self.fold.setVisible(len(open_) < len(self._rows))


def _box(name: str, options: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(4)
    for value, words in options:
        box.addItem(words, value)
    return box
