"""The panel of bodies: photographs, the body laid over them, its points put right, and the avatar
that is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from studio.core.types import Posed
from studio.document.pins import PhotoPin, PhotoPlace
from studio.document.project import AvatarItem
from studio.features.body.avatar_group import ROWS, WORN, AvatarGroup
from studio.features.body.engine import Inputs
from studio.features.body.filmed import is_film, photograph_of
from studio.features.body.live_body import Answer, LiveBody, Wish
from studio.features.body.params import Params
from studio.features.body.points import bones, found_px, name_of
from studio.features.body.session import Laid, Photo, Session
from studio.features.body.staging import STAGED, staged
from studio.features.body.step import heads_of, newest_body, params_of
from studio.jobs import Context, Engine
from studio.registry import Feature
from studio.ui.photo import Marks
from studio.ui.photo.looks import segment
from studio.ui.photo.panel import PhotosPanel
from studio.ui.photo.pin_rows import PinRows
from studio.ui.staging.fields import Fields
from studio.ui.staging.fold import Fold
from studio.ui.studio import Next, Studio

PERSON = {"name": "Name", "height_m": "Height", "gender": "Build"}
WORDS = {
    "gender": (("as the face", "As the face tells"), ("woman", "A woman's"), ("man", "A man's"))
}
_INVITES = (
    "Drag a point in the photograph to where it belongs: the body is fitted anew. Double-click "
    "somebody else in it, and they are taken."
)
_STAGING = "Standing and moving"
_FILMED = "Looking for a picture in a film"
_MOTIONS = " ".join(f"*{s}" for s in (".bvh", ".trc", ".c3d", ".csv", *sorted(VIDEO_SUFFIXES)))
_NO_BODY = "No human body, or somebody else's: its points lie otherwise"


class Panel(PhotosPanel[Params]):
    """Photographs beside the viewport; the body follows its points, the avatar is made with one
    button."""

    thing = "body"
    endings = IMAGE_SUFFIXES | VIDEO_SUFFIXES
    rows = PERSON | ROWS | WORN | {"head_item": "Head"}

    def __init__(self, studio: Studio, feature: Feature) -> None:
        self.session = Session()
        self.laid: Laid | None = None
        self._framed = False
        self._export = Next("Export this avatar", lambda: studio.open_panel("export"))
        super().__init__(studio, feature, self.session, Params())
        self.live = LiveBody(studio, self.session, self._show)
        studio.photos.picked.connect(self._pick)

    # -- what the panel of photographs asks for

    def controls(self) -> Sequence[QWidget]:
        self.guessed = segment("Seen and guessed", "What photographs show of the avatar, and what "
                               "is guessed, in colours on it")  # fmt: skip
        self.looks.add(self.guessed)
        self.legend = QLabel()
        self.legend.setProperty("role", "small")
        self.legend.setWordWrap(True)
        self.legend.hide()
        self.person = Fields(Params, PERSON, WORDS)
        self.person.changed.connect(lambda: self.take_rows(self.person.value()))
        self.avatar = AvatarGroup()
        self.avatar.changed.connect(self.take_rows)
        self.pins = PinRows(_INVITES, name_of)
        self.pins.removed.connect(self.unpin)
        self.pins.shown.connect(lambda pin: self.choose(pin.photo))
        self.pins_fold = Fold("Points put right")
        self.pins_fold.inside.addWidget(self.pins)
        self.pins_fold.button.setChecked(True)
        self.avatar_fold = Fold("The avatar")
        self.avatar_fold.inside.addWidget(self.avatar)
        self.motion_button = QPushButton("Play a motion…")
        self.motion_button.setToolTip("A walk or a dance as BVH, points as TRC, C3D or CSV, or a "
                                      "film of somebody")  # fmt: skip
        self.motion_button.clicked.connect(self._ask_motion)
        self.follow_button = QPushButton("Follow the film")
        self.follow_button.setToolTip("The avatar does in each picture of the film what is seen "
                                      "there: the camera must have stood still")  # fmt: skip
        self.follow_button.clicked.connect(self._play_film)
        self.still_button = QPushButton("Stand still")
        self.still_button.clicked.connect(lambda: self.restage("Stand still", motion=None))
        self.moves = QWidget()
        row = QHBoxLayout(self.moves)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.follow_button)
        row.addWidget(self.motion_button)
        row.addWidget(self.still_button)
        row.addStretch(1)
        return self.legend, self.person, self.pins_fold, self.avatar_fold, self.moves

    def add(self, paths: Iterable[Path]) -> None:
        """More photographs of the same person; of films, the picture that shows them best."""
        given = tuple(paths)
        super().add(path for path in given if not is_film(path))
        films = tuple(path for path in given if is_film(path))

        def engine(context: Context) -> Engine[Path, tuple[Path, ...]]:
            found: list[Path] = []
            for film in films:
                context.check()
                found.append(photograph_of(film).path)
                yield found[-1]
            return tuple(found)

        if films:
            self.studio.background(_FILMED, engine, partial(self._add_stills, films[-1]), "cpu")
            working = self.studio.watch
            self.busy.watch(_FILMED, lambda: all(w.job.name != _FILMED for w in working.working))

    def _add_stills(self, film: Path, stills: tuple[Path, ...]) -> None:
        there = self._params.photos
        new = tuple(path for path in stills if path not in there)
        if new:
            self.edit(f"Add {film.name}", photos=(*there, *new), film=film)

    def _pick(self, x: float, y: float) -> None:
        """Take whoever is at a place of the chosen photograph instead."""
        if not self.isVisible() or self.chosen is None:
            return
        others = tuple(one for one in self._params.who if one.photo != self.chosen)
        place = PhotoPlace(photo=self.chosen, x_px=round(x, 1), y_px=round(y, 1))
        pins = tuple(pin for pin in self._params.pins if pin.photo != self.chosen)
        self.edit("Choose a person", who=(*others, place), pins=pins)

    def show_params(self, params: Params) -> None:
        self.session.choose(params)
        there = bool(params.photos)
        for part in (self.person, self.pins_fold, self.avatar_fold):
            part.setVisible(there)
        self.pins.set_pins(params.pins)
        self.person.blockSignals(True)
        self.person.set_value(params)
        self.person.blockSignals(False)
        self.avatar.show_params(params)
        self.still_button.setVisible(params.motion is not None)
        film = params.film is not None and params.motion != params.film
        self.follow_button.setVisible(film)

    def take_rows(self, values: dict[str, Any]) -> None:
        if self.made is not None and values.get("pose", self._params.pose) != self._params.pose:
            self.restage("Pose", pose=values["pose"])
        else:
            super().take_rows(values)

    def pin_of(self, point: int, x: float, y: float) -> PhotoPin:
        assert self.chosen is not None
        return PhotoPin(photo=self.chosen, point=point, x_px=x, y_px=y)

    def shown_of(self, photo: Photo) -> tuple[float, float, float, float]:
        return photo.box

    def name_of(self, point: int) -> str:
        return name_of(point)

    # -- what the step panel asks for

    def run_text(self) -> str:
        return "Make the avatar"

    def refresh(self) -> None:
        super().refresh()
        if not self.loaded:
            return
        self.avatar.show_heads({
            id: item.name for id in heads_of(self.studio.project)
            if (item := self.studio.project.get(id, AvatarItem)) is not None
        })  # fmt: skip
        made = self.made
        if made is None:  # what is told is of another body
            self.facts.show_facts(())
        self._show_next(self._export if made is not None else None)
        self.moves.setVisible(made is not None)
        self.guessed.setEnabled(made is not None)

    def run(self) -> None:
        """Make the avatar: surface, rig and texture."""
        params = self.params()
        laid = self.session.fitted(params)
        try:
            given = Inputs(self.session.looked(params.photos), None if laid is None else laid.fit,
                           heads_of(self.studio.project))  # fmt: skip
            self.studio.start(self.feature.id, params, chosen=(), inputs=given)
        except Exception as error:
            self.studio.notices.error(error, self.feature.manifest.title)
        self.refresh()

    @property
    def made(self) -> AvatarItem | None:
        """The newest avatar, if the params are those that it was made of."""
        item = newest_body(self.studio.project)
        told = None if item is None else params_of(item)
        same = told is not None and _made_of(told) == _made_of(self.params())
        return item if same else None

    # -- the body

    def want(self, params: Params | None = None, dragged: bool = False) -> None:
        if not self.isVisible() or not self.used():
            return
        if dragged and params is not None:
            self._mark(params)
            return
        self._mark(self._params)
        made, guessed = self.made, self.guessed.isChecked()
        self.legend.setVisible(guessed and made is not None)
        self.live.want(Wish(self._params, self.chosen, made, self.studio.assets, guessed))
        session = self.session
        self.busy.watch(lambda: session.stage or "Fitting the body", lambda: self.live.idle)

    def _mark(self, params: Params) -> None:
        """Show the points of the chosen photograph as they are known so far."""
        path = self.chosen
        photo = None if path is None else self.session.photos.get(path)
        if photo is None or photo.body is None or path is None:
            return
        table, found = self.studio.photos, found_px(photo.body)
        pins = {pin.point: (pin.x_px, pin.y_px) for pin in params.pins if pin.photo == path}
        laid = self.laid
        fitted = found
        if laid is not None and path in laid.points_px:
            fitted = np.where(np.isfinite(found), laid.points_px[path], np.nan)
        table.show_marks(Marks(found, fitted, pins, name_of, bones()), table.over)

    def _show(self, answer: Answer) -> None:
        path = answer.wish.photo
        if answer.trouble is not None:
            self._refuse(answer.trouble)
        if answer.laid is None:
            return
        self.laid = answer.laid
        if path is None or path != self.chosen or not self.isVisible():
            return
        self._mark(self._params)
        if answer.over is not None:
            table = self.studio.photos
            table.show_marks(table.marks, answer.over)
        if answer.kept is not None:
            self.avatar.show_backs(answer.kept.backs)
            self.legend.setText(_legend(answer.kept.told))
        if self.studio.running(self.feature.id) is not None:
            return
        if answer.posed is None:
            self.give_way()
            return
        first = self.feature.id not in self.studio.editing
        self.studio.editing.add(self.feature.id)
        self.studio.live.emit(self.feature.id, answer.posed)
        if first:
            body = answer.posed.character.parts[0].mesh.vertices_m
            self.studio.frame_wanted.emit(body)

    def _refuse(self, trouble: StudioError) -> None:
        """No body can be fitted: say so at the photograph that is to blame."""
        blamed = [path for path in self.used() if path.name in trouble.message] or self.used()
        self.row.doubt(blamed, _NO_BODY)
        self.studio.photos.say(trouble.hint)

    # -- the avatar

    def _ask_motion(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "A motion for the avatar", "", f"Motions and films ({_MOTIONS})"
        )
        if path:
            self.play(Path(path))

    def _play_film(self) -> None:
        if self._params.film is not None:
            self.play(self._params.film)

    def play(self, path: Path) -> None:
        """Let the avatar move as a file tells."""
        self.restage(f"Motion: {path.stem}", motion=path)

    def restage(self, label: str, **changes: Any) -> None:
        """Let the made avatar stand or move otherwise: one step of the history, once it is done."""
        item, params = self.made, self._params.model_copy(update=changes)
        if any(w.job.name == _STAGING for w in self.studio.watch.working):
            self.show_params(self._params)
            return
        if item is None:
            self.edit(label, **changes)
            return
        assets = self.studio.assets
        told = self.params().model_copy(update=changes)

        def engine(context: Context) -> Engine[Posed, AvatarItem]:
            context.report(0.1, label)
            return (yield from staged(item, told, assets, context))

        def done(after: AvatarItem) -> None:
            kept = params.model_dump(mode="json")
            if self.studio.project.get(after.id, AvatarItem) is not None:
                self.studio.document.edit(
                    label, lambda p: p.with_items((after,)).with_params(self.feature.id, kept)
                )

        self.studio.background(_STAGING, engine, done, "cpu", _STAGING)


def _made_of(params: Params) -> Params:
    """The params without what a made avatar may change, or is the same with."""
    usual = {name: Params.model_fields[name].default for name in (*STAGED, "networks")}
    return params.model_copy(update=usual)


def _legend(told: np.ndarray | None) -> str:
    if told is None:
        return "What was seen of this avatar was not kept: make it again."
    seen, other = (round(100 * float(share)) for share in told.mean(0))
    return (f"Green: seen in a photograph ({seen} %). Amber: only its other side was ({other} %). "
            f"Red: guessed ({100 - seen - other} %).")  # fmt: skip
