"""Places under the sky: parks, streets, squares, beaches, courts."""

from __future__ import annotations

import numpy as np

from studio.core.types import Material, Mesh
from studio.render.environment import harmonics
from studio.render.scene import Drawable, Finish
from studio.synth.factory.places import textures
from studio.synth.factory.places.furniture import dye, one
from studio.synth.factory.places.scenery import Scenery, one_light
from studio.synth.factory.places.skies import make_sky
from studio.synth.shapes import Colour, box, lathe, panel, tube

Rng = np.random.Generator
AWAY_M = 12.5
REACH_M = (AWAY_M, AWAY_M, 60.0)
_KINDS = {
    "park": ("grass", "paving", "sand"), "street": ("asphalt", "paving", "concrete"),
    "square": ("paving", "concrete"), "beach": ("sand",), "meadow": ("grass",),
    "yard": ("concrete", "asphalt", "sand"),
}  # fmt: skip


def make_outdoors(rng: Rng) -> Scenery:
    """A place under the sky of any kind."""
    kind = str(rng.choice(tuple(_KINDS)))
    sky = make_sky(rng)
    surface = str(rng.choice(_KINDS[kind]))
    make, repeat = textures.OUTSIDE[surface]
    picture = make(rng)
    near = Drawable(
        panel((-4, -4, 0), (8, 0, 0), (0, 8, 0), 48, (255, 255, 255), repeat, 0.0),
        Material("ground", roughness=0.9, texture=picture), finish=Finish(specular=0.15),
        casts_shadow=False,
    )  # fmt: skip
    far = Drawable(
        panel((-60, -60, -0.012), (120, 0, 0), (0, 120, 0), 60, (255, 255, 255), repeat, 0.0),
        near.material, finish=near.finish, casts_shadow=False,
    )  # fmt: skip
    solids: list[Mesh] = []
    shown = [far, *_around(rng, kind, solids)]
    if solids:
        shown.append(one(solids))
    below = np.array(picture.reshape(-1, 3).mean(axis=0) / 255) ** 2.2
    lit = below * (0.5 * sky.strength * sky.sun[2] + 0.4)
    whole = np.where((np.arange(640) < 320)[:, None, None], sky.radiance, lit)
    ambient = harmonics(whole[::8, ::8].clip(0, 3)) * 0.75
    ring = np.arctan2(sky.sun[1], sky.sun[0]) + np.pi + np.array([-0.8, 0.8])
    dome = np.stack([np.cos(ring), np.sin(ring), np.full(2, 0.9)], axis=-1)
    towards = np.concatenate([[sky.sun], dome, [[0, 0.1, 1.0]]])
    radiance = np.stack([sky.strength, *[0.13 * np.array([0.95, 1, 1.08])] * 2,
                         0.22 * np.array([0.95, 1, 1.08])])  # fmt: skip
    soft = np.array([0.015 if sky.strength[0] > 1 else 0.2, 0.3, 0.3, 0.35])
    light = one_light(towards, radiance, soft, 0.02, ambient, exposure=0.62)
    return Scenery(kind, tuple(shown), (near,), light, REACH_M, sky.radiance)


def _around(rng: Rng, kind: str, solids: list[Mesh]) -> list[Drawable]:
    """What stands about; plain solids go to ``solids``."""
    shown: list[Drawable] = []
    if kind in ("park", "meadow", "beach", "yard") or rng.random() < 0.3:
        shown.append(_hills(rng, sea=kind == "beach"))
    count = {"park": 30, "meadow": 20, "street": 5, "square": 5, "beach": 2, "yard": 5}[kind]
    for _ in range(int(count * rng.uniform(0.6, 1.4))):
        shown += _tree(rng, *_somewhere(rng, 8, 40))
    if kind in ("street", "square", "yard"):
        shown += _houses(rng, street=kind == "street")
    if kind in ("street", "yard"):
        for _ in range(int(rng.integers(2, 7))):
            solids += _car(rng, *_somewhere(rng, 6, 14), 90.0 * int(rng.integers(4)))
    if kind in ("street", "square", "park"):
        for _ in range(int(rng.integers(2, 6))):
            x, y = _somewhere(rng, 5.5, 14)
            solids += _lantern(x, y) if rng.random() < 0.5 else _bench(rng, x, y)
    if kind in ("yard", "park", "meadow") and rng.random() < 0.7:
        solids += _fence(rng)
    return shown


