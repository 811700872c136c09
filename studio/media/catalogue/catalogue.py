"""A catalogue of things to try on: a folder with a folder a thing, the studio's own or the user's.

A thing's folder holds its card (``item.toml``), its model and a picture of it. What is damaged is
left out and told, and the others are offered.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.files import natural_key
from studio.core.folders import data_folder
from studio.core.items import Fit, Item, ItemKind
from studio.core.resources import resource
from studio.core.types import Character
from studio.media.catalogue.card import CARD, ItemCard, Placement, read_card, write_card
from studio.media.catalogue.guess import Guess, guess
from studio.media.catalogue.models import SUFFIXES, read_model
from studio.media.catalogue.pictures import draw_thumbnail
from studio.media.catalogue.worn import item_of
from studio.media.formats.gltf import write_glb
from studio.media.formats.rights import Rights

THUMBNAIL = "thumbnail.jpg"


@dataclass(frozen=True)
class CatalogueEntry:
    """A thing that a catalogue offers. ``id`` is its folder's name."""

    id: str
    folder: Path
    card: ItemCard

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def kind(self) -> ItemKind:
        return self.card.kind

    @property
    def fit(self) -> Fit:
        return self.card.fit

    @property
    def licence(self) -> str:
        return self.card.licence

    @property
    def source(self) -> str:
        return self.card.source

    @property
    def notes(self) -> tuple[str, ...]:
        return self.card.notes

    @property
    def model(self) -> Path:
        """The model's file."""
        return self.folder / self.card.model

    @property
    def thumbnail(self) -> Path | None:
        """Its picture, if there is one."""
        path = self.folder / THUMBNAIL
        return path if path.is_file() else None


class Catalogue:
    """The things in a folder, which need not exist yet. ``trouble`` tells what was left out."""

    def __init__(self, folder: Path, title: str = "", writable: bool = True) -> None:
        self.folder, self.title, self.writable = folder, title or folder.name, writable
        self.trouble: dict[str, StudioError] = {}

    def entries(self) -> tuple[CatalogueEntry, ...]:
        """What there is, as it lies on disk now, by name."""
        self.trouble = {}
        found: list[CatalogueEntry] = []
        if not self.folder.is_dir():
            return ()
        for card in self.folder.glob(f"*/{CARD}"):
            try:
                found.append(CatalogueEntry(card.parent.name, card.parent, read_card(card.parent)))
            except StudioError as error:
                self.trouble[card.parent.name] = error
        return tuple(sorted(found, key=lambda entry: natural_key(entry.name)))

    def entry(self, id: str) -> CatalogueEntry:
        """A thing by its id. Raises StudioError if it is not there or its card is damaged."""
        if re.fullmatch(r"[\w-]+", id) and (self.folder / id / CARD).is_file():
            return CatalogueEntry(id, self.folder / id, read_card(self.folder / id))
        raise StudioError(
            f"There is nothing called “{id}” in the catalogue “{self.title}”.",
            "“doppel catalogue list” shows what there is.",
        )

    def bring_in(
        self, told: Guess, name: str = "", licence: str = "unknown", author: str = "",
        source: str = "",
    ) -> CatalogueEntry:  # fmt: skip
        """Keep a model as the guess tells, with the user's answers in it.

        Raises StudioError if the folder cannot be written or the model is damaged.
        """
        author, source, licence = _credits(told.path, author, source, licence)
        card = told.card(name, licence, author, source)
        return self.keep(card, told.path, item_of(told.character, card), told.character)

    def keep(
        self, card: ItemCard, model: Path, item: Item, read: Character | None = None
    ) -> CatalogueEntry:
        """Keep a thing: its card, a copy of its model (GLB as it is, others as GLB), its picture.

        Nothing is left behind where it fails.
        """
        self._check_writable()
        id = self._free(card.name)
        making = self.folder / f".{uuid.uuid4().hex[:12]}"
        try:
            making.mkdir(parents=True)
            if model.suffix.lower() == ".glb":
                shutil.copyfile(model, making / card.model)
            elif read is not None:
                rights = Rights((card.author,) if card.author else (), card.licence, ())
                write_glb(making / card.model, read, rights=rights)
            write_card(making, card)
            draw_thumbnail(item, making / THUMBNAIL)
            making.rename(self.folder / id)
        except OSError as error:
            raise StudioError(
                f"“{card.name}” could not be kept: {error.strerror or error}.",
                "Free some space, or choose another folder.",
            ) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return CatalogueEntry(id, self.folder / id, card)

    def change(
        self, id: str, placement: Placement | None = None, name: str | None = None
    ) -> CatalogueEntry:
        """Keep another placement or name of a thing; its picture is drawn anew."""
        self._check_writable()
        old = self.entry(id)
        told = {"placement": placement, "name": name}
        card = old.card.model_copy(update={k: v for k, v in told.items() if v is not None})
        write_card(old.folder, card)
        entry = CatalogueEntry(id, old.folder, card)
        if placement is not None:
            draw_thumbnail(load(entry), old.folder / THUMBNAIL)
        return entry

    def remove(self, id: str) -> None:
        """Throw a thing away."""
        self._check_writable()
        shutil.rmtree(self.entry(id).folder, ignore_errors=True)

    def _check_writable(self) -> None:
        if not self.writable:
            raise StudioError(
                f"The catalogue “{self.title}” comes with Doppel and is not changed.",
                "Bring the model into your own catalogue.",
            )

    def _free(self, name: str) -> str:
        stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "item"
        taken = {entry.name for one in (starter().folder, self.folder) if one.is_dir()
                 for entry in one.iterdir()}  # fmt: skip
        number, id = 2, stem
        while id in taken:
            id, number = f"{stem}_{number}", number + 1
        return id


