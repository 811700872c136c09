"""One thing to try on of a kind, by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from studio.core.items import Item, ItemKind
from studio.synth.items import earrings, ears, glasses, hats, necklaces, shoes, watches

Maker = Callable[[np.random.Generator], Item]

MAKERS: Mapping[ItemKind, Maker] = {
    "glasses": lambda rng: glasses.glasses(glasses.varied(rng, False)),
    "sunglasses": lambda rng: glasses.glasses(glasses.varied(rng, True), True),
    "hat": lambda rng: hats.hat(hats.varied(rng)),
    "ears": lambda rng: ears.ears(ears.varied(rng)),
    "earrings": lambda rng: earrings.earrings(earrings.varied(rng)),
    "necklace": lambda rng: necklaces.necklace(necklaces.varied(rng)),
    "watch": lambda rng: watches.watch(watches.varied(rng)),
    "shoes": lambda rng: shoes.shoes(shoes.varied(rng)),
}


def make_item(kind: ItemKind, rng: np.random.Generator) -> Item:
    """A thing of this kind, another for every state of ``rng``. Raises KeyError for a kind that is
    not made here."""
    return MAKERS[kind](rng)
