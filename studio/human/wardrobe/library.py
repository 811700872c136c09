"""The starter set: what can be worn without importing anything.

One folder an asset, ``resources/wardrobe/KIND/NAME``; a folder of the user's own may be arranged
the same way.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.resources import resource
from studio.human.wardrobe.asset import Asset, Card
from studio.human.wardrobe.cards import read_card
from studio.human.wardrobe.reading import read_asset


@dataclass(frozen=True)
class Entry:
    """An asset that can be loaded: its name, folder and card."""

    name: str
    folder: Path
    card: Card


def find(kind: str | None = None, root: Path | None = None) -> tuple[Entry, ...]:
    """What there is, by kind and name; of one kind, if given. Only the cards are read.

    Raises StudioError if a card is damaged.
    """
    root = resource("wardrobe") if root is None else root
    cards = sorted(root.glob("*/*/card.toml"))
    every = [
        Entry(card.parent.name, card.parent, read_card(card.read_text("utf-8"), str(card)))
        for card in cards
    ]
    return tuple(entry for entry in every if kind is None or entry.card.kind == kind)


@lru_cache(maxsize=64)
def load(name: str, root: Path | None = None) -> Asset:
    """The asset of that name, kept once read. Raises StudioError if there is none."""
    entries = find(root=root)
    for entry in entries:
        if entry.name == name:
            return read_asset(entry.folder)
    near = difflib.get_close_matches(name, [entry.name for entry in entries])
    hint = f"Did you mean {' or '.join(near)}?" if near else "Look at what the wardrobe holds."
    raise StudioError(f"The wardrobe has no “{name}”.", hint)
