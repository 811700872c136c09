"""Where people are designed: every control shows at once in the viewport, every gesture can be
taken back."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from pydantic import BaseModel
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.document.project import AvatarItem, Project
from studio.document.step import Packed
from studio.features.person.params import Params
from studio.human.design import Design
from studio.human.stored import fit_from
from studio.registry import Feature
from studio.synth import thumbnails
from studio.synth.designed import filmed
from studio.synth.live_person import LivePerson
from studio.synth.people import FIRST, PRESETS, stranger
from studio.ui.person.busy import Busy
from studio.ui.person.files import FileGroup, choose_clothes, take_clothes
from studio.ui.person.fold import Fold
from studio.ui.person.gallery import Gallery
from studio.ui.person.groups import Both, Change, Group, Slides
from studio.ui.person.look import LookGroup
from studio.ui.person.pictures import Pictures
from studio.ui.person.posing import PosingGroup
from studio.ui.person.preview import Preview, Shown
from studio.ui.person.sizes import NAMES, SizesGroup
from studio.ui.person.slides import BUILD, FACE, MORE_BUILD, PARTS, SEGMENTS
from studio.ui.person.wear import WearGroup
from studio.ui.person.who import Who
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio


class Panel(StepPanel):
    """Edits the selected person, else the newest one; without any, it offers people to begin with.

    ``design`` is the person as the controls show them, None while there is nobody.
    """

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.design: Design | None = None
        self._kept: Design | None = None
        self._derived = Design()
        self._item = ""
        self._filmed = False
        self._height_m = 0.0
        self._preset = FIRST
        self._groups: list[Group] = []
        self._seeds = itertools.count(1)
        self._editor = QWidget()
        super().__init__(studio, feature)
        self.preview = Preview(studio, feature.id, self._shown)
        self.pictures = Pictures(studio)

    # -- controls ---------------------------------------------------------------------------------

    def build(self, place: QVBoxLayout) -> None:
        self.busy = Busy(self.area)
        self.who = Who(tuple(PRESETS))
        self.people = self.who.people
        self.people.clicked.connect(self._person_clicked)
        self.pictures.fill(self.people, thumbnails.presets)
        place.addWidget(self.who)
        column = QVBoxLayout(self._editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.random_button = self._button("Random person", "Somebody else; undo brings this one "
                                          "back", self.randomise)  # fmt: skip
        self.mirror_button = self._button("Mirror", "Left and right change places", self.mirror)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.random_button)
        row.addWidget(self.mirror_button)
        column.addLayout(row)
        self.build_group = self._added(Slides(self.edit, BUILD))
        column.addWidget(self.build_group)
        self.folds: dict[str, Fold] = {}
        for title, fill in (
            ("More about the build", self._fill_more), ("Measurements", self._fill_sizes),
            ("Body parts", self._fill_parts), ("Face", self._fill_face),
            ("Colours", self._fill_look), ("Wardrobe", self._fill_wear),
            ("Pose and expression", self._fill_posing), ("Design file", self._fill_file),
        ):  # fmt: skip
            self.folds[title] = Fold(title, fill)
            column.addWidget(self.folds[title])
        place.addWidget(self._editor)
        self._editor.hide()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.run_button, 1)
        foot.addWidget(self.next_button, 1)
        self.foot.insertLayout(0, foot)

    def _button(self, text: str, tip: str, call: Any) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: call())
        return button

    def _added(self, group: Group) -> Group:
        self._groups.append(group)
        if self.design is not None:
            group.show_design(self.design)
        return group

    def _fill_more(self, place: QVBoxLayout) -> None:
        place.addWidget(self._added(Slides(self.edit, MORE_BUILD)))

    def _fill_sizes(self, place: QVBoxLayout) -> None:
        self.sizes = SizesGroup(self.edit, self.solve)
        place.addWidget(self._added(self.sizes))
        self.preview.measured = NAMES
        if self.design is not None:
            self.preview.look(self.design)

    def _fill_parts(self, place: QVBoxLayout) -> None:
        parts = Slides(self.edit, PARTS)
        place.addWidget(Both(parts))
        for group in (Slides(self.edit, SEGMENTS), parts):
            place.addWidget(self._added(group))

    def _fill_face(self, place: QVBoxLayout) -> None:
        groups = [Slides(self.edit, slides) for slides in FACE.values()]
        place.addWidget(Both(*groups))
        for title, group in zip(FACE, groups, strict=True):
            label = QLabel(title)
            label.setProperty("role", "section")
            place.addWidget(label)
            place.addWidget(self._added(group))

    def _fill_look(self, place: QVBoxLayout) -> None:
        place.addWidget(self._added(LookGroup(self.edit)))

    def _fill_wear(self, place: QVBoxLayout) -> None:
        def pictured(gallery: Gallery, kind: str) -> None:
            self.pictures.fill(gallery, lambda: thumbnails.pieces(kind))

        self.wear = WearGroup(self.edit, pictured, self.add_clothes)
        place.addWidget(self._added(self.wear))

    def _fill_posing(self, place: QVBoxLayout) -> None:
        self.posing = PosingGroup(self.edit, self.solve)
        self.symmetric = Both(self.posing.sliders)
        place.addWidget(self.symmetric)
        place.addWidget(self._added(self.posing))
        self.pictures.fill(self.posing.poses, thumbnails.poses)
        self.pictures.fill(self.posing.faces, thumbnails.expressions)

    def _fill_file(self, place: QVBoxLayout) -> None:
        def name() -> str:
            return self.target.name if self.target is not None else "Person"

        self.file = FileGroup(self.studio, self.edit, name)
        place.addWidget(self._added(self.file))

    def params(self) -> BaseModel:
        return Params(preset=self._preset)

    def set_params(self, params: BaseModel) -> None:
        assert isinstance(params, Params)
        self._preset = params.preset if params.preset in PRESETS else FIRST
        take_clothes(self.studio, params.paths, self._show_wardrobe)

    def run_text(self) -> str:
        return "New person"

    # -- who is designed --------------------------------------------------------------------------

    @property
    def target(self) -> AvatarItem | None:
        """The person who is designed: the selected one, else the newest."""
        project = self.studio.project
        chosen = (project.get(id, AvatarItem) for id in self.studio.selection.ids)
        return next((item for item in chosen if item is not None), project.newest(AvatarItem))

    def refresh(self) -> None:
        super().refresh()
        if self.loaded:
            self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.loaded:
            self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.preview.give_way()

    def _follow(self) -> None:
        """Show the person that the project holds now."""
        item = self.target
        self._editor.setVisible(item is not None and self.design is not None)
        if item is None:
            self.design, self._item = None, ""
            self.who.set_somebody(False)
            self.who.say("Begin with somebody")
            self.summary.show()
            return
        self.summary.hide()
        self.who.say(item.name)
        if item.id != self._item:
            if self.isVisible():
                self._item, self.design = item.id, None
                self._read(item)
        elif self.design is not None and (item.design or self._derived) != self._kept:
            self._show(
                item.design or self._derived
            )  # undone, or changed elsewhere; never what a hand holds
        self._tell()

    def _read(self, item: AvatarItem) -> None:
        """Read the person's data on a worker, then show them."""
        assets = self.studio.assets

        def work() -> tuple[Design, LivePerson, bool]:
            fit = fit_from(assets.arrays(item.data))
            design = item.design or filmed(fit.shape, item.dressed)
            return design, LivePerson(fit), len(fit) > 1

        def there(found: tuple[Design, LivePerson, bool]) -> None:
            if item.id != self._item:
                return
            self._derived, person, self._filmed = found
            self.preview.begin(person)
            now = self.target
            self._show(now.design if now is not None and now.design is not None else self._derived)
            self.preview.look(self.design or self._derived)
            self._editor.show()
            self.folds["Pose and expression"].setVisible(not self._filmed)
            self.mirror_button.setVisible(not self._filmed)
            self._tell()

        reading = self.studio.lanes["io"].submit(work)
        self.busy.watch(f"Reading {item.name}", reading.done)
        self.studio.watch.call(
            reading, there,
            lambda error, details: self.studio.notices.error(error, item.name, details),
        )  # fmt: skip

    def _show(self, design: Design) -> None:
        self.design = self._kept = design
        self.who.set_somebody(True)
        for group in self._groups:
            group.show_design(design)
        self.people.set_chosen([name for name, one in PRESETS.items() if one == design])

    # -- edits ------------------------------------------------------------------------------------

    def edit(
        self, label: str, change: Change, gesture: int | None = None, ended: bool = True
    ) -> None:
        """Change the person: shown at once, and one step of the history at the gesture's end."""
        item = self.target
        if self.design is None or item is None or item.id != self._item:
            return
        try:
            self.studio.projects.check_writable()
            if self.preview.solving:  # what is done meanwhile comes after it
                self.solve(label, change, gesture, ended)
                return
            design = change(self.design)
        except StudioError as error:
            self.studio.notices.error(error, self.feature.manifest.title)
            self._show(self.design)
            return
        self.design = design
        self.preview.want(design, exact=ended)
        self._work(label, ended)
        if ended:
            self._keep(label, item.id, design, gesture)

    def _keep(self, label: str, id: str, design: Design, gesture: int | None) -> None:
        """One step of the history."""
        token = None if gesture is None else (self.feature.id, id, gesture)
        self._show(design)
        self.studio.document.edit(label, lambda p: _designed(p, id, design), token)
        self._tell()

    def solve(self, label: str, change: Change, gesture: int | None, ended: bool) -> None:
        """Change the person in a way that takes a while to work out; the window does not wait."""
        item = self.target
        if self.design is None or item is None or item.id != self._item:
            return

        def solved(design: Design) -> None:
            if item.id != self._item or self.design is None:
                return
            self.design = design
            if ended:
                self._keep(label, item.id, design, gesture)

        self.preview.want(self.design, ended, change, solved)
        self._work(label, ended)

    def _work(self, label: str, ended: bool) -> None:
        """A hand that drags sees the person follow; whoever let go or clicked is told to wait."""
        self.busy.watch(label, lambda: not ended or self.preview.idle)

    def randomise(self) -> None:
        """Somebody else; the same row of people after every start."""
        seed = next(self._seeds)
        self.edit(f"Random person {seed}", lambda d: self._other(stranger(seed), d))

    def mirror(self) -> None:
        """Left and right change places."""
        self.edit("Mirror", lambda d: d.mirrored())

    def _other(self, new: Design, now: Design) -> Design:
        """Another person in this one's pose."""
        return new.but(pose=now.pose, gaze_deg=now.gaze_deg)

    def _person_clicked(self, name: str) -> None:
        self._preset = name
        if self.design is None:
            self.run()
        else:
            self.edit(f"Begin with {name}", lambda d: self._other(PRESETS[name], d))

    def _finished(self, feature: str, packed: Packed) -> None:
        """The new person is the one to go on with."""
        super()._finished(feature, packed)
        if feature == self.feature.id and packed.items:
            self.studio.selection.set((packed.items[0].id,))

    # -- clothes of one's own ---------------------------------------------------------------------

    def add_clothes(self) -> None:
        """Choose clothes to add to the wardrobe."""
        take_clothes(self.studio, choose_clothes(self), self._show_wardrobe)

    def _show_wardrobe(self) -> None:
        fold = self.folds["Wardrobe"]
        if fold.filled:
            self.wear.fill()
        fold.open()

    # -- facts ------------------------------------------------------------------------------------

    def _shown(self, shown: Shown) -> None:
        body = next((part for part in shown.posed.character.parts if part.name == "body"), None)
        if body is not None:
            self._height_m = float(np.asarray(body.mesh.vertices_m)[:, 2].max())
        if shown.sizes:
            self.sizes.show_sizes(shown.sizes)
        self._tell()

    def _tell(self) -> None:
        """Who is designed, and how tall they are."""
        item = self.target
        if item is None or self.design is None:
            return
        tall = f", {self._height_m:.2f} m tall" if self._height_m else ""
        self.who.say(f"{item.name}{tall}")
        self.facts.show_facts(())  # the heading says it
        if self.studio.running(self.feature.id) is None:
            self._show_next(self.studio.next_of(self.feature.id))


def _designed(project: Project, id: str, design: Design) -> Project:
    item = project.get(id, AvatarItem)
    if item is None:
        return project
    return project.with_items([item.model_copy(update={"design": design})])
