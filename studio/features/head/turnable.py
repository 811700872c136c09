"""The fitted head as the viewport draws and turns it while it is worked on."""

from __future__ import annotations

from functools import cache
from itertools import count

import numpy as np

from studio.core.types import Character, Material, Mesh, Part, Posed
from studio.features.head.one_bone import HIGH_M, bone
from studio.features.head.session import Laid
from studio.human.design import Design
from studio.synth import complexion
from studio.synth.heads.bust import bust
from studio.synth.heads.scanned import Measured, colours_of
from studio.synth.looks import body_parts

_RAMP = np.repeat(colours_of(np.linspace(-1, 1, 256))[None], 4, axis=0)
_MAP = Material("map", roughness=0.8, texture=_RAMP)
_CLAY = Material("clay", base=(0.62, 0.40, 0.31, 1.0), roughness=0.6)


_maps = count(1)


@cache
def _eyes() -> Material:
    return complexion.eyes(Design().eyes)


def turnable(laid: Laid, measured: Measured | None = None) -> Posed:
    """The calm head, true to size; in the colours of a measurement, where there is one."""
    figure = bust()
    vertices = laid.shaped.vertices_m * laid.scale + np.array([0.0, 0.0, HIGH_M], np.float32)
    joints, weights = np.zeros((len(vertices), 4), int), np.zeros((len(vertices), 4))
    weights[:, 0] = 1.0
    skin, eyes = figure.faces[: -figure.eyes], figure.faces[-figure.eyes :]
    body = Part("body", Mesh(vertices, skin), _CLAY, joints, weights)
    if measured is not None:
        across = (0.5 + 0.498 * measured.share)[skin]
        uv = np.stack([across, np.full_like(across, 0.5)], axis=-1)
        # What is drawn under one name keeps its colours: other ones are another part.
        name = f"map {next(_maps)}"
        body = Part(name, Mesh(vertices, skin, uv), _MAP, joints, weights)
    balls = Mesh(vertices, eyes, body_parts()["eyes"][1])
    parts = (body, Part("eyes", balls, _eyes(), joints, weights))
    character = Character("Head", bone(), parts)
    return Posed(character, 0.0, bone().rest_world, np.zeros(0))
