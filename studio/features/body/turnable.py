"""The fitted body as the viewport draws and turns it while it is worked on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from studio.core.types import Armature, Character, Material, Mesh, Part, Posed
from studio.features.body.session import Laid
from studio.human.bodies.canonical import skin_faces

_CLAY = Material("clay", base=(0.42, 0.43, 0.46, 1.0), roughness=0.7)


@cache
def _bone() -> Armature:
    return Armature(("body",), np.array([-1]), np.eye(4)[None], np.array([[0.0, 0.0, 1.0]]))


def turnable(laid: Laid, path: Path) -> Posed:
    """The clothed body as it stands in a photograph."""
    vertices = laid.surface_m(path)
    joints, weights = np.zeros((len(vertices), 4), int), np.zeros((len(vertices), 4))
    weights[:, 0] = 1.0
    body = Part("body", Mesh(vertices, skin_faces()), _CLAY, joints, weights)
    return Posed(Character("Body", _bone(), (body,)), 0.0, _bone().rest_world, np.zeros(0))
