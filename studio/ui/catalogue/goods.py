"""All sources of things together: kept in the settings, read on workers, shown as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.items import Item
from studio.jobs import Context, Engine, Job
from studio.media.catalogue.models import SUFFIXES
from studio.media.catalogue.worn import item_of
from studio.ui.catalogue import stock
from studio.ui.catalogue.places import Place
from studio.ui.catalogue.stock import OWN, STARTER, Shelfful, Ware
from studio.ui.studio import Studio

READ = "Read the catalogue"


class Goods(QObject):
    """``changed`` follows a change of what there is; ``asked(path)`` a single model that was
    brought here. :meth:`find` is for any thread."""

    changed = Signal()
    asked = Signal(object)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._shelves: dict[str, Shelfful] = {}
        self._versions: dict[str, int] = {}
        self.chosen = ""
        self.trials: dict[str, Item] = {}
        """Things that are being fitted, by the names that settings give them."""
        self._fetched: dict[str, Item] = {}

    # -- what there is

    @property
    def sources(self) -> tuple[str, ...]:
        """The places in order, the house's first."""
        return (STARTER, OWN, *self._studio.settings.value.catalogues)

    @property
    def wares(self) -> tuple[Ware, ...]:
        """Everything, of all places."""
        return tuple(w for place in self.sources if place in self._shelves
                     for w in self._shelves[place].wares)  # fmt: skip

    @property
    def entries(self) -> tuple[Ware, ...]:
        """What is on offer: of the place that was chosen, or of all."""
        return tuple(w for w in self.wares if self.chosen in ("", w.place))

    @property
    def places(self) -> tuple[Place, ...]:
        """The sources as they are listed."""
        made: list[Place] = []
        for place in self.sources:
            shelf = self._shelves.get(place, Shelfful())
            made.append(
                Place(place, shelf.title or stock.title_of(place), len(shelf.wares), shelf.trouble,
                      place not in (STARTER, OWN))
            )  # fmt: skip
        return tuple(made)

    def entry(self, id: str) -> Ware | None:
        """What is known of a thing."""
        return next((ware for ware in self.wares if ware.id == id), None)

    def find(self, name: str) -> Item:
        """The thing that settings call so. Raises StudioError if it cannot be read."""
        ready = self.trials.get(name) or self._fetched.get(name)
        return stock.find(name) if ready is None else ready

    def wanted(self, id: str) -> str:
        """What settings call a thing: another name once it was changed."""
        version = self._versions.get(id, 0)
        return f"{id}#{version}" if version else id

    # -- reading

    def read(self, *places: str) -> None:
        """Read these sources, or all, anew."""
        for place in places or self.sources:
            self._call(
                lambda place=place: (place, stock.listed(place), stock.loose(place)), self._listed
            )

    def _listed(self, found: tuple[str, Shelfful, tuple[Path, ...]]) -> None:
        place, shelf, paths = found
        if place not in self.sources:
            return
        before = {w.id: w for w in self._shelves.get(place, Shelfful()).wares if w.entry is None}
        kept = tuple(before.get(ware.id, ware) for ware in shelf.wares)
        known = tuple(before[str(path)] for path in paths if str(path) in before)
        self._shelves[place] = replace(shelf, wares=(*kept, *known))
        self.changed.emit()
        new = tuple(path for path in paths if str(path) not in before)
        bare = tuple(w for w in kept if w.offer is not None and w.offer.thumbnail
                     and w.thumbnail is None)  # fmt: skip
        if new:
            self._follow(place, lambda: stock.told_of(new, place), len(new))
        if bare:
            self._follow(place, lambda: stock.pictured(bare), len(bare))

    def _follow(
        self, place: str, tell: Callable[[], Iterable[Ware | StudioError]], count: int
    ) -> None:
        """Look things through as a job: each is offered as soon as it is known."""
        found: list[Ware | StudioError] = []

        def engine(context: Context) -> Engine[int, None]:
            for number, one in enumerate(tell(), 1):
                context.check()
                found.append(one)
                context.report(number / count, f"{number} of {count} models")
                yield number

        taken = 0

        def take(_: object = None) -> None:
            nonlocal taken
            for one in found[taken:]:
                self._offer(one, place)
                taken += 1
            self.changed.emit()

        job: Job[int, None] = Job(READ, engine, self._studio.lanes.io)
        self._studio.watch.add(
            job, show=take, done=take,
            failed=lambda error, details: self._studio.notices.error(error, READ, details),
        )  # fmt: skip

    def _offer(self, one: Ware | StudioError, place: str) -> None:
        shelf = self._shelves.get(place)
        if shelf is None:
            return
        if isinstance(one, Ware):
            wares = {ware.id: ware for ware in shelf.wares}
            wares[one.id] = one
            self._shelves[place] = replace(shelf, wares=tuple(wares.values()))
        elif not shelf.trouble:
            said = f"{one.message} {one.hint}".strip()
            self._shelves[place] = replace(shelf, trouble=said)

    def _call(self, work: Callable[[], object], done: Callable[..., object]) -> None:
        self._studio.watch.call(
            self._studio.lanes["io"].submit(work), done,
            lambda error, details: self._studio.notices.error(error, READ, details),
        )  # fmt: skip

    def fetch(self, ware: Ware, then: Callable[[], object]) -> None:
        """Get a page's thing ready to be worn, then go on; what goes wrong is told."""
        if ware.offer is None or ware.id in self._fetched:
            then()
            return

        def work() -> Item:
            told = stock.fetched(ware)
            return item_of(told.character, told.card(ware.name, ware.licence))

        def done(item: Item) -> None:
            self._fetched[ware.id] = item
            then()

        self._studio.notices.say(f"Fetching “{ware.name}”")
        self._call(work, done)

    # -- changing

    def add(self, places: Sequence[str]) -> None:
        """Take in folders and pages as sources; single models are asked about."""
        for place in places:
            path = Path(place)
            single = path.suffix.lower() in SUFFIXES and not stock.is_page(place)
            if single and not path.is_dir():
                self.asked.emit(path)
            else:
                self._add_source(place)

    def _add_source(self, place: str) -> None:
        known = self._studio.settings.value.catalogues
        if place not in known:
            self._studio.settings.change(catalogues=(*known, place))
        self.changed.emit()
        self.read(place)

    def forget(self, place: str) -> None:
        """List a source no more; its files stay where they are."""
        known = self._studio.settings.value.catalogues
        self._studio.settings.change(catalogues=tuple(p for p in known if p != place))
        self._shelves.pop(place, None)
        self.chosen = "" if self.chosen == place else self.chosen
        self.changed.emit()

    def choose(self, place: str) -> None:
        """Offer what one source has; all if empty."""
        self.chosen = place
        self.changed.emit()

    def renew(self, id: str) -> None:
        """A thing was changed: it is read again where it is worn."""
        self._versions[id] = self._versions.get(id, 0) + 1
        self.read(OWN)