def _somewhere(rng: Rng, near: float, far: float) -> tuple[float, float]:
    angle, away = rng.uniform(0, 2 * np.pi), near + (far - near) * rng.random() ** 1.4
    return float(away * np.cos(angle)), float(away * np.sin(angle))


def _hills(rng: Rng, sea: bool) -> Drawable:
    """A far line of hills, or the sea."""
    count = 180
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    tall = sum(
        rng.uniform(0.3, 1.0) / k * np.sin(k * angle + rng.uniform(0, 7)) for k in range(2, 12)
    )
    height = np.clip(2.2 + 2.4 * np.asarray(tall), 0.4, 9.0)
    if sea:
        height = np.full(count, 0.9)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    shore = np.where(np.sin(angle - rng.uniform(0, 7)) > 0.2, 16.0, 57.0)
    ring = ring * (shore[:, None] if sea else 57.0)
    low = np.column_stack([ring, np.full(count, 0.02 if sea else -0.5)])
    high = np.column_stack([ring / np.linalg.norm(ring, axis=1, keepdims=True) * 70, height])
    k = np.arange(count)
    j = (k + 1) % count
    a, b = k + count, j + count
    faces = np.concatenate([np.stack([k, j, b], -1), np.stack([k, b, a], -1)])
    base = np.array([52, 108, 140] if sea else [96, 118, 112])
    shade = 1 + 0.08 * rng.standard_normal(2 * count)
    colours = np.clip(base * shade[:, None], 0, 255).astype(np.uint8)
    mesh = Mesh(np.concatenate([low, high]), faces[:, ::-1], None, colours)
    return Drawable(mesh, Material("hills", roughness=1.0), finish=Finish(specular=0.0, glow=0.25),
                    casts_shadow=False)  # fmt: skip


def _tree(rng: Rng, x: float, y: float) -> list[Drawable]:
    """A trunk, and leaves in clusters."""
    tall, crown = rng.uniform(3.5, 8.0), rng.uniform(1.2, 2.6)
    trunk = lathe((x, y, 0), [(0.22, 0), (0.14, 0.35 * tall), (0.05, 0.8 * tall)], (84, 66, 50), 8)
    lumps = np.array([x, y, 0.68 * tall]) + rng.normal(0, 1, (9, 3)) * [
        0.5 * crown, 0.5 * crown, 0.16 * tall,
    ]  # fmt: skip
    count = 1100
    which = rng.integers(0, len(lumps), count)
    way = rng.normal(0, 1, (count, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    centre = lumps[which] + way * 0.55 * crown * rng.random((count, 1)) ** 0.4
    side = rng.normal(0, 1, (count, 3))
    side -= way * (side * way).sum(1, keepdims=True)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(way, side)
    size = rng.uniform(0.08, 0.2, (count, 1))
    corners = np.stack([centre - size * side, centre + size * up, centre + size * side], axis=1)
    green = np.array([(70, 104, 44), (88, 116, 52), (52, 88, 48), (122, 110, 46)][
        int(rng.integers(4))
    ])  # fmt: skip
    depth = np.clip((centre[:, 2] - centre[:, 2].min()) / np.ptp(centre[:, 2]), 0, 1)
    tone = (0.55 + 0.6 * depth) * rng.uniform(0.8, 1.2, count)
    colours = np.clip(green * tone[:, None], 0, 255).astype(np.uint8)
    faces = np.arange(3 * count).reshape(-1, 3)
    leaves = Mesh(corners.reshape(-1, 3), faces, None, np.repeat(colours, 3, axis=0))
    return [one([trunk]), Drawable(leaves, Material("leaves", roughness=0.8),
                                   finish=Finish((0.4, 0.5, 0.2), specular=0.1))]  # fmt: skip


def _houses(rng: Rng, street: bool) -> list[Drawable]:
    """Fronts of houses in one or two rows, or here and there."""
    shown: list[Drawable] = []
    turns = (0, 180) if street else (0, 90, 180, 270)
    for turn in turns:
        if not street and rng.random() < 0.3:
            continue
        at = -45.0
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        spin = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
        while at < 45:
            wide, floors = rng.uniform(8, 18), int(rng.integers(2, 6))
            high = 3.1 * floors
            picture = textures.front(rng, floors, max(int(wide / 2.6), 2))
            shown.append(_block(spin, at, AWAY_M, wide, high, picture))
            at += wide + (rng.uniform(2, 9) if rng.random() < 0.3 else 0.0)
    return shown


def _block(
    spin: np.ndarray, at: float, away: float, wide: float, high: float, picture: np.ndarray
) -> Drawable:
    """A house whose front stands ``away`` from the middle, along +Y before it is turned."""
    deep = 10.0
    a, b, near, far = at, at + wide, away, away + deep
    corners = np.array(
        [[(a, near, 0), (b, near, 0), (b, near, high), (a, near, high)],
         [(b, near, 0), (b, far, 0), (b, far, high), (b, near, high)],
         [(a, far, 0), (a, near, 0), (a, near, high), (a, far, high)]]
    )  # fmt: skip
    vertices = corners.reshape(-1, 3) @ spin.T
    faces = (4 * np.arange(3)[:, None, None] + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    uv = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]), (3, 1))[faces]
    return Drawable(Mesh(vertices, faces, uv), Material("front", roughness=0.8, texture=picture),
                    finish=Finish(specular=0.3), casts_shadow=False)  # fmt: skip


