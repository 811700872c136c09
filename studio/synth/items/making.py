"""One thing to try on of a kind, by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from studio.core.items import Item, ItemKind
from studio.synth.items import glasses, hats

Maker = Callable[[np.random.Generator], Item]

MAKERS: Mapping[ItemKind, Maker] = {
    "glasses": lambda rng: glasses.glasses(glasses.varied(rng, False)),
    "sunglasses": lambda rng: glasses.glasses(glasses.varied(rng, True), True),
    "hat": lambda rng: hats.hat(hats.varied(rng)),
}


def make_item(kind: ItemKind, rng: np.random.Generator) -> Item:
    """A thing of this kind, another for every state of ``rng``. Raises KeyError for a kind that is
    not made here."""
    return MAKERS[kind](rng)
