"""Where people are designed: every control shows at once in the viewport, every gesture can be
taken back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import StudioError
from studio.core.types import Posed
from studio.document.project import AvatarItem, Project
from studio.document.step import Packed
from studio.features.person.params import Params
from studio.human.design import Design, Worn, read_file
from studio.human.stored import fit_from
from studio.jobs import Context, Engine
from studio.registry import Feature
from studio.synth import closet, thumbnails
from studio.synth.designed import design_of
from studio.synth.live_person import LivePerson
from studio.synth.people import FIRST, PRESETS, stranger
from studio.ui.choices import Toggle
from studio.ui.person.fold import Fold
from studio.ui.person.gallery import Gallery
from studio.ui.person.groups import BUILD, MORE_BUILD, SEGMENTS, Change, Group, Slides
from studio.ui.person.look import LookGroup
from studio.ui.person.pictures import Pictures
from studio.ui.person.posing import PosingGroup
from studio.ui.person.preview import Preview
from studio.ui.person.wear import WearGroup
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio

USUAL = tuple(Worn(item=name) for name in ("short-hair", "tee", "trousers", "trainers"))
"""What a filmed person wears until somebody chooses."""


class Panel(StepPanel):
    """Edits the selected person, else the newest one; without any, it offers people to begin with.

    ``design`` is the person as the controls show them, None while there is nobody.
    """

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.design: Design | None = None
        self._item = ""
        self._filmed = False
        self._height_m = 0.0
        self._preset = FIRST
        self._groups: list[Group] = []
        self._seeds = itertools.count(1)
        self._editor = QWidget()
        super().__init__(studio, feature)
        self.preview = Preview(studio, feature.id, self._moved)
        self.pictures = Pictures(studio)

    # -- controls ---------------------------------------------------------------------------------

    def build(self, place: QVBoxLayout) -> None:
        self.who = QLabel()
        self.who.setProperty("role", "section")
        self.who.setWordWrap(True)
        self.people = Gallery("People to begin with", (48, 60))
        self.people.set_items([(name, name) for name in PRESETS])
        self.people.clicked.connect(self._person_clicked)
        self.pictures.fill(self.people, thumbnails.presets)
        place.addWidget(self.who)
        place.addWidget(self.people)
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
            ("More about the build", self._fill_more), ("Body parts", self._fill_parts),
            ("Colours", self._fill_look), ("Wardrobe", self._fill_wear),
            ("Pose and expression", self._fill_posing), ("Design file", self._fill_file),
        ):  # fmt: skip
            self.folds[title] = Fold(title, fill)
            column.addWidget(self.folds[title])
        place.addWidget(self._editor)
        self._editor.hide()

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

    def _fill_parts(self, place: QVBoxLayout) -> None:
        place.addWidget(self._added(Slides(self.edit, SEGMENTS)))

    def _fill_look(self, place: QVBoxLayout) -> None:
        place.addWidget(self._added(LookGroup(self.edit)))

    def _fill_wear(self, place: QVBoxLayout) -> None:
        def pictured(gallery: Gallery, kind: str) -> None:
            self.pictures.fill(gallery, lambda: thumbnails.pieces(kind))

        self.wear = WearGroup(self.edit, pictured, self.add_clothes)
        place.addWidget(self._added(self.wear))

    def _fill_posing(self, place: QVBoxLayout) -> None:
        self.posing = PosingGroup(self.edit)
        self.symmetric = Toggle("Both sides together")
        self.symmetric.set_value(True)
        self.symmetric.changed.connect(
            lambda: self.posing.sliders.set_symmetric(self.symmetric.value())
        )
        row = QHBoxLayout()
        row.addWidget(QLabel("Both sides together"), 1)
        row.addWidget(self.symmetric)
        place.addLayout(row)
        place.addWidget(self._added(self.posing))
        self.pictures.fill(self.posing.poses, thumbnails.poses)
        self.pictures.fill(self.posing.faces, thumbnails.expressions)

    def _fill_file(self, place: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._button("Open design…", "A person that was saved", self.open_design))
        row.addWidget(self._button("Save design…", "Keep this person as a file", self.save_design))
        place.addLayout(row)

    def params(self) -> BaseModel:
        return Params(preset=self._preset)

    def set_params(self, params: BaseModel) -> None:
        assert isinstance(params, Params)
        self._preset = params.preset if params.preset in PRESETS else FIRST
        self.take_clothes(params.paths)

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
            self.who.setText("Begin with somebody")
            self.summary.show()
            return
        self.summary.hide()
        self.who.setText(item.name)
        if item.id != self._item:
            if self.isVisible():
                self._item, self.design = item.id, None
                self._read(item)
        elif item.design is not None and item.design != self.design:
            self._show(item.design)
        self._tell()

    def _read(self, item: AvatarItem) -> None:
        """Read the person's data on a worker, then show them."""
        assets = self.studio.assets

        def work() -> tuple[Design, LivePerson, bool]:
            fit = fit_from(assets.arrays(item.data))
            design = item.design or design_of(fit.shape, USUAL if item.dressed else ())
            return design, LivePerson(fit), len(fit) > 1

        def there(found: tuple[Design, LivePerson, bool]) -> None:
            if item.id != self._item:
                return
            design, person, self._filmed = found
            self.preview.begin(person)
            now = self.target
            self._show(now.design if now is not None and now.design is not None else design)
            self.preview.look(self._moved, self.design or design)
            self._editor.show()
            self.folds["Pose and expression"].setVisible(not self._filmed)
            self.mirror_button.setVisible(not self._filmed)
            self._tell()

        self.studio.watch.call(
            self.studio.lanes["io"].submit(work), there,
            lambda error, details: self.studio.notices.error(error, item.name, details),
        )  # fmt: skip

    def _show(self, design: Design) -> None:
        self.design = design
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
            if self.studio.projects.read_only:
                raise StudioError(
                    "This project is open to look at only.", "Save it under another name first."
                )
            design = change(self.design)
        except StudioError as error:
            self.studio.notices.error(error, self.feature.manifest.title)
            self._show(self.design)
            return
        self.design = design
        self.preview.want(design, exact=ended)
        if ended:
            token = None if gesture is None else (self.feature.id, item.id, gesture)
            self._show(design)
            self.studio.document.edit(label, lambda p: _designed(p, item.id, design), token)
            self._tell()

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

    # -- files ------------------------------------------------------------------------------------

    def open_design(self) -> None:
        """Make this person the one of a file."""
        path, _ = QFileDialog.getOpenFileName(self, "Open design", "", "Designs (*.json)")
        if path:
            self.take_design(Path(path))

    def take_design(self, path: Path) -> None:
        """Make this person the one of that file."""
        try:
            design = read_file(path)
        except StudioError as error:
            self.studio.notices.error(error, "Open design")
            return
        self.edit(f"Open {path.stem}", lambda _: design)

    def save_design(self) -> None:
        """Keep this person as a file."""
        item = self.target
        if self.design is None or item is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self, "Save design", f"{item.name}.json", "Designs (*.json)"
        )
        if path:
            try:
                Path(path).write_text(self.design.text(), "utf-8")
                self.studio.notices.say(f"Saved {Path(path).name}.")
            except OSError as error:
                self.studio.notices.error(
                    StudioError(f"“{Path(path).name}” could not be written: {error.strerror}.",
                                "Choose another folder."), "Save design",
                )  # fmt: skip

    def add_clothes(self) -> None:
        """Choose clothes to add to the wardrobe."""
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Add clothes", "", "Clothes of MakeHuman or MPFB (*.zip *.mhclo *.mhmat)"
        )
        self.take_clothes([Path(path) for path in paths])

    def take_clothes(self, paths: Sequence[Path]) -> None:
        """Add what these folders, zips or files hold to the wardrobe."""
        if not paths:
            return

        def engine(context: Context) -> Engine[int, tuple[closet.Piece, ...]]:
            added: list[closet.Piece] = []
            for number, path in enumerate(paths):
                context.check()
                context.report(number / len(paths), path.name)
                added += closet.add(path)
                yield number
            return tuple(added)

        self.studio.background("Add clothes", engine, self._added_clothes)

    def _added_clothes(self, added: tuple[closet.Piece, ...]) -> None:
        names = ", ".join(piece.title for piece in added)
        self.studio.notices.say(f"In the wardrobe now: {names}.")
        for notice in dict.fromkeys(piece.notice for piece in added if piece.notice):
            self.studio.notices.tell(notice, "", "look")
        fold = self.folds["Wardrobe"]
        if fold.filled:
            self.wear.fill()
        fold.open()

    # -- facts ------------------------------------------------------------------------------------

    def _moved(self, posed: Posed) -> None:
        body = next((p for p in posed.character.parts if p.name == "body"), None)
        if body is not None:
            self._height_m = float(np.asarray(body.mesh.vertices_m)[:, 2].max())
            self._tell()

    def _tell(self) -> None:
        """Who is designed, and how tall they are."""
        item = self.target
        if item is None or self.design is None:
            return
        tall = f", {self._height_m:.2f} m tall" if self._height_m else ""
        self.who.setText(f"{item.name}{tall}")
        self.facts.show_facts(())  # the heading says it
        if self.studio.running(self.feature.id) is None:
            self._show_next(self.studio.next_of(self.feature.id))


def _designed(project: Project, id: str, design: Design) -> Project:
    item = project.get(id, AvatarItem)
    if item is None:
        return project
    return project.with_items([item.model_copy(update={"design": design})])
