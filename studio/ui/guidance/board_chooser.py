"""Which board is in the hand: a few fields, or its name as text; each follows the other."""

from __future__ import annotations

import re

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.perception.boards import parse_board
from studio.perception.boards.markers import DICTIONARIES

KINDS = {
    "charuco": "ChArUco: squares with markers",
    "chessboard": "Chessboard",
    "aprilgrid": "AprilGrid: a grid of tags",
}
_COUNTS = {"charuco": "Squares", "chessboard": "Inner corners", "aprilgrid": "Tags"}
_UNITS_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
_EXAMPLE_MM = 34.0


class BoardChooser(QWidget):
    """``spec`` is the board's name as :func:`studio.perception.boards.parse_board` reads it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kind = QComboBox()
        self.kind.addItems(list(KINDS.values()))
        self.kind.setMinimumContentsLength(8)
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.columns, self.rows = QSpinBox(), QSpinBox()
        self.side = QDoubleSpinBox()
        self.side.setRange(0.0, 2000.0)
        self.side.setDecimals(2)
        self.side.setSuffix(" mm")
        self.side.setSpecialValueText("measure it")
        self.markers = QComboBox()
        self.markers.addItems([name.removeprefix("DICT_") for name in DICTIONARIES])
        self.markers.setCurrentText("5X5_100")
        self.light = QCheckBox("Light on dark")
        self.text = QLineEdit()
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setProperty("role", "small")
        self._extra: list[str] = []
        self._lay_out()
        self._show_kind()
        self._judge()

    def _lay_out(self) -> None:
        for box in (self.columns, self.rows):
            box.setRange(2, 60)
            box.lineEdit().setTextMargins(6, 0, 6, 0)
        self.side.lineEdit().setTextMargins(6, 0, 6, 0)
        self.columns.setValue(7)
        self.rows.setValue(5)
        self._count = QLabel()
        self._markers_label = QLabel("Markers")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        by = QLabel("×")
        by.setAlignment(Qt.AlignmentFlag.AlignCenter)
        rows: tuple[tuple[QLabel, tuple[QWidget, ...]], ...] = (
            (QLabel("Kind"), (self.kind,)),
            (self._count, (self.columns, by, self.rows)),
            (QLabel("Side of one"), (self.side,)),
            (self._markers_label, (self.markers,)),
        )
        for row, (label, fields) in enumerate(rows):
            label.setProperty("role", "muted")
            grid.addWidget(label, row, 0)
            if len(fields) == 1:
                grid.addWidget(fields[0], row, 1, 1, 3)
            else:
                for column, field in enumerate(fields):
                    grid.addWidget(field, row, column + 1)
        name = QLabel("Name")
        name.setProperty("role", "muted")
        grid.addWidget(self.light, 4, 1, 1, 3)
        grid.addWidget(name, 5, 0)
        grid.addWidget(self.text, 5, 1, 1, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(grid)
        column.addWidget(self.told)
        for widget, words in (
            (self.kind, "Kind of board"), (self.columns, "Across"), (self.rows, "Down"),
            (self.side, "Side of one square or tag"), (self.markers, "Markers"),
            (self.light, "Light on dark"), (self.text, "Name of the board"),
        ):  # fmt: skip
            widget.setAccessibleName(words)
        self.kind.currentIndexChanged.connect(self._show_kind)
        for signal in (
            self.kind.currentIndexChanged, self.columns.valueChanged, self.rows.valueChanged,
            self.side.valueChanged, self.markers.currentIndexChanged, self.light.toggled,
        ):  # fmt: skip
            signal.connect(self._written)
        self.text.editingFinished.connect(self._typed)

    @property
    def spec(self) -> str:
        """The board's name; empty while its size is not known."""
        return self.text.text().strip()

    def set_spec(self, spec: str) -> None:
        """Show a board."""
        self.text.setText(spec)
        self._typed()

    def suggest(self, spec: str) -> None:
        """Show a board that was recognised; its size (“SIZE”) is still to be measured."""
        self.set_spec(spec.replace("SIZE", "1mm"))
        self.side.setValue(0.0)

    def _kind_id(self) -> str:
        return list(KINDS)[self.kind.currentIndex()]

    def _show_kind(self) -> None:
        kind = self._kind_id()
        self._count.setText(_COUNTS[kind])
        for widget in (self.markers, self._markers_label, self.light):
            widget.setVisible(kind == "charuco")

    def _written(self) -> None:
        """The fields say which board it is."""
        side = self.side.value()
        self.text.setText(self._name(side) if side > 0 else "")
        self._judge()

    def _name(self, side_mm: float) -> str:
        words = [self._kind_id(), f"{self.columns.value()}x{self.rows.value()}", f"{side_mm:g}mm"]
        if words[0] == "charuco":
            words.append(f"DICT_{self.markers.currentText()}")
            words += ["inverted"] * self.light.isChecked()
            words += self._extra
        return ":".join(words)

    def _typed(self) -> None:
        """The text says which board it is; the fields follow as far as they can."""
        words = [word.strip() for word in self.spec.split(":")]
        match = re.fullmatch(r"(\d+)\s*[xX×*]\s*(\d+)", words[1]) if len(words) > 2 else None
        size = re.fullmatch(r"([\d.]+)\s*(mm|cm|m|in)", words[2]) if len(words) > 2 else None
        if words[0] in KINDS and match is not None:
            blocked = [
                QSignalBlocker(w)
                for w in (self.kind, self.columns, self.rows, self.side, self.markers, self.light)
            ]
            self.kind.setCurrentIndex(list(KINDS).index(words[0]))
            self.columns.setValue(int(match[1]))
            self.rows.setValue(int(match[2]))
            self.side.setValue(float(size[1]) * _UNITS_MM[size[2]] if size else 0.0)
            rest = words[3:]
            name = next((w for w in rest if w.upper().startswith("DICT_")), "")
            self.markers.setCurrentText(name.upper().removeprefix("DICT_"))
            self.light.setChecked("inverted" in rest)
            self._extra = [word for word in rest if word not in (name, "inverted")]
            del blocked
            self._show_kind()
        self._judge()

    def _judge(self) -> None:
        """Say what the name means, or what is wrong with it."""
        wrong = ""
        self.text.setPlaceholderText(self._name(_EXAMPLE_MM))
        if self.spec:
            try:
                board = parse_board(self.spec)
                self.told.setText(f"{board.name} {board.note}".strip())
            except StudioError as error:
                wrong = str(error)
        else:
            self.told.setText("Measure one square of the print: it sets the scale of everything.")
        if wrong:
            self.told.setText(wrong)
        self.text.setProperty("wrong", "true" if wrong else "false")
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        self.changed.emit()
