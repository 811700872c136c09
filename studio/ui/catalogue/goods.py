"""What there is to wear: models from files and folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.items import Item, ItemKind
from studio.live.wearing.finding import of_files
from studio.ui.catalogue.places import Place
from studio.ui.catalogue.shelf import Entry

SUFFIXES = (".glb", ".gltf")


@dataclass(frozen=True)
class FileEntry:
    """A model's file as a thing to wear."""

    id: str
    name: str
    kind: ItemKind
    thumbnail: Path | None = None
    licence: str = ""
    notes: tuple[str, ...] = ()


class Goods(QObject):
    """``changed`` follows a change of what there is. :meth:`find` is for any thread."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self.places: tuple[Place, ...] = ()

    def add(self, places: Sequence[str]) -> None:
        """Take in models, and those of folders."""
        found = {entry.id: entry for entry in self.entries}
        for place in map(Path, places):
            for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if path.suffix.lower() in SUFFIXES:
                    kind: ItemKind = "hat" if "hat" in path.stem.lower() else "sunglasses"
                    found[str(path)] = FileEntry(str(path), path.stem, kind)
        self.entries = tuple(found.values())
        self.changed.emit()

    def find(self, name: str) -> Item:
        """The thing of that id. Raises StudioError if it cannot be read."""
        return of_files(name)

    def entry(self, id: str) -> Entry | None:
        """What is known of a thing."""
        return next((entry for entry in self.entries if entry.id == id), None)
