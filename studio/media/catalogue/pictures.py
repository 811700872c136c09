"""A small picture of a thing: alone, on a plain ground."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.items import Item, ItemKind
from studio.core.pictures import write_picture
from studio.core.types import Material, Posed
from studio.render.raster import Renderer
from studio.synth import portrait

SIZE_PX = 240
_VIEWS: dict[ItemKind, tuple[float, float]] = {
    "glasses": (28.0, 12.0), "sunglasses": (28.0, 12.0), "hat": (30.0, 10.0), "ears": (20.0, 4.0),
    "earrings": (25.0, 6.0), "necklace": (12.0, 22.0), "watch": (24.0, 16.0),
    "shoes": (52.0, 24.0), "top": (15.0, 4.0), "bag": (30.0, 12.0), "logo": (15.0, 4.0),
}  # fmt: skip
"""From where each kind is seen: degrees to its left and from above."""

_SPIN_DEG: dict[ItemKind, float] = {"earrings": 42.0}
"""How far what is worn left and right is turned to the front."""


def thumbnail(item: Item) -> UInt8[np.ndarray, "height width 3"]:
    """The picture. Raises StudioError where OpenGL is missing."""
    turn, down = _VIEWS[item.kind]
    scene = portrait.drawables(_apart(item))
    scene = tuple(replace(one, material=_dulled(one.material)) for one in scene)
    points = np.concatenate([one.mesh.vertices_m for one in scene])
    ways = np.radians([turn, down])
    right = np.array([np.cos(ways[0]), np.sin(ways[0]), 0.0])
    back = np.array([
        np.sin(ways[0]) * np.cos(ways[1]), -np.cos(ways[0]) * np.cos(ways[1]), np.sin(ways[1])
    ])  # fmt: skip
    up = np.cross(back, right)
    flat = points @ np.stack([right, up, back], axis=1)
    low, high = flat.min(0), flat.max(0)
    x, y, z = (float(v) for v in np.stack([right, up, back], axis=1) @ (0.5 * (low + high)))
    size = 1.14 * float((high - low)[:2].max())
    framing = portrait.Framing((x, y, z), size, turn, down)
    with Renderer((2 * SIZE_PX, 2 * SIZE_PX), 4) as renderer:
        picture = portrait.picture(renderer, scene, framing)
    return cv2.resize(picture, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)


def draw_thumbnail(item: Item, path: Path) -> None:
    """Draw and keep the picture of a thing."""
    write_picture(path, thumbnail(item))


def _dulled(material: Material) -> Material:
    """A portrait has no surroundings that metal could mirror: its own colour shows instead."""
    return replace(material, metallic=0.45 * material.metallic)


def _apart(item: Item) -> Posed:
    """A thing by itself; what is worn on both sides lies side by side."""
    armature = item.character.armature
    world = np.tile(np.eye(4), (len(armature.names), 1, 1))
    if len(world) == 2:
        for k in range(2):
            spin = np.radians(_SPIN_DEG.get(item.kind, 0.0)) * (2 * k - 1)
            c, s = np.cos(spin), np.sin(spin)
            world[k, :2, :2] = [[c, -s], [s, c]]
            own = [p.mesh.vertices_m[p.joints[:, 0] == k, :2] for p in item.character.parts]
            flat = np.concatenate(own)
            wide = float(np.ptp(flat if spin else flat[:, :1], axis=0).max()) if len(flat) else 0.0
            world[k, 0, 3] = (0.5 - k) * (1.2 if spin else 1.5) * wide
    return Posed(item.character, 0.0, world, np.zeros(len(item.character.morph_names)))
