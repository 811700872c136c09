"""The panel of calibration by a person: what the footage lacks, who saw them where, the tests."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from studio.document.data import detections_of
from studio.document.project import Asset, DetectionsItem, RigItem, TakeItem
from studio.features.calibrate_person.step import seen_from
from studio.registry import Feature
from studio.ui.guidance.coverage import CoverageGrid
from studio.ui.guidance.gates import GateList
from studio.ui.guidance.next_action import NextAction
from studio.ui.guidance.pair_graph import PairGraph
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio
from studio.vision.calibration.guidance import Guidance
from studio.vision.calibration.people.guide import guide_of

_RECIPE = "Stand upright, walk both diagonals for half a minute, raise both arms"


class Panel(StepPanel):
    """Says what the footage of the person lacks, from what was detected in it so far."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self._todo = NextAction()
        self._todo.say(_RECIPE)
        self._pairs, self._coverage, self._gates = PairGraph(), CoverageGrid(), GateList()
        self._pairs.hide()
        self._gates.hide()
        self._shown: Asset | None = None
        super().__init__(studio, feature)

    def build(self, place: QVBoxLayout) -> None:
        place.addWidget(self._todo)
        super().build(place)
        for widget in (self._gates, self._pairs, self._coverage):
            place.addWidget(widget)

    def run_text(self) -> str:
        return "Calibrate"

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        project = self.studio.project
        made = [rig for rig in project.all(RigItem)
                if rig.recipe is not None and rig.recipe.feature == self.feature.id]  # fmt: skip
        trust = made[-1].trust if made else None
        self._gates.show_gates(trust.gates if trust is not None else ())
        take = project.newest(TakeItem)
        seen = [d for d in project.all(DetectionsItem) if take is not None and d.take == take.id]
        asset = seen[-1].data if seen else made[-1].views if made else None
        if take is None or asset is None or asset == self._shown:
            return
        self._shown = asset
        assets, sizes = self.studio.assets, {clip.camera: clip.size_px for clip in take.clips}

        def look() -> Guidance:
            found = detections_of(seen[-1], assets) if seen else seen_from(assets.arrays(asset))
            return guide_of(found, sizes)

        self.studio.watch.call(
            self.studio.lanes["io"].submit(look),
            lambda guidance: self._show(guidance) if asset == self._shown else None,
        )

    def _show(self, guidance: Guidance) -> None:
        self._todo.show_guidance(guidance)
        self._pairs.setVisible(len(guidance.cameras) > 1)
        self._pairs.show_guidance(guidance)
        self._coverage.set_cameras(tuple(one.camera for one in guidance.cameras))
        wanted = frozenset({guidance.camera} - {""}) | frozenset(guidance.pair or ())
        self._coverage.show_guidance(guidance.cameras, wanted)