def _car(rng: Rng, x: float, y: float, turn_deg: float) -> list[Mesh]:
    """A parked car, plain."""
    paint, black, glass = dye(rng, 30, 230), (26, 26, 28), (58, 68, 78)
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    spin = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    parts = [
        box((-2.1, -0.86, 0.3), (2.1, 0.86, 0.82), paint),
        box((-1.2, -0.78, 0.82), (1.35, 0.78, 1.36), glass),
        box((-1.1, -0.8, 1.34), (1.2, 0.8, 1.42), paint),
        box((-2.12, -0.7, 0.55), (-2.08, 0.7, 0.68), (210, 60, 50)),
        box((2.08, -0.7, 0.55), (2.13, 0.7, 0.68), (235, 232, 220)),
    ]
    parts += [tube((a, b - 0.1, 0.32), (a, b + 0.1, 0.32), 0.32, black)
              for a in (-1.35, 1.35) for b in (-0.8, 0.8)]  # fmt: skip
    return [Mesh(m.vertices_m @ spin.T + [x, y, 0], m.faces, None, m.colours) for m in parts]


def _lantern(x: float, y: float) -> list[Mesh]:
    grey: Colour = (70, 74, 76)
    return [tube((x, y, 0), (x, y, 4.2), 0.06, grey),
            box((x - 0.2, y - 0.2, 4.2), (x + 0.2, y + 0.2, 4.5), (230, 228, 214))]  # fmt: skip


def _bench(rng: Rng, x: float, y: float) -> list[Mesh]:
    wood: Colour = (132, 96, 62)
    parts = [box((x - 0.8, y + 0.11 * k, 0.44), (x + 0.8, y + 0.11 * k + 0.09, 0.48), wood)
             for k in range(4)]  # fmt: skip
    parts += [box((x - 0.8, y + 0.45, 0.55 + 0.14 * k), (x + 0.8, y + 0.48, 0.65 + 0.14 * k), wood)
              for k in range(3)]  # fmt: skip
    return [*parts, *(box((x + a, y, 0), (x + a + 0.06, y + 0.46, 0.44), (60, 62, 64))
                      for a in (-0.7, 0.64))]  # fmt: skip


def _fence(rng: Rng) -> list[Mesh]:
    away, wood = AWAY_M - 0.5, dye(rng, 70, 200)
    turn = rng.random() < 0.5
    parts: list[Mesh] = []
    for at in np.arange(-20, 20, 0.22):
        low, top = (at, away, 0.05), (at + 0.14, away + 0.03, 1.2)
        if turn:
            low, top = (away, at, 0.05), (away + 0.03, at + 0.14, 1.2)
        parts.append(box(low, top, wood))
    return parts
