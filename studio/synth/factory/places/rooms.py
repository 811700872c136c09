"""Rooms: walls, floor and ceiling, furnished along the walls, with daylight and lamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.core.types import Material
from studio.render.scene import Drawable, Finish, Lighting
from studio.synth.factory.places import furniture, textures
from studio.synth.factory.places.scenery import Scenery, one_light
from studio.synth.room import carpet, planks
from studio.synth.shapes import box, panel

_FLOORS = (("planks", planks, 1.6), ("panelled", textures.panelled, 1.4),
           ("tiles", textures.tiles, 2.0), ("wool", textures.wool, 1.0),
           ("concrete", textures.concrete, 2.5))  # fmt: skip
_PALE = ((0.93, 0.92, 0.89), (0.88, 0.88, 0.86), (0.80, 0.84, 0.84), (0.86, 0.81, 0.72),
         (0.72, 0.78, 0.74), (0.70, 0.74, 0.80), (0.86, 0.78, 0.76))  # fmt: skip
_BOLD = ((0.30, 0.40, 0.42), (0.58, 0.33, 0.27), (0.26, 0.30, 0.38), (0.62, 0.56, 0.34),
         (0.34, 0.42, 0.32))  # fmt: skip


def make_room(rng: np.random.Generator) -> Scenery:
    """A furnished room of any kind."""
    kind = str(rng.choice(tuple(furniture.ITEMS)))
    half = rng.uniform(2.6, 4.2, 2)
    high = float(rng.uniform(2.5, 3.3))
    shown, floors = _shell(rng, half, high)
    for wall in range(4):
        shown += _furnish(rng, kind, wall, half)
    towards = rng.uniform(-0.4, 0.4)
    azimuth = float(rng.integers(4)) * np.pi / 2 + towards
    light = _light(rng, azimuth)
    return Scenery(kind, tuple(shown), floors, light, (float(half[0]), float(half[1]), high))


def _wall_surface(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    chance = rng.random()
    if chance < 0.12:
        return textures.brick(rng), 1.3
    if chance < 0.2:
        return textures.panelled(rng), 1.2
    bold = chance < 0.4
    colour = (_BOLD if bold else _PALE)[int(rng.integers(len(_BOLD if bold else _PALE)))]
    return textures.plaster(rng, colour), 2.0


def _shell(
    rng: np.random.Generator, half: np.ndarray, high: float
) -> tuple[list[Drawable], tuple[Drawable, ...]]:
    x, y = (float(h) for h in half)
    usual = _wall_surface(rng)
    other = _wall_surface(rng) if rng.random() < 0.5 else usual
    odd = int(rng.integers(4))
    sides = (
        ((x, -y, 0.0), (-2 * x, 0.0, 0.0)), ((x, y, 0.0), (0.0, -2 * y, 0.0)),
        ((-x, y, 0.0), (2 * x, 0.0, 0.0)), ((-x, -y, 0.0), (0.0, 2 * y, 0.0)),
    )  # fmt: skip
    dull = Finish(specular=0.1)
    shown: list[Drawable] = []
    for k, (origin, across) in enumerate(sides):
        picture, repeat = other if k == odd else usual
        wall = panel(origin, across, (0, 0, high), 24, (255, 255, 255), repeat)
        paint = Material("wall", roughness=0.95, texture=picture)
        shown.append(Drawable(wall, paint, finish=dull, casts_shadow=False))
    ceiling = panel((-x, -y, high), (2 * x, 0, 0), (0, 2 * y, 0), 12, (228, 227, 223))
    shown.append(Drawable(ceiling, Material("ceiling"), finish=Finish(specular=0.0, glow=0.42),
                          casts_shadow=False))  # fmt: skip
    rim = (236, 234, 228) if rng.random() < 0.7 else (92, 80, 70)
    t = 0.02
    skirting = [
        box((-x, -y, 0), (x, -y + t, 0.1), rim),
        box((-x, y - t, 0), (x, y, 0.1), rim),
        box((-x, -y, 0), (-x + t, y, 0.1), rim),
        box((x - t, -y, 0), (x, y, 0.1), rim),
    ]
    shown.append(furniture.one(skirting))
    _, make, repeat = _FLOORS[int(rng.integers(len(_FLOORS)))]
    ground = panel((-x, -y, 0), (2 * x, 0, 0), (0, 2 * y, 0), 40, (255, 255, 255), repeat)
    rough = float(rng.uniform(0.35, 0.8))
    floors = [Drawable(ground, Material("floor", roughness=rough, texture=make(rng)),
                       finish=Finish(specular=0.3), casts_shadow=False)]  # fmt: skip
    if rng.random() < 0.4:
        wide, deep = rng.uniform(0.7, min(x, 1.6)), rng.uniform(0.7, min(y, 1.6))
        rug = panel((-wide, -deep, 0.004), (2 * wide, 0, 0), (0, 2 * deep, 0), 24,
                    (255, 255, 255), 2 * max(wide, deep), 0.0)  # fmt: skip
        wool = carpet(rng) if rng.random() < 0.5 else textures.wool(rng)
        floors.append(Drawable(rug, Material("rug", roughness=1.0, texture=wool),
                               finish=Finish(specular=0.05), casts_shadow=False))  # fmt: skip
    return shown, tuple(floors)


def _furnish(rng: np.random.Generator, kind: str, wall: int, half: np.ndarray) -> list[Drawable]:
    """What stands along one wall: 0 is at -y, then counter-clockwise."""
    angle = wall * np.pi / 2
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    along, away = (half[0], half[1]) if wall % 2 == 0 else (half[1], half[0])
    origin = turn @ np.array([0.0, -away, 0.0])
    at = -along + rng.uniform(0.3, 0.9)
    solids, shown = [], []
    while at < along - 0.8:
        item = furniture.ITEMS[kind][int(rng.integers(len(furniture.ITEMS[kind])))]
        made = item(rng, float(at))
        if at + made.width > along - 0.25:
            break
        solids += [furniture.moved(mesh, turn, origin) for mesh in made.solids]
        shown += [replace(d, mesh=furniture.moved(d.mesh, turn, origin)) for d in made.shown]
        at += made.width + rng.uniform(0.05, 0.7)
    return [*([furniture.one(solids)] if solids else []), *shown]


def _light(rng: np.random.Generator, azimuth: float) -> Lighting:
    """Daylight from one side, lamps above, and what the walls send back."""
    day = rng.random() < 0.7
    low = rng.uniform(0.35, 0.8) if day else rng.uniform(1.2, 3.0)
    key = np.array([np.cos(azimuth), np.sin(azimuth), low])
    warm = rng.uniform(-0.08, 0.08) if day else rng.uniform(0.06, 0.22)
    tint = np.array([1 + warm, 1.0, 1 - warm])
    ring = azimuth + np.pi + np.array([-0.9, 0.9])
    dome = np.stack([np.cos(ring), np.sin(ring), np.full(2, 0.55)], axis=-1)
    towards = np.concatenate([[key], dome, [[0.1, 0.05, 1.0]]])
    strength = rng.uniform(0.8, 1.5) if day else rng.uniform(0.6, 1.0)
    radiance = np.stack([strength * tint, *[0.30 * np.ones(3)] * 2, 0.42 * tint])
    soft = np.array([rng.uniform(0.04, 0.16), 0.3, 0.3, 0.35])
    return one_light(towards, radiance, soft, fill=float(rng.uniform(0.10, 0.18)))
