"""The panel of lifting: the step's own, the picture beside the 3D view, and ways compared."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout

from studio.document.project import Trace
from studio.features.lift.params import WAY
from studio.registry import Feature
from studio.ui.compared import ComparedTable
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio

_HEADINGS = ("Way of lifting", "From picture", "Unsteady by", "From all cameras")


class Panel(StepPanel):
    """Shows the result beside what the camera saw, and how the ways of lifting differ."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.ways = ComparedTable(_HEADINGS, "Ways compared")
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
        told = [f for f in facts if f.label.startswith(WAY)]
        self.ways.show_rows([row_of(fact) for fact in told], used)


def row_of(fact: Trace) -> tuple[str, ...]:
    """A way's line as the cells of a table."""
    cells = fact.text.replace("unsteady by ", "").replace(" from triangulated", "").split(", ")
    return (fact.label.removeprefix(WAY), *cells)
