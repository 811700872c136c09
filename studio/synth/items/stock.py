"""The things of the starter catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from studio.core.items import Item
from studio.synth.items.earrings import EARRINGS, earrings
from studio.synth.items.ears import EARS, ears
from studio.synth.items.glasses import FRAMES, SUNGLASSES, glasses
from studio.synth.items.hats import HATS, hat
from studio.synth.items.necklaces import NECKLACES, necklace
from studio.synth.items.shoes import SHOES, shoes
from studio.synth.items.watches import WATCHES, watch


def stock() -> Iterator[Item]:
    """Each of them, anew."""
    yield from (glasses(FRAMES[name]) for name in ("panto", "square", "round wire", "cat eye"))
    yield from (glasses(SUNGLASSES[name], True) for name in ("wayfarer", "aviator"))
    yield from (hat(HATS[name]) for name in ("cap", "beanie", "fedora", "sun hat"))
    yield ears(EARS["bunny"])
    yield from (earrings(EARRINGS[name]) for name in ("studs", "hoops", "drops"))
    yield from (necklace(NECKLACES[name]) for name in ("pendant", "pearls"))
    yield watch(WATCHES["dress"])
    yield shoes(SHOES["sneakers"])
