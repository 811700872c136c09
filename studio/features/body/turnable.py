"""The fitted body as the viewport draws and turns it while it is worked on, and an avatar in the
colours of what of it was seen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
from jaxtyping import Float

from studio.core.types import Armature, Character, Material, Mesh, Part, Posed
from studio.features.body.session import Laid
from studio.human.bodies.canonical import skin_faces

_CLAY = Material("clay", base=(0.42, 0.43, 0.46, 1.0), roughness=0.7)
SEEN, MIRRORED, GUESSED = (70, 160, 90), (225, 165, 60), (190, 75, 65)
"""The colours of what was seen in a photograph, what only its other side was, and the rest."""
_SHADES = 33
_maps = count(1)


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


def mapped(character: Character, told: Float[np.ndarray, "vertices 2"]) -> Posed:
    """An avatar at rest, its surface in the colours of what was seen of it."""
    person = character.parts[0]
    mesh = replace(person.mesh, uv=told.clip(0.01, 0.99)[person.mesh.faces])
    # What is drawn under one name keeps its colours: other ones are another part.
    shown = replace(person, name=f"seen {next(_maps)}", mesh=mesh, material=_shades())
    made = replace(character, parts=(shown, *character.parts[1:]), animation=None)
    still = np.zeros(len(character.morph_names))
    return Posed(made, 0.0, character.armature.rest_world, still)


@cache
def _shades() -> Material:
    """How surely something was seen goes to the right, how surely its other side was up."""
    seen, other = np.meshgrid(np.linspace(0, 1, _SHADES), np.linspace(1, 0, _SHADES))
    other = np.minimum(other, 1 - seen)
    shares = np.stack([seen, other, 1 - seen - other], -1)
    colours = shares @ np.array([SEEN, MIRRORED, GUESSED], float)
    return Material("seen", roughness=0.85, texture=np.rint(colours).astype(np.uint8))
