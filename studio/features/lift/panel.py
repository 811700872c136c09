"""The panel of lifting: the step's own, the picture beside the 3D view, and ways compared."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.document.project import Trace
from studio.features.lift.params import WAY
from studio.registry import Feature
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio

_HEADINGS = ("Way of lifting", "Reprojection", "Unsteady by", "From triangulated")


class Ways(QWidget):
    """How the ways of lifting differ on this take; the one in use is marked."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self.rows: list[tuple[str, ...]] = []

    def show_ways(self, facts: tuple[Trace, ...], used: str) -> None:
        """Show the facts that compare ways; hide where there are fewer than two."""
        while (entry := self._grid.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.deleteLater()
        told = [(fact.label.removeprefix(WAY), fact.text.split(", ")) for fact in facts]
        self.rows = [(name, *cells) for name, cells in told]
        self.setVisible(len(self.rows) > 1)
        if len(self.rows) < 2:
            return
        wide = max(len(row) for row in self.rows)
        for column, heading in enumerate(_HEADINGS[:wide]):
            self._put(heading, 0, column, "small")
        for line, row in enumerate(self.rows, start=1):
            for column, cell in enumerate(row):
                plain = cell.removeprefix("unsteady by ").removesuffix(" from triangulated")
                name = f"{plain} (shown)" if column == 0 and plain == used else plain
                self._put(name, line, column, "" if row[0] == used else "muted")
        self.setAccessibleName("Ways compared. " + ". ".join(", ".join(r) for r in self.rows))

    def _put(self, text: str, row: int, column: int, role: str) -> None:
        label = QLabel(text)
        label.setProperty("role", role)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(label, row, column)


class Panel(StepPanel):
    """Shows the result beside what the camera saw, and how the ways of lifting differ."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.ways = Ways()
        self.ways.hide()
        self.beside = QPushButton("Picture beside the 3D view")
        self.beside.setProperty("role", "link")
        self.beside.setToolTip("Show the camera's picture with its points next to the skeleton")
        self.beside.clicked.connect(studio.beside_wanted.emit)
        super().__init__(studio, feature)

    def build(self, place: QVBoxLayout) -> None:
        super().build(place)
        place.addWidget(self.beside, 0, Qt.AlignmentFlag.AlignLeft)
        place.addWidget(self.ways)

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        made = [item for item in self.studio.project.items
                if item.recipe is not None and item.recipe.feature == self.feature.id
                and item.kind == "motion"]  # fmt: skip
        facts = made[-1].facts if made else ()
        recipe = made[-1].recipe if made else None
        used = str(recipe.params.get("method", "")) if recipe is not None else ""
        self.ways.show_ways(tuple(f for f in facts if f.label.startswith(WAY)), used)
