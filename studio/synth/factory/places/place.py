"""The bank of places: each is built and looked at once, and then kept in the user's cache."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.core.folders import cache_folder
from studio.render.scene import Drawable, Lighting
from studio.synth.factory.places.outdoors import make_outdoors
from studio.synth.factory.places.panorama import Panorama, look_around
from studio.synth.factory.places.rooms import make_room
from studio.synth.factory.places.scenery import Scenery
from studio.synth.factory.streams import Split, stream

BUILT = 3
"""Counts changes of how places are built."""
BANK: dict[Split, tuple[int, int]] = {"train": (0, 48), "validation": (48, 56), "test": (56, 64)}
"""Which places are those of a split: from, to."""


@dataclass(frozen=True, eq=False)
class Place:
    """A place to act in: the floor under the people, the light, and what lies around.

    ``free_m`` is how far from the middle a camera may stand, along x and y.
    """

    identity: int
    name: str
    floors: tuple[Drawable, ...]
    lighting: Lighting
    around: Panorama
    free_m: tuple[float, float]


def make_place(seed: int, split: Split, block: int, number: int, version: int) -> Place:
    """One of the places of a block."""
    first, end = BANK[split]
    rng = stream("place", version, seed, split, block, number)
    which = first + int(rng.integers(end - first))
    return place(which)


def place(which: int) -> Place:
    """A place of the bank; every second one is outdoors."""
    rng = stream("scenery", BUILT, which)
    scenery = make_room(rng) if which % 2 == 0 else make_outdoors(rng)
    x, y, _ = scenery.reach_m
    around = Panorama(partial(_kept, which, scenery), scenery.reach_m)
    free = min(x - 0.4, 3.9), min(y - 0.4, 3.9)
    return Place(which, scenery.name, scenery.floors, scenery.lighting, around, free)


def _kept(which: int, scenery: Scenery) -> np.ndarray:
    """The panorama of a place: read from the cache, or looked at and kept there."""
    path = cache_folder("places") / f"{BUILT}-{which}.jpg"
    found = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if found is not None:
        return np.ascontiguousarray(found[..., ::-1])
    picture = look_around(scenery)
    _, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])
    with suppress(StudioError):  # a cache that cannot be written only costs time
        write_whole(path, jpeg.tobytes())
    decoded = cv2.imdecode(np.asarray(jpeg), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])
