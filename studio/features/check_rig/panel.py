"""The panel of the rig's check: the step's own, and one line a camera with what to do."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from studio.document.trust import GateMark
from studio.features.check_rig.engine import HEAD_FACTS
from studio.registry import Feature
from studio.ui.guidance.gates import GateList
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio


class Panel(StepPanel):
    """Shows for every camera whether it moved, stands still, or cannot be told."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.cameras = GateList()
        self.cameras.hide()
        super().__init__(studio, feature)

    def build(self, place: QVBoxLayout) -> None:
        super().build(place)
        place.addWidget(self.cameras)

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        made = [item for item in self.studio.project.items
                if item.recipe is not None and item.recipe.feature == self.feature.id]  # fmt: skip
        told = made[-1].facts if made else ()
        gates = [
            GateMark(id="camera", title=fact.label, verdict=fact.verdict, text=fact.text,
                     remedy=fact.blame)
            for fact in told[HEAD_FACTS:]
            if fact.verdict != "plain"
        ]  # fmt: skip
        self.cameras.show_gates(gates)