FindItem = Callable[[str], Item]
"""Loads an item by the name that settings give it; raises StudioError if there is none."""


def starter() -> Catalogue:
    """The catalogue that comes with Doppel."""
    return Catalogue(resource("catalogue"), "Doppel", writable=False)


def own() -> Catalogue:
    """The user's catalogue."""
    return Catalogue(data_folder("catalogue"), "Mine")


def load(entry: CatalogueEntry) -> Item:
    """The thing, ready to be worn. Raises StudioError if its model is missing or damaged."""
    character, notes = read_model(entry.model)
    return item_of(character, entry.card, notes)


def find(name: str, more: tuple[Catalogue, ...] = ()) -> Item:
    """The thing of an id in one of the catalogues, or of a model's file.

    A model that lies beside its card is worn as the card tells, another as its file does. Raises
    StudioError if there is none, or it is damaged.
    """
    path = Path(name)
    if path.suffix.lower() in SUFFIXES or path.is_file():
        beside = path.parent / CARD
        if beside.is_file():
            card = read_card(path.parent)
            if card.model == path.name:
                return load(CatalogueEntry(path.parent.name, path.parent, card))
        told = guess(path)
        return item_of(told.character, told.card())
    for catalogue in (*more, own(), starter()):
        if re.fullmatch(r"[\w-]+", name) and (catalogue.folder / name / CARD).is_file():
            return load(catalogue.entry(name))
    raise StudioError(
        f"There is nothing to try on called “{name}”.",
        "“doppel catalogue list” shows what there is; a model's file is worn too.",
    )


def _credits(path: Path, author: str, source: str, licence: str) -> tuple[str, str, str]:
    """Author, source and licence that a glTF file says of itself, where the user says none."""
    if path.suffix.lower() not in (".glb", ".gltf"):
        return author, source or path.name, licence
    from studio.media.formats.gltf.document import Document

    asset = Document(path).json.get("asset") or {}
    extras = asset.get("extras") or {}
    extras = extras if isinstance(extras, dict) else {}
    if licence == "unknown":
        licence = str(extras.get("license") or asset.get("copyright") or "unknown")
    return (
        author or str(extras.get("author") or ""),
        source or str(extras.get("source") or path.name),
        licence,
    )
