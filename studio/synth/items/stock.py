"""The things of the starter catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from studio.core.items import Item
from studio.synth.items.glasses import FRAMES, SUNGLASSES, glasses
from studio.synth.items.hats import HATS, hat


def stock() -> Iterator[Item]:
    """Each of them, anew."""
    yield from (glasses(FRAMES[name]) for name in ("panto", "square", "round wire", "cat eye"))
    yield from (glasses(SUNGLASSES[name], True) for name in ("wayfarer", "aviator", "butterfly"))
    yield from (hat(HATS[name]) for name in ("cap", "beanie", "fedora", "sun hat"))
