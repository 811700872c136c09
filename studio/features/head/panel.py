"""The panel of heads: photographs, the head laid over them, pins, and who the person is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QPushButton,
    QVBoxLayout,
)

from studio.core.files import IMAGE_SUFFIXES
from studio.core.types import Posed
from studio.document.step import Packed
from studio.features.head.engine import Inputs
from studio.features.head.live_head import Answer, LiveHead, Wish
from studio.features.head.looks import Looks
from studio.features.head.params import Params, Pin, with_pin
from studio.features.head.photos_row import PhotosRow
from studio.features.head.pins_list import LOCKS, PinsList
from studio.features.head.scan_group import ScanGroup
from studio.features.head.session import Laid, Photo, Session
from studio.features.head.step import newest_head, params_of
from studio.human.heads.fit import Held
from studio.human.heads.model import HEAD
from studio.human.heads.named import name_of
from studio.jobs import Context, Engine
from studio.registry import Feature
from studio.ui.person.busy import Busy
from studio.ui.photo import Marks
from studio.ui.staging.fields import Fields
from studio.ui.staging.fold import Fold
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Next, Studio

PERSON = {
    "name": "Name", "gender": "Build", "pupils_mm": "Pupils apart", "lens_mm": "Lens (35 mm)",
    "expression": "Faces may smile", "hair": "Hair", "style": "Of the wardrobe",
    "texture_px": "Skin texture",
}  # fmt: skip
WORDS = {"gender": (("as the face", "As the face"), ("woman", "Woman"), ("man", "Man"))}
_HEAD_M = np.array([[x, y, z] for x in (-0.11, 0.11) for y in (-0.14, 0.12) for z in (-0.05, 0.24)])


class Panel(StepPanel):
    """Photographs beside the viewport; the head follows pins, and is made with one button."""

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.session = Session()
        self.chosen: Path | None = None
        self.laid: Laid | None = None
        self._params = Params()
        self._dropped: list[Path] = []
        self._head_m: np.ndarray | None = None
        self._export = Next("Export this head", lambda: studio.open_panel("export"))
        super().__init__(studio, feature)
        self.live = LiveHead(studio, self.session, self._show)
        studio.photos.dragged.connect(self._dragged)
        studio.photos.removed.connect(self._unpin)
        studio.live.connect(self._on_live)

    # -- what the step panel asks for

    def build(self, place: QVBoxLayout) -> None:
        self.busy = Busy(self.area)
        self.row = PhotosRow()
        self.row.chosen.connect(self.choose)
        self.row.left_out.connect(self.leave_out)
        self.add_button = QPushButton("Add photographs…")
        self.add_button.setToolTip("Several of one person, from all sides, make it better")
        self.add_button.clicked.connect(self._ask_photos)
        self.person = Fields(Params, PERSON, WORDS)
        self.person.changed.connect(self._told)
        self.looks = Looks(self.studio)
        self.looks.changed.connect(self._want)
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
        self.scan.mapped.connect(self._want)
        self.scan_fold = Fold("Compare with a scan")
        self.scan_fold.inside.addWidget(self.scan)
        fold = Fold("About the person and the photographs")
        fold.inside.addWidget(self.person)
        parts = (self.row, self.add_button, self.looks, self.pins_fold, fold, self.scan_fold)
        for widget in parts:
            place.addWidget(widget)

    def params(self) -> Params:
        used = self.session.used(self._params)
        pins = tuple(pin for pin in self._params.pins if pin.photo in used)
        return self._params.model_copy(update={"photos": used, "pins": pins})

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, Params):
            self._take(params)

    def fill(self, params: BaseModel | dict[str, Any]) -> None:
        """Photographs that were dropped join those that are there."""
        given = params if isinstance(params, Params) else Params.model_validate(params)
        self._dropped += given.photos
        self._add_dropped()

    def run_text(self) -> str:
        return "Make the head"

    def refresh(self) -> None:
        super().refresh()
        if self.loaded:
            self._follow()
            self._add_dropped()
            if not self.is_made:  # what is told is of another head
                self.facts.show_facts(())
            self._show_next(self._export if self.is_made else None)

    def _judge(self) -> None:
        self.run_button.setEnabled(self.step is not None and bool(self.session.used(self._params)))

    def run(self) -> None:
        """Make the whole person, skin and hair too."""
        params = self.params()
        try:
            given = Inputs(self.session.looked(params.photos))
            self.studio.start(self.feature.id, params, chosen=(), inputs=given)
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    def _finished(self, feature: str, packed: Packed) -> None:
        super()._finished(feature, packed)
        if feature == self.feature.id and packed.items:
            self.studio.selection.set((packed.items[0].id,))
            self._give_way()
            self.refresh()

    # -- coming and going

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.studio.photos.wanted.emit()
        self.studio.watch.call(self.studio.lanes["io"].submit(self.session.warm))
        if self.loaded:
            self._lay()
            self._want()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.loaded:
            self.looks.rest()
        self.studio.photos.left.emit()
        self._give_way()

    def _give_way(self) -> None:
        """Let the viewport show what the project holds."""
        if self.feature.id in self.studio.editing:
            self.studio.editing.discard(self.feature.id)
            self.studio.watch.changed.emit()
            if self._head_m is not None:
                self.studio.frame_wanted.emit(self._head_m)

    # -- the photographs

    def _ask_photos(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Add photographs of a head", "", f"Pictures ({endings})"
        )
        self.add(map(Path, paths))

    def _add_dropped(self) -> None:
        if self.loaded and self._dropped:
            dropped, self._dropped = self._dropped, []
            self.add(dropped)

    def add(self, paths: Iterable[Path]) -> None:
        """More photographs of the same person."""
        there = self._params.photos
        new = tuple(path for path in dict.fromkeys(paths) if path not in there)
        if new:
            word = "photograph" if len(new) == 1 else "photographs"
            self.edit(f"Add {len(new)} {word}", photos=(*there, *new))

    def leave_out(self, path: Path) -> None:
        """Work without a photograph."""
        kept = tuple(one for one in self._params.photos if one != path)
        pins = tuple(pin for pin in self._params.pins if pin.photo != path)
        self.edit(f"Leave {path.name} out", photos=kept, pins=pins)

    def choose(self, path: Path) -> None:
        """Lay a photograph on the table."""
        if path != self.chosen:
            self.chosen = path
            self._lay()
            self._want()
        self.row.set_chosen(self.chosen)

    def _look(self) -> None:
        """Look at photographs that are new."""
        new = [path for path in self._params.photos if path not in self.session.photos]
        if not new or any(w.job.name == _LOOKING for w in self.studio.watch.working):
            return
        session = self.session

        def engine(context: Context) -> Engine[Photo, None]:
            for path in new:
                session.look((path,), context, lambda _: None)
                yield session.photos[path]

        def done(_: None) -> None:
            self._after_looking()
            self._look()

        self.studio.background(_LOOKING, engine, done, "cpu")
        self.busy.watch(_LOOKING, lambda: not any(
            path not in session.photos for path in self._params.photos
        ))  # fmt: skip

    def _after_looking(self) -> None:
        self._show_photos()
        self._want()

    def _show_photos(self) -> None:
        """Show what was found in each photograph, and the chosen one on the table."""
        for path, cell in self.row.cells.items():
            photo = self.session.photos.get(path)
            if photo is not None:
                cell.show_photo(photo)
        self._judge()
        self._lay()

    def _lay(self) -> None:
        """Put the chosen photograph on the table."""
        table = self.studio.photos
        photos = [p for p in self._params.photos if p in self.session.photos]
        if self.chosen not in self._params.photos:
            used = self.session.used(self._params)
            self.chosen = next(iter(used or photos), None)
        self.row.set_chosen(self.chosen)
        photo = None if self.chosen is None else self.session.photos.get(self.chosen)
        if photo is None:
            table.clear()
        elif self.isVisible():
            table.lay(photo.path.name, photo.rgb, photo.square)
            table.say(photo.refused)

    # -- the document

    def edit(self, label: str, gesture: object = None, **changes: Any) -> None:
        """Change what the project keeps: one step of the history."""
        try:
            self.studio.projects.check_writable()
            after = Params.model_validate({**dict(self._params), **changes})
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
            self._take(self._params)
            return
        told, id = after.model_dump(mode="json"), self.feature.id
        token = None if gesture is None else (id, gesture)
        self.studio.document.edit(label, lambda p: p.with_params(id, told), token)

    def _follow(self) -> None:
        """Show what the project keeps now: after an edit, undo, or another project."""
        stored = self.studio.project.params.get(self.feature.id)
        try:
            params = Params() if stored is None else Params.model_validate(stored)
        except ValidationError:
            params = Params()
        if params != self._params:
            self._take(params)

    def _take(self, params: Params) -> None:
        self._params = params
        self.row.set_photos(params.photos)
        self.scan.show_scan(params.scan)
        for part in (self.looks, self.pins_fold, self.scan_fold):
            part.setVisible(bool(params.photos))
        self.pins.show_params(params)
        self.summary.setVisible(not params.photos)
        self.person.blockSignals(True)
        self.person.set_value(params)
        self.person.blockSignals(False)
        self._show_photos()
        self._look()
        self._want()

    def _told(self) -> None:
        """The rows about the person were changed."""
        told = self.person.value()
        changed = [name for name, value in told.items() if value != getattr(self._params, name)]
        if changed:
            self.edit(PERSON[changed[0]], ("rows", changed[0]), **told)

    # -- the head

    def _want(self, params: Params | None = None, dragged: bool = False) -> None:
        """Show the head of the params."""
        if self.isVisible() and self.session.used(self._params):
            if dragged:
                self.looks.before.setChecked(False)
            before, scan = self.looks.before.isChecked(), self.scan.wanted
            self.live.want(Wish(params or self._params, self.chosen, dragged, before, scan))
            if not dragged:
                self.busy.watch("Fitting the head", lambda: self.live.idle)

    def _show(self, answer: Answer) -> None:
        self.laid = answer.laid
        path, table = answer.wish.photo, self.studio.photos
        photo = None if path is None else self.session.photos.get(path)
        if answer.laid is None or photo is None or path != self.chosen:
            return
        self.row.doubt(answer.laid.strangers)
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
            self._give_way()
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

    # -- pins

    def _dragged(self, point: int, x: float, y: float, gesture: int, ended: bool) -> None:
        if not self.isVisible() or self.chosen is None:
            return
        pin = Pin(photo=self.chosen, point=point, x_px=round(x, 2), y_px=round(y, 2))
        pins = with_pin(self._params.pins, pin)
        if ended:
            self.edit(f"Pin: {name_of(point)}", ("pin", gesture), pins=pins)
        else:
            self._want(self._params.model_copy(update={"pins": pins}), dragged=True)

    def _unpin(self, point: int) -> None:
        if self.isVisible():
            self.unpin([pin for pin in self._params.pins
                        if pin.photo == self.chosen and pin.point == point])  # fmt: skip

    def unpin(self, gone: Sequence[Pin]) -> None:
        """Let points go where they were found."""
        pins = tuple(pin for pin in self._params.pins if pin not in gone)
        if pins != self._params.pins:
            what = name_of(gone[0].point) if len(gone) == 1 else f"{len(gone)} points"
            self.edit(f"Unpin: {what}", pins=pins)

    def _lock(self, held: tuple[Held, ...]) -> None:
        changed = set(held) ^ set(self._params.held)
        titles = ", ".join(LOCKS[one][0].lower() for one in changed)
        self.edit(f"{'Lock' if len(held) > len(self._params.held) else 'Unlock'} {titles}",
                  held=held)  # fmt: skip

    def _reach(self, reach_mm: float, gesture: int, ended: bool) -> None:
        if ended:
            self.edit("Reach of pins", ("reach", gesture), reach_mm=reach_mm)
        else:
            self._want(self._params.model_copy(update={"reach_mm": reach_mm}), dragged=True)

    @property
    def is_made(self) -> bool:
        """Whether the newest head is the one that the params tell."""
        made = newest_head(self.studio.project)
        return made is not None and params_of(made) == self.params()


_LOOKING = "Looking at photographs"
