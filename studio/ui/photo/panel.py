"""A panel that works on photographs: they lie beside the viewport, what is fitted to them is shown
over the chosen one, and what is put right by hand is kept in the project.

A feature's panel derives from it: its params hold ``photos`` (paths) and ``pins``
(:class:`studio.document.pins.PhotoPin`), and its session looks at photographs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from studio.core.files import IMAGE_SUFFIXES
from studio.document.pins import PhotoPin, with_pin
from studio.document.step import Packed
from studio.jobs import Context, Engine
from studio.registry import Feature
from studio.ui.person.busy import Busy
from studio.ui.photo.looks import Looks
from studio.ui.photo.photos_row import Photo, PhotosRow
from studio.ui.photo.shutter import Shutter
from studio.ui.step_panel import StepPanel
from studio.ui.studio import Studio

LOOKING = "Looking at photographs"
P = TypeVar("P", bound=BaseModel)


class PhotoSession(Protocol):
    """Photographs that were looked at, by path."""

    @property
    def photos(self) -> Mapping[Path, Photo]: ...

    def look(
        self, paths: Iterable[Path], context: Context, told: Callable[[Any], object]
    ) -> None: ...

    def used(self, params: Any) -> tuple[Path, ...]: ...

    def warm(self) -> None: ...


class PhotosPanel(StepPanel, Generic[P]):
    """``thing`` names what is fitted, such as a head; ``rows`` what undo calls the rows about the
    person; ``endings`` are those of files that can be added."""

    thing = "person"
    endings: ClassVar[frozenset[str]] = IMAGE_SUFFIXES
    rows: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, studio: Studio, feature: Feature, session: PhotoSession, params: P
    ) -> None:  # fmt: skip
        self.chosen: Path | None = None
        self._photographs = session
        self._params = params
        self._empty = params
        self._dropped: list[Path] = []
        super().__init__(studio, feature)
        studio.photos.dragged.connect(self._dragged)
        studio.photos.removed.connect(self._unpin)

    # -- what a feature's panel says

    @abstractmethod
    def controls(self) -> Sequence[QWidget]:
        """The widgets below the photographs."""
        raise NotImplementedError

    @abstractmethod
    def show_params(self, params: P) -> None:
        """Show these params in the controls."""
        raise NotImplementedError

    @abstractmethod
    def want(self, params: P | None = None, dragged: bool = False) -> None:
        """Show what the params tell, quickly while something is ``dragged``."""
        raise NotImplementedError

    @abstractmethod
    def pin_of(self, point: int, x: float, y: float) -> PhotoPin:
        """A pin in the chosen photograph."""
        raise NotImplementedError

    @abstractmethod
    def name_of(self, point: int) -> str:
        """What a point is called."""
        raise NotImplementedError

    def shown_of(self, photo: Any) -> tuple[float, float, float, float] | None:
        """What of a photograph is seen at first (left, top, width, height in pixels); the middle
        of its square if None."""
        return None

    def used(self) -> tuple[Path, ...]:
        """The photographs that show what they should."""
        return self._photographs.used(self._params)

    # -- what the step panel asks for

    def params(self) -> P:
        used = self.used()
        pins = tuple(pin for pin in _pins(self._params) if pin.photo in used)
        return self._params.model_copy(update={"photos": used, "pins": pins})

    def build(self, place: QVBoxLayout) -> None:
        self.busy = Busy(self.area)
        self.row = PhotosRow()
        self.row.chosen.connect(self.choose)
        self.row.left_out.connect(self.leave_out)
        self.add_button = QPushButton("Add photographs…")
        self.add_button.setToolTip("Several of one person, from all sides, make it better")
        self.add_button.clicked.connect(self._ask_photos)
        self.shutter = Shutter(self.studio)
        self.shutter.taken.connect(lambda path: self.add((path,)))
        sources = QHBoxLayout()
        sources.setSpacing(8)
        sources.addWidget(self.add_button)
        sources.addWidget(self.shutter)
        self.looks = Looks(self.studio, self.thing)
        self.looks.changed.connect(self.want)
        place.addWidget(self.row)
        place.addLayout(sources)
        for widget in (self.looks, *self.controls()):
            place.addWidget(widget)
        self.looks.hide()
        self.show_params(self._params)

    def set_params(self, params: BaseModel) -> None:
        if isinstance(params, type(self._empty)):
            self._take(params)

    def fill(self, params: BaseModel | dict[str, Any]) -> None:
        """Photographs that were dropped join those that are there."""
        given = params if isinstance(params, BaseModel) else self.feature.params(**params)
        self._dropped += _photos(given)
        self._add_dropped()

    def refresh(self) -> None:
        super().refresh()
        if self.loaded:
            self._follow()
            self._add_dropped()

    def _judge(self) -> None:
        self.run_button.setEnabled(self.step is not None and bool(self.used()))

    def _finished(self, feature: str, packed: Packed) -> None:
        super()._finished(feature, packed)
        if feature == self.feature.id and packed.items:
            self.studio.selection.set((packed.items[0].id,))
            self.give_way()
            self.refresh()
            self.want()

    # -- coming and going

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.studio.photos.wanted.emit()
        self.studio.watch.call(self.studio.lanes["io"].submit(self._photographs.warm))
        if self.loaded:
            self._lay()
            self.want()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.loaded:
            self.looks.rest()
        if not event.spontaneous():
            self.studio.photos.left.emit()
        self.give_way()

    def give_way(self) -> bool:
        """Let the viewport show what the project holds; whether it did not."""
        if self.feature.id not in self.studio.editing:
            return False
        self.studio.editing.discard(self.feature.id)
        self.studio.watch.changed.emit()
        return True

    # -- the photographs

    def _ask_photos(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in sorted(self.endings))
        paths, _ = QFileDialog.getOpenFileNames(
            self, f"Add photographs of a {self.thing}", "", f"Pictures ({endings})"
        )
        self.add(map(Path, paths))

    def _add_dropped(self) -> None:
        if self.loaded and self._dropped:
            dropped, self._dropped = self._dropped, []
            self.add(dropped)

    def add(self, paths: Iterable[Path]) -> None:
        """More photographs of the same person."""
        there = _photos(self._params)
        new = tuple(path for path in dict.fromkeys(paths) if path not in there)
        if new:
            word = "photograph" if len(new) == 1 else "photographs"
            self.edit(f"Add {len(new)} {word}", photos=(*there, *new))

    def leave_out(self, path: Path) -> None:
        """Work without a photograph."""
        kept = tuple(one for one in _photos(self._params) if one != path)
        pins = tuple(pin for pin in _pins(self._params) if pin.photo != path)
        self.edit(f"Leave {path.name} out", photos=kept, pins=pins)

    def choose(self, path: Path) -> None:
        """Lay a photograph on the table."""
        if path != self.chosen:
            self.chosen = path
            self._lay()
            self.want()
        self.row.set_chosen(self.chosen)

    def _look(self) -> None:
        """Look at photographs that are new."""
        session = self._photographs
        new = [path for path in _photos(self._params) if path not in session.photos]
        if not new or any(w.job.name == LOOKING for w in self.studio.watch.working):
            return

        def engine(context: Context) -> Engine[Photo, None]:
            for path in new:
                session.look((path,), context, lambda _: None)
                yield session.photos[path]

        def done(_: None) -> None:
            self._show_photos()
            self.want()
            self._look()

        self.studio.background(LOOKING, engine, done, "cpu")
        self.busy.watch(LOOKING, lambda: not any(
            path not in session.photos for path in _photos(self._params)
        ))  # fmt: skip

    def _show_photos(self) -> None:
        """Show what was found in each photograph, and the chosen one on the table."""
        for path, cell in self.row.cells.items():
            photo = self._photographs.photos.get(path)
            if photo is not None:
                cell.show_photo(photo)
        self._judge()
        self._lay()

    def _lay(self) -> None:
        """Put the chosen photograph on the table."""
        table, known = self.studio.photos, self._photographs.photos
        photos = [path for path in _photos(self._params) if path in known]
        if self.chosen not in _photos(self._params):
            self.chosen = next(iter(self.used() or photos), None)
        self.row.set_chosen(self.chosen)
        photo = None if self.chosen is None else known.get(self.chosen)
        if photo is None:
            table.clear()
        elif self.isVisible():
            table.lay(photo.path.name, photo.rgb, photo.square, self.shown_of(photo))
            table.say(photo.refused)

    # -- the document

    def edit(self, label: str, gesture: object = None, **changes: Any) -> None:
        """Change what the project keeps: one step of the history."""
        try:
            self.studio.projects.check_writable()
            after = type(self._params).model_validate({**dict(self._params), **changes})
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
            kept = self._empty if stored is None else type(self._empty).model_validate(stored)
        except ValidationError:
            kept = self._empty
        if kept != self._params:
            self._take(kept)

    def _take(self, params: P) -> None:
        self._params = params
        photos = _photos(params)
        self.row.set_photos(photos)
        self.summary.setVisible(not photos)
        self.looks.setVisible(bool(photos))
        self.show_params(params)
        if not photos:
            self.give_way()
        self._show_photos()
        self._look()
        self.want()

    def take_rows(self, values: dict[str, Any]) -> None:
        """The rows about the person were changed."""
        changed = [name for name, value in values.items() if value != getattr(self._params, name)]
        if changed:
            self.edit(self.rows[changed[0]], ("rows", changed[0]), **values)

    # -- pins

    def _dragged(self, point: int, x: float, y: float, gesture: int, ended: bool) -> None:
        if not self.isVisible() or self.chosen is None:
            return
        pins = with_pin(_pins(self._params), self.pin_of(point, round(x, 2), round(y, 2)))
        if ended:
            self.edit(f"Pin: {self.name_of(point)}", ("pin", gesture), pins=pins)
        else:
            self.want(self._params.model_copy(update={"pins": pins}), dragged=True)

    def _unpin(self, point: int) -> None:
        if self.isVisible():
            self.unpin([pin for pin in _pins(self._params)
                        if pin.photo == self.chosen and pin.point == point])  # fmt: skip

    def unpin(self, gone: Sequence[PhotoPin]) -> None:
        """Let points go where they were found."""
        pins = tuple(pin for pin in _pins(self._params) if pin not in gone)
        if pins != _pins(self._params):
            what = self.name_of(gone[0].point) if len(gone) == 1 else f"{len(gone)} points"
            self.edit(f"Unpin: {what}", pins=pins)


def _photos(params: BaseModel) -> tuple[Path, ...]:
    return getattr(params, "photos", ())


def _pins(params: BaseModel) -> tuple[PhotoPin, ...]:
    return getattr(params, "pins", ())
