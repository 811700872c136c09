"""The fitted head as the viewport draws and turns it while it is worked on."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.core.types import Armature, Character, Material, Mesh, Part, Posed
from studio.features.head.session import Laid
from studio.human.design import Design
from studio.synth import complexion
from studio.synth.heads.bust import bust
from studio.synth.looks import body_parts

HIGH_M = 1.55
"""How high above the floor the head's joint is."""
_CLAY = Material("clay", base=(0.62, 0.40, 0.31, 1.0), roughness=0.6)


@cache
def _bone() -> Armature:
    rest = np.eye(4)
    rest[2, 3] = HIGH_M
    return Armature(("head",), np.array([-1]), rest[None], np.array([[0.0, 0.0, HIGH_M + 0.2]]))


@cache
def _eyes() -> Material:
    return complexion.eyes(Design().eyes)


def turnable(laid: Laid, colours: np.ndarray | None = None) -> Posed:
    """The calm head, true to size. ``colours`` (vertices, 3) of the skin take the clay's place."""
    figure = bust()
    vertices = laid.shaped.vertices_m * laid.scale + np.array([0.0, 0.0, HIGH_M], np.float32)
    joints, weights = np.zeros((len(vertices), 4), int), np.zeros((len(vertices), 4))
    weights[:, 0] = 1.0
    skin, eyes = figure.faces[: -figure.eyes], figure.faces[-figure.eyes :]
    painted = None if colours is None else colours.astype(np.uint8)
    parts = (
        Part("body", Mesh(vertices, skin, None, painted), _CLAY, joints, weights),
        Part("eyes", Mesh(vertices, eyes, body_parts()["eyes"][1]), _eyes(), joints, weights),
    )
    character = Character("Head", _bone(), parts)
    return Posed(character, 0.0, _bone().rest_world, np.zeros(0))
