"""The panel of calibration by a person: what to do next, who saw them where, and the tests."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout

from studio.core.types import Keypoints
from studio.document.data import detections_from
from studio.document.project import DetectionsItem, Project, RigItem, TakeItem
from studio.human.layouts import layout
from studio.registry import Feature
from studio.ui.guidance.coverage import CoverageGrid
from studio.ui.guidance.gates import GateList
from studio.ui.guidance.next_action import NextAction
from studio.ui.guidance.pair_graph import PairGraph
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio
from studio.vision.calibration.guidance import Guidance
from studio.vision.calibration.people_guide import PersonGuide, guide_of

_RECIPE = (
    "One person, the whole body in view: stand upright for a moment, walk the floor along both "
    "diagonals for half a minute, raise both arms now and then."
)


class Panel(StepPanel):
    """Says what the footage still lacks, before the calibration and while it looks."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self._recipe = QLabel(_RECIPE)
        self._recipe.setWordWrap(True)
        self._todo = NextAction()
        self._todo.say("Film somebody who walks")
        self._pairs, self._coverage, self._gates = PairGraph(), CoverageGrid(), GateList()
        self._guide: PersonGuide | None = None
        self._shown: tuple[str, str] | None = None
        super().__init__(studio, feature)
        studio.live.connect(self._on_live)

    def build(self, place: QVBoxLayout) -> None:
        place.addWidget(self._recipe)
        place.addWidget(self._todo)
        super().build(place)
        place.addWidget(self._gates)
        place.addWidget(self._pairs)
        place.addWidget(self._coverage)
        self._pairs.hide()
        self._gates.hide()

    def run_text(self) -> str:
        return "Calibrate"

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        self._show_gates()
        take = self._take()
        running = self.studio.running(self.feature.id) is not None
        if not running:
            self._guide = None
        seen = _seen(self.studio.project, take) if take is not None else None
        wanted = (take.id, seen.id) if take is not None and seen is not None else None
        if running or wanted == self._shown:
            return
        self._shown = wanted
        if take is None or seen is None:
            return
        assets, sizes = self.studio.assets, {clip.camera: clip.size_px for clip in take.clips}

        def look() -> Guidance:
            found = detections_from(assets.arrays(seen.data), layout(seen.layout), seen.cameras)
            return guide_of(found, sizes)

        self.studio.watch.call(
            self.studio.lanes["io"].submit(look),
            lambda guidance: self._show(guidance) if wanted == self._shown else None,
        )

    def _take(self) -> TakeItem | None:
        project = self.studio.project
        picked = (t for id in self.studio.selection.ids if (t := project.get(id, TakeItem)))
        return next(picked, project.newest(TakeItem))

    def _show_gates(self) -> None:
        made = [rig for rig in self.studio.project.all(RigItem)
                if rig.recipe is not None and rig.recipe.feature == self.feature.id]  # fmt: skip
        trust = made[-1].trust if made else None
        self._gates.show_gates(trust.gates if trust is not None else ())

    def _on_live(self, feature: str, value: object) -> None:
        if feature != self.feature.id or not isinstance(value, tuple):
            return
        take = self._take()
        if self._guide is None and take is not None:
            self._guide = PersonGuide({clip.camera: clip.size_px for clip in take.clips})
        if self._guide is not None:
            self._guide.add(one for one in value if isinstance(one, Keypoints))
            self._show(self._guide.guidance)

    def _show(self, guidance: Guidance) -> None:
        self._recipe.setVisible(not guidance.enough)
        self._todo.show_guidance(guidance)
        self._pairs.setVisible(len(guidance.cameras) > 1)
        self._pairs.show_guidance(guidance)
        self._coverage.set_cameras(tuple(one.camera for one in guidance.cameras))
        wanted = frozenset({guidance.camera} - {""}) | frozenset(guidance.pair or ())
        self._coverage.show_guidance(guidance.cameras, wanted)


def _seen(project: Project, take: TakeItem) -> DetectionsItem | None:
    found = [item for item in project.all(DetectionsItem) if item.take == take.id]
    return found[-1] if found else None
