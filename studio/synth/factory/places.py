"""Where it happens: rooms with their things and their light."""

from __future__ import annotations

from dataclasses import dataclass

from studio.render.scene import Drawable, Lighting
from studio.synth.factory.streams import Split, identity, stream
from studio.synth.room import studio_light, studio_room


@dataclass(frozen=True, eq=False)
class Place:
    """A place to act in: what is drawn around the people, and the light that falls there."""

    identity: int
    name: str
    scenery: tuple[Drawable, ...]
    lighting: Lighting


def make_place(seed: int, split: Split, block: int, number: int, version: int) -> Place:
    """One of the places of a block."""
    which = identity(stream("place", version, seed, split, block, number), split)
    rng = stream("scenery", version, which)
    light = studio_light(float(rng.uniform(0.85, 1.15)))
    return Place(which, "room", studio_room(int(rng.integers(1 << 30))), light)
