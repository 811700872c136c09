"""Small pictures of people: three soft lights, a plain ground, body or face in the middle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Camera, Mesh, Posed
from studio.human.character import skinned
from studio.human.rig import BONE_NAMES
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Finish, Lighting
from studio.synth.looks import skin_finish

_TEETH_GLOW = 0.5
"""Light that comes to teeth between lips that are apart, and through them, which no shadow map
knows."""
_DARKER = 0.85
"""How much less of it comes to teeth in a mouth that is wide open."""
_APART = (0.3, 0.7)
"""How far mouths that look shut, and those that show their teeth, are opened (summed actions)."""
_LIPS = ("mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight")
_EYES_GLOSS, _CATCHLIGHT = 1.0, 0.26
"""Lamps in a studio are wide, and so are their reflections in eyes: these lights are points, which
wet eyes would show smaller than a pixel."""
CONTACT_M = 0.016
GROUND = (0.145, 0.155, 0.175)
"""Linear RGB behind the person: a grey that suits light and dark windows."""


@dataclass(frozen=True)
class Framing:
    """What fills the picture: ``size_m`` is its height around ``centre_m``, seen from
    ``turn_deg`` to the person's left and ``down_deg`` above."""

    centre_m: tuple[float, float, float]
    size_m: float
    turn_deg: float = 18.0
    down_deg: float = 4.0


def around(
    points_m: Float[np.ndarray, "points 3"],
    aspect: float = 1.0,
    turn_deg: float = 18.0,
    margin: float = 1.1,
    down_deg: float = 4.0,
) -> Framing:
    """The framing that holds these points in a picture ``aspect`` times as wide as high."""
    low, high = points_m.min(axis=0), points_m.max(axis=0)
    x, y, z = (float(c) for c in (low + high) / 2)
    turn = np.radians(turn_deg)
    across = abs(np.cos(turn)) * (high - low)[0] + abs(np.sin(turn)) * (high - low)[1]
    return Framing(
        (x, y, z), margin * float(max(across / aspect, (high - low)[2])), turn_deg, down_deg
    )


def face_of(person: Posed) -> Framing:
    """The framing of a person's head."""
    x, y, z = (float(c) for c in person.bones_world[BONE_NAMES.index("head"), :3, 3])
    tail = person.character.armature.tails_m[BONE_NAMES.index("head")]
    head = person.character.armature.rest_world[BONE_NAMES.index("head"), :3, 3]
    tall = float(np.linalg.norm(tail - head))
    return Framing((x, y - 0.02, z + 0.40 * tall), 2.05 * tall, 20.0, 2.0)


def drawables(person: Posed, only: tuple[str, ...] = ()) -> tuple[Drawable, ...]:
    """A posed person as the rasteriser draws it; only the parts of these names, if any."""
    character = person.character
    glow = _teeth_glow(person)
    found = []
    for part in character.parts:
        if only and part.name not in only:
            continue
        vertices = skinned(
            part, character.armature, person.bones_world, person.morphs, character.morph_names
        )
        finish = skin_finish() if part.name in ("body", "tongue") else Finish(sheen=0.1)
        material = part.material
        if part.name.startswith("teeth"):
            if not glow and not only:
                continue  # lips that are shut do not always meet all along
            finish = Finish(glow=glow)
        elif part.name.startswith("eyes"):
            finish = Finish(specular=_EYES_GLOSS)
            material = replace(material, roughness=_CATCHLIGHT)
        mesh = Mesh(vertices, part.mesh.faces, part.mesh.uv, part.mesh.colours)
        found.append(Drawable(mesh, material, 1, finish, part.mesh.vertices_m))
    return tuple(found)


def _teeth_glow(person: Posed) -> float:
    """How much light comes to the teeth; none through lips that are shut."""
    told = dict(zip(person.character.morph_names, np.fmin(person.morphs, 1).tolist(), strict=True))
    jaw = told.get("jawOpen", 0.0)
    apart = float(np.interp(jaw + sum(told.get(name, 0.0) for name in _LIPS) / 2, _APART, (0, 1)))
    return _TEETH_GLOW * apart * (1 - _DARKER * jaw)


def picture(
    renderer: Renderer, scene: tuple[Drawable, ...], framing: Framing, from_right: bool = False,
    contact_m: float = CONTACT_M,
) -> UInt8[np.ndarray, "height width 3"]:  # fmt: skip
    """The scene in the renderer's size, lit as :func:`light` says."""
    lit = light(framing, from_right, contact_m)
    return renderer.render(scene, camera(framing, renderer.size_px), lit).rgb


def camera(framing: Framing, size_px: tuple[int, int]) -> Camera:
    """The camera that sees what is framed."""
    turn, down = np.radians(framing.turn_deg), np.radians(framing.down_deg)
    back = np.array([np.sin(turn) * np.cos(down), -np.cos(turn) * np.cos(down), np.sin(down)])
    away = 4.2 * framing.size_m
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    rotation = np.stack([right, np.cross(-back, right), -back])
    centre = np.array(framing.centre_m) + away * back
    width, height = size_px
    focal = away / framing.size_m * height
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    return Camera("portrait", size_px, matrix, np.zeros(0), rotation, -rotation @ centre)


def light(
    framing: Framing, from_right: bool = False, contact_m: float = CONTACT_M
) -> Lighting:  # fmt: skip
    """Three soft lights about what is framed, the strongest from the camera's left, or right; less
    of them comes to what lies within ``contact_m`` of something before it, as eyes under lids."""
    turn = np.radians(framing.turn_deg)
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    towards = np.array([[-0.55, -0.75, 0.62], [0.85, -0.45, 0.15], [0.35, 0.85, 0.55]])
    if from_right:
        towards[:, 0] *= -1
    towards = (towards / np.linalg.norm(towards, axis=1, keepdims=True)) @ spin.T
    radiance = np.array([[1.45, 1.38, 1.28], [0.42, 0.46, 0.54], [0.8, 0.84, 0.95]])
    return Lighting(
        towards, radiance, np.full(3, 0.08 * framing.size_m), (0.13, 0.135, 0.15),
        framing.centre_m, 0.75 * framing.size_m, 1.0, GROUND, contact_m=contact_m,
    )  # fmt: skip
