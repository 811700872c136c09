"""Pictures for galleries: drawn off-screen once, then read from the user's cache by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.human.design import Design, Worn
from studio.render.raster import Renderer
from studio.synth import closet, designed, portrait
from studio.synth.people import PRESETS
from studio.synth.poses import EXPRESSIONS, NAMES, pose

SIZE_PX = (160, 200)
DRAWN = 3
"""Counts changes of how thumbnails are drawn."""
_HEADWEAR = frozenset({"hair", "brows", "lashes", "eyes", "hat", "glasses", "skin", "teeth"})
_MODEL = Design(phenotypes={"gender": 0.4}, pose=dict(pose("Relaxed")))


@cache
def _version() -> str:
    return version("doppel-studio")


@dataclass(frozen=True)
class Wanted:
    """A picture: what it is called, of whom, and what of them fills it (``piece``: only what is
    worn under that name)."""

    name: str
    design: Design
    shows: Literal["body", "face", "piece"] = "body"

    @property
    def path(self) -> Path:
        """Where the picture lies once it is drawn."""
        recipe = json.dumps([self.shows, self.name if self.shows == "piece" else "",
                             self.design.text(), DRAWN, _version()])  # fmt: skip
        digest = hashlib.sha256(recipe.encode()).hexdigest()[:24]
        return cache_folder("thumbnails") / f"{digest}.png"


def presets() -> tuple[Wanted, ...]:
    """The people one can begin with."""
    return tuple(Wanted(name, design, "face") for name, design in PRESETS.items())


def poses() -> tuple[Wanted, ...]:
    """The named poses, on one person."""
    worn = PRESETS["Jonas"]
    return tuple(Wanted(name, worn.but(pose=dict(pose(name)), expression={})) for name in NAMES)


def expressions() -> tuple[Wanted, ...]:
    """The named expressions, on one face."""
    worn = PRESETS["Mara"]
    return tuple(
        Wanted(name, worn.but(expression=made, pose={}), "face")
        for name, made in EXPRESSIONS.items()
    )


def pieces(kind: str) -> tuple[Wanted, ...]:
    """Everything of a kind that can be worn, each by itself; hair and headwear on a head."""
    return tuple(
        Wanted(
            one.name,
            _MODEL.but(worn=(Worn(item=one.name),), hair=(0.36, 0.25, 0.17)),
            "face" if one.kind in _HEADWEAR else "piece",
        )
        for one in closet.catalogue()
        if one.kind == kind
    )


def draw(wanted: Sequence[Wanted]) -> Iterator[tuple[int, Wanted]]:
    """Draw those that are not there yet; yields how many are done, and the one just drawn.

    Raises StudioError where OpenGL is missing.
    """
    left = [one for one in wanted if not one.path.is_file()]
    if not left:
        return
    with Renderer((2 * SIZE_PX[0], 2 * SIZE_PX[1]), 4) as renderer:
        for number, one in enumerate(left, start=1):
            picture = _picture(renderer, one)
            with suppress(StudioError):  # a cache that cannot be written only costs time
                write_picture(one.path, picture)
            yield number, one


def _picture(renderer: Renderer, wanted: Wanted) -> np.ndarray:
    design = wanted.design
    made = designed.built(design)
    character = made.character
    person = designed.posed(design, character, designed.body_of(made.rest, character.armature))
    only = tuple(
        part.name for part in character.parts if part.name.split(" ")[0] == wanted.name
    ) if wanted.shows == "piece" else ()  # fmt: skip
    scene = portrait.drawables(person, only)
    points = np.concatenate([one.mesh.vertices_m for one in scene])
    aspect = SIZE_PX[0] / SIZE_PX[1]
    framing = (
        portrait.face_of(person) if wanted.shows == "face" else portrait.around(points, aspect)
    )
    picture = portrait.picture(renderer, scene, framing)
    return cv2.resize(picture, SIZE_PX, interpolation=cv2.INTER_AREA)
