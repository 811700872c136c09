"""What there is to wear, source by source: catalogues, models that lie loose in folders, pages."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.files import natural_key
from studio.core.folders import cache_folder
from studio.core.items import ITEM_KINDS, Item, ItemKind
from studio.media.catalogue import catalogue, pages
from studio.media.catalogue.card import CARD
from studio.media.catalogue.catalogue import Catalogue, CatalogueEntry
from studio.media.catalogue.guess import Guess, guess
from studio.media.catalogue.models import SUFFIXES
from studio.media.catalogue.pages import Offer
from studio.media.catalogue.pictures import draw_thumbnail
from studio.media.catalogue.worn import item_of

STARTER, OWN = "starter", "own"
MOST_LOOSE = 200


@dataclass(frozen=True)
class Ware:
    """A thing on offer: of a catalogue (``entry``), of a page (``offer``), or a loose model.

    ``id`` is what settings call it: an entry's id, or a model's path. ``asks`` says that something
    about it has to be asked before it can be worn.
    """

    id: str
    name: str
    kind: ItemKind
    place: str
    model: Path | None = None
    thumbnail: Path | None = None
    licence: str = ""
    notes: tuple[str, ...] = ()
    entry: CatalogueEntry | None = None
    offer: Offer | None = None
    asks: bool = False

    @property
    def mine(self) -> bool:
        """Whether its card may be changed."""
        return self.entry is not None and self.place == OWN


@dataclass(frozen=True)
class Shelfful:
    """What a source holds, what it calls itself, and what is wrong with it."""

    title: str = ""
    wares: tuple[Ware, ...] = ()
    trouble: str = ""


def is_page(place: str) -> bool:
    """Whether a source is an address."""
    return place.startswith(("http://", "https://"))


def catalogue_of(place: str) -> Catalogue:
    """The catalogue of a source."""
    if place == STARTER:
        return catalogue.starter()
    return catalogue.own() if place == OWN else Catalogue(Path(place))


def title_of(place: str) -> str:
    """What a source is called."""
    ready = {STARTER: "Starter catalogue", OWN: "My things"}
    return ready.get(place) or (place if is_page(place) else Path(place).name) or place


def listed(place: str) -> Shelfful:
    """The things of a page, or of a catalogue's folder those that have cards."""
    title = title_of(place)
    if is_page(place):
        return _of_page(place)
    there = catalogue_of(place)
    if place not in (STARTER, OWN) and not there.folder.is_dir():
        said = f"The folder “{there.folder.name}” is not there. Plug in its disk."
        return Shelfful(title, (), said)
    short = place in (STARTER, OWN)
    wares = tuple(
        Ware(e.id if short else str(e.model), e.name, e.kind, place, e.model, e.thumbnail,
             e.licence, e.notes, e)
        for e in there.entries()
    )  # fmt: skip
    wrong = [f"{error.message} {error.hint}".strip() for error in there.trouble.values()]
    return Shelfful(title, wares, wrong[0] if wrong else "")


def _of_page(place: str) -> Shelfful:
    try:
        page = pages.read_page(place)
    except StudioError as error:
        return Shelfful(title_of(place), (), f"{error.message} {error.hint}".strip())
    wares = tuple(
        Ware(one.model, one.name, one.kind or kind_by_name(one.name), place,
             licence=one.licence, offer=one)
        for one in page.offers
    )  # fmt: skip
    return Shelfful(page.title, wares, " ".join(page.notes))


def kind_by_name(name: str) -> ItemKind:
    """What a thing may be that only its name is known of."""
    for kind in ITEM_KINDS:
        if kind.rstrip("s") in name.lower():
            return kind
    return "glasses"


def loose(place: str) -> tuple[Path, ...]:
    """The models of a folder that belong to no card, by name."""
    folder = Path(place)
    if place in (STARTER, OWN) or is_page(place) or not folder.is_dir():
        return ()
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not (path.parent / CARD).is_file()
    ]
    return tuple(sorted(found, key=lambda path: natural_key(str(path)))[:MOST_LOOSE])


def told_of(paths: tuple[Path, ...], place: str) -> Generator[Ware | StudioError]:
    """What each loose model is, as far as its file tells; its picture is drawn once and kept."""
    for path in paths:
        try:
            yield ware_of(guess(path), place)
        except StudioError as error:
            yield error


def ware_of(told: Guess, place: str) -> Ware:
    """A loose model on offer. Raises StudioError where it cannot be drawn."""
    path, card = told.path, told.card()
    stamp = f"{path} {path.stat().st_mtime_ns}"
    picture = cache_folder("models") / f"{hashlib.sha256(stamp.encode()).hexdigest()[:24]}.jpg"
    if not picture.is_file():
        picture.parent.mkdir(parents=True, exist_ok=True)
        draw_thumbnail(item_of(told.character, card), picture)
    return Ware(
        str(path), named(path, told), card.kind, place, path, picture, card.licence, card.notes,
        asks=bool(told.questions),
    )  # fmt: skip


def named(path: Path, told: Guess) -> str:
    """A loose model's name: its folder's where the file's says nothing."""
    name = told.card().name
    if name.lower() in ("scene", "model", "untitled", "source", "object"):
        return path.parent.name.replace("_", " ").capitalize()
    return name


def pictured(wares: Sequence[Ware]) -> Generator[Ware]:
    """A page's things with their pictures, fetched one after the other."""
    for ware in wares:
        if ware.offer is not None:
            yield replace(ware, thumbnail=pages.thumbnail_of(ware.offer))


def fetched(ware: Ware) -> Guess:
    """A page's thing, fetched, as far as its file and the page tell. Raises StudioError."""
    assert ware.offer is not None
    return pages.told_of(ware.offer)


def find(name: str) -> Item:
    """The thing of an id, for any thread; what follows “#” is a version. Raises StudioError."""
    return catalogue.find(name.partition("#")[0])
