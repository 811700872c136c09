"""The panel of heads: photographs, the head laid over them, pins, and who the person is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QWidget

from studio.core.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from studio.core.types import Posed
from studio.features.head.engine import Inputs
from studio.features.head.filmed import is_film, photographs_of
from studio.features.head.live_head import Answer, LiveHead, Wish
from studio.features.head.params import Params, Pin
from studio.features.head.pins_list import LOCKS, PinsList
from studio.features.head.scan_group import ScanGroup
from studio.features.head.session import Laid, Session, new_looker
from studio.features.head.step import layers_of, newest_head, params_of
from studio.human.heads.fit import Held
from studio.human.heads.model import HEAD
from studio.human.heads.named import name_of
from studio.jobs import Context, Engine
from studio.registry import Feature
from studio.ui.photo import Marks
from studio.ui.photo.looks import segment
from studio.ui.photo.panel import PhotosPanel
from studio.ui.staging.fields import Fields
from studio.ui.staging.fold import Fold
from studio.ui.studio import Next, Studio

FILMED = "Looking for sides in a film"
PERSON = {
    "name": "Name", "gender": "Build", "pupils_mm": "Pupils apart",
    "chin_mm": "Nose to chin", "lens_mm": "Lens (35 mm)",
    "pixels": "Fit to pixels", "expression": "Faces may smile",
    "hair": "Hair", "style": "Of the wardrobe",
    "seconds": "Learn the surface", "go_on": "Go on learning", "seed": "Seed",
    "wrap": "Wrap the face", "texture_px": "Skin texture",
}  # fmt: skip
WORDS = {"gender": (("as the face", "As the face"), ("woman", "Woman"), ("man", "Man"))}
_HEAD_M = np.array([[x, y, z] for x in (-0.11, 0.11) for y in (-0.14, 0.12) for z in (-0.05, 0.24)])


class Panel(PhotosPanel[Params]):
    """Photographs beside the viewport; the head follows pins, and is made with one button."""

    thing = "head"
    rows = PERSON
    endings = IMAGE_SUFFIXES | VIDEO_SUFFIXES

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.session = Session()
        self.laid: Laid | None = None
        self._head_m: np.ndarray | None = None
        self._export = Next("Export this head", lambda: studio.open_panel("export"))
        super().__init__(studio, feature, self.session, Params())
        self.live = LiveHead(studio, self.session, self._show)
        studio.live.connect(self._on_live)

    # -- what the panel of photographs asks for

    def controls(self) -> Sequence[QWidget]:
        self.person = Fields(Params, PERSON, WORDS)
        self.person.changed.connect(lambda: self.take_rows(self.person.value()))
        self.before = segment("Before", "The head as it was found, without pins")
        self.looks.add(self.before)
        self.pins = PinsList()
        self.pins.removed.connect(self.unpin)
        self.pins.shown.connect(lambda pin: self.choose(pin.photo))
        self.pins.locked.connect(self._lock)
        self.pins.reached.connect(self._reach)
        self.pins_fold = Fold("Pins and locks")
        self.pins_fold.inside.addWidget(self.pins)
        self.pins_fold.button.setChecked(True)
        self.scan = ScanGroup()
        self.scan.chosen.connect(lambda path: self.edit("Compare with a scan", scan=path))
        self.scan.mapped.connect(self.want)
        self.scan_fold = Fold("Compare with a scan")
        self.scan_fold.inside.addWidget(self.scan)
        fold = Fold("About the person and the photographs")
        fold.inside.addWidget(self.person)
        return self.pins_fold, fold, self.scan_fold

    def add(self, paths: Iterable[Path]) -> None:
        """More photographs of the same person; of films, their best pictures."""
        given = tuple(paths)
        super().add(path for path in given if not is_film(path))
        films = tuple(path for path in given if is_film(path))
        if not films:
            return

        def engine(context: Context) -> Engine[Path, tuple[Path, ...]]:
            found: list[Path] = []
            with new_looker() as looker:
                for film in films:
                    found += photographs_of(film, looker, context)
                    yield film
            return tuple(found)

        self.studio.background(FILMED, engine, super().add, "cpu")
        self.busy.watch(
            FILMED, lambda: all(w.job.name != FILMED for w in self.studio.watch.working)
        )

    def show_params(self, params: Params) -> None:
        self.scan.show_scan(params.scan)
        for part in (self.pins_fold, self.scan_fold):
            part.setVisible(bool(params.photos))
        self.pins.show_params(params)
        self.person.blockSignals(True)
        self.person.set_value(params)
        self.person.blockSignals(False)

    def pin_of(self, point: int, x: float, y: float) -> Pin:
        assert self.chosen is not None
        return Pin(photo=self.chosen, point=point, x_px=x, y_px=y)

    def name_of(self, point: int) -> str:
        return name_of(point)

    # -- what the step panel asks for

    def run_text(self) -> str:
        return "Make the head"

    def refresh(self) -> None:
        super().refresh()
        if self.loaded:
            if not self.is_made:  # what is told is of another head
                self.facts.show_facts(())
            self._show_next(self._export if self.is_made else None)

    def run(self) -> None:
        """Make the whole person, skin and hair too."""
        params = self.params()
        try:
            learns = params.seconds is not None and params.go_on
            layers = layers_of(self.studio.project, self.studio.assets) if learns else None
            given = Inputs(self.session.looked(params.photos), layers)
            self.studio.start(self.feature.id, params, chosen=(), inputs=given)
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    def give_way(self) -> bool:
        gave = super().give_way()
        if gave and self._head_m is not None:
            self.studio.frame_wanted.emit(self._head_m)
        return gave

    # -- the head

    def want(self, params: Params | None = None, dragged: bool = False) -> None:
        if self.isVisible() and self.used():
            if dragged:
                self.before.setChecked(False)
            before, scan = self.before.isChecked(), self.scan.wanted
            self.live.want(Wish(params or self._params, self.chosen, dragged, before, scan))
            if not dragged:
                self.busy.watch("Fitting the head", lambda: self.live.idle)

    def _show(self, answer: Answer) -> None:
        self.laid = answer.laid
        if answer.laid is not None and answer.laid.rough and not answer.wish.dragged:
            self.live.refine(answer.wish)
        path, table = answer.wish.photo, self.studio.photos
        photo = None if path is None else self.session.photos.get(path)
        if answer.laid is None or photo is None or path != self.chosen:
            return
        self.row.doubt(answer.laid.strangers, "Somebody else? The head does not fit")
        if photo.looked is not None and photo.path in answer.laid.points_px:
            points = answer.laid.points_px[photo.path]
            pins = {pin.point: (pin.x_px, pin.y_px)
                    for pin in answer.wish.params.pins if pin.photo == path}  # fmt: skip
            table.show_marks(Marks(photo.looked.xyz_px[:, :2], points, pins, name_of), answer.over)
        if self.studio.running(self.feature.id) is not None or not self.isVisible():
            return
        self.scan.tell(answer.measured, answer.trouble)
        asked = answer.wish.before or answer.wish.dragged or answer.measured is not None
        if self.is_made and not asked:
            self.give_way()
        elif answer.posed is not None:
            first = self.feature.id not in self.studio.editing
            self.studio.editing.add(self.feature.id)
            self.studio.live.emit(self.feature.id, answer.posed)
            if first:
                body = answer.posed.character.parts[0].mesh.vertices_m
                self.studio.frame_wanted.emit(body)

    def _on_live(self, feature: str, value: object) -> None:
        """Where the head of the person is that is being made."""
        if feature == self.feature.id and isinstance(value, Posed) and len(value.bones_world) > 1:
            at = np.asarray(value.bones_world[HEAD][:3, 3])
            self._head_m = at + _HEAD_M
            self.studio.frame_wanted.emit(self._head_m)

    # -- pins and locks

    def _lock(self, held: tuple[Held, ...]) -> None:
        changed = set(held) ^ set(self._params.held)
        titles = ", ".join(LOCKS[one][0].lower() for one in changed)
        self.edit(f"{'Lock' if len(held) > len(self._params.held) else 'Unlock'} {titles}",
                  held=held)  # fmt: skip

    def _reach(self, reach_mm: float, gesture: int, ended: bool) -> None:
        if ended:
            self.edit("Reach of pins", ("reach", gesture), reach_mm=reach_mm)
        else:
            self.want(self._params.model_copy(update={"reach_mm": reach_mm}), dragged=True)

    @property
    def is_made(self) -> bool:
        """Whether the newest head is the one that the params tell."""
        made = newest_head(self.studio.project)
        return made is not None and params_of(made) == self.params()
