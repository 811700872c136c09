"""Things that stand or hang along the walls of rooms.

Each is made at a wall that runs along +X: ``x`` is where it begins, y = 0 is the wall and +Y the
middle of the room; it comes back with the width that it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from studio.core.types import Material, Mesh
from studio.render.scene import Drawable, Finish
from studio.synth.room import painting
from studio.synth.shapes import Colour, box, curtain, lathe, merge, quad, tube

Rng = np.random.Generator
WOODS: tuple[Colour, ...] = ((126, 94, 64), (168, 134, 98), (84, 60, 44), (206, 184, 152))


@dataclass
class Made:
    """Coloured solids, and pictures and lights that have a surface of their own."""

    width: float
    solids: list[Mesh] = field(default_factory=list)
    shown: list[Drawable] = field(default_factory=list)


def dye(rng: Rng, low: int = 40, high: int = 215) -> Colour:
    """A colour that one might buy."""
    grey = rng.uniform(low, high)
    r, g, b = np.clip(grey + rng.normal(0, 28, 3), 12, 240)
    return int(r), int(g), int(b)


def _wood(rng: Rng) -> Colour:
    return WOODS[int(rng.integers(len(WOODS)))]


def shelf(rng: Rng, x: float) -> Made:
    """A shelf of books and boxes."""
    wide, high, deep = rng.uniform(0.8, 1.8), rng.uniform(1.3, 2.2), 0.34
    wood = _wood(rng) if rng.random() < 0.7 else (232, 230, 226)
    rows = int(high / 0.38)
    parts = [box((x, 0.02, 0.05 + k * high / rows), (x + wide, deep, 0.08 + k * high / rows), wood)
             for k in range(rows + 1)]  # fmt: skip
    parts += [box((a, 0.02, 0), (a + 0.03, deep, high + 0.08), wood) for a in (x, x + wide - 0.03)]
    for k in range(rows):
        z, at = 0.08 + k * high / rows, x + 0.05
        while at < x + wide - 0.12:
            thick, tall = rng.uniform(0.02, 0.06), rng.uniform(0.17, 0.30)
            if rng.random() < 0.1:
                thick, tall = rng.uniform(0.15, 0.3), rng.uniform(0.1, 0.25)
            end = min(at + thick, x + wide - 0.04)
            if rng.random() < 0.88:
                parts.append(box((at, 0.06, z), (end, deep - rng.uniform(0.03, 0.12), z + tall),
                                 dye(rng)))  # fmt: skip
            at += thick + 0.003
    return Made(wide, parts)


def sofa(rng: Rng, x: float) -> Made:
    """A sofa with cushions."""
    wide, cloth = rng.uniform(1.6, 2.3), dye(rng, 50, 180)
    light: Colour = tuple(min(c + 14, 250) for c in cloth)  # type: ignore[assignment]
    half = wide / 2
    parts = [
        box((x, 0.06, 0.1), (x + wide, 0.9, 0.4), cloth),
        box((x, 0.06, 0.4), (x + wide, 0.3, 0.84), cloth),
        box((x, 0.06, 0.1), (x + 0.18, 0.92, 0.6), cloth),
        box((x + wide - 0.18, 0.06, 0.1), (x + wide, 0.92, 0.6), cloth),
        box((x + 0.2, 0.28, 0.4), (x + half - 0.01, 0.94, 0.5), light),
        box((x + half + 0.01, 0.28, 0.4), (x + wide - 0.2, 0.94, 0.5), light),
    ]
    places = rng.uniform(x + 0.25, x + wide - 0.65, int(rng.integers(1, 4)))
    parts += [box((at, 0.3, 0.5), (at + 0.4, 0.44, 0.86), dye(rng)) for at in places]
    return Made(wide, parts)


def desk(rng: Rng, x: float) -> Made:
    """A desk with a screen, and a chair before it."""
    wide, wood = rng.uniform(1.2, 1.8), _wood(rng)
    black: Colour = (38, 40, 44)
    m = x + wide / 2
    parts = [box((x, 0.05, 0.71), (x + wide, 0.75, 0.745), wood)]
    parts += [box((a, b, 0), (a + 0.05, b + 0.05, 0.71), black)
              for a in (x + 0.03, x + wide - 0.08) for b in (0.08, 0.66)]  # fmt: skip
    parts += [
        box((m - 0.32, 0.2, 0.88), (m + 0.32, 0.23, 1.26), black),
        box((m - 0.04, 0.2, 0.745), (m + 0.04, 0.25, 0.9), black),
        box((m - 0.22, 0.42, 0.745), (m + 0.22, 0.56, 0.765), (80, 82, 86)),
        box((m - 0.23, 0.95, 0.44), (m + 0.23, 1.4, 0.5), dye(rng)),
        tube((m, 1.18, 0.08), (m, 1.18, 0.44), 0.03, black),
        box((m - 0.22, 1.36, 0.5), (m + 0.22, 1.4, 0.95), dye(rng)),
    ]
    return Made(wide, parts)


def cabinet(rng: Rng, x: float) -> Made:
    """A low cabinet with doors and a few things on it."""
    wide, high, deep = rng.uniform(0.8, 2.0), rng.uniform(0.5, 1.0), 0.45
    wood = _wood(rng) if rng.random() < 0.6 else (228, 226, 222)
    doors = max(int(wide / 0.5), 1)
    parts = [box((x, 0.02, 0.06), (x + wide, deep, high), wood)]
    for k in range(doors):
        a = x + k * wide / doors
        shade: Colour = tuple(int(c * 0.93) for c in wood)  # type: ignore[assignment]
        parts.append(box((a + 0.015, deep, 0.09), (a + wide / doors - 0.015, deep + 0.015,
                                                   high - 0.03), shade))  # fmt: skip
    for at in rng.uniform(x + 0.12, x + wide - 0.12, int(rng.integers(1, 4))):
        r = rng.uniform(0.04, 0.09)
        tall = rng.uniform(0.1, 0.35)
        parts.append(lathe((at, deep / 2, high), [(0, 0), (r, 0), (1.3 * r, 0.4 * tall),
                                                  (0.6 * r, 0.85 * tall), (0.7 * r, tall)],
                           dye(rng)))  # fmt: skip
    return Made(wide, parts)


def kitchen(rng: Rng, x: float) -> Made:
    """Counters, wall cupboards and a fridge."""
    wide, door = rng.uniform(2.0, 3.0), dye(rng, 120, 235)
    steel: Colour = (176, 178, 180)
    top: Colour = (70, 68, 66) if rng.random() < 0.5 else (200, 190, 176)
    parts = [box((x, 0.02, 0.08), (x + wide, 0.6, 0.88), door),
             box((x, 0.0, 0.88), (x + wide, 0.63, 0.92), top),
             box((x + wide + 0.03, 0.02, 0), (x + wide + 0.65, 0.66, 1.85), steel)]  # fmt: skip
    for k in range(int(wide / 0.5)):
        a = x + 0.5 * k
        parts += [box((a + 0.01, 0.6, 0.12), (a + 0.49, 0.615, 0.85), door),
                  box((a + 0.1, 0.615, 0.78), (a + 0.4, 0.63, 0.795), steel),
                  box((a + 0.01, 0.02, 1.45), (a + 0.49, 0.36, 2.1), door)]  # fmt: skip
    for at in rng.uniform(x + 0.2, x + wide - 0.2, 3):
        parts.append(lathe((at, 0.3, 0.92), [(0, 0), (0.06, 0), (0.07, 0.2), (0.04, 0.24)],
                           dye(rng)))  # fmt: skip
    return Made(wide + 0.68, parts)


def plant(rng: Rng, x: float) -> Made:
    """A plant in a pot."""
    at, out = x + 0.4, 0.45
    tall = rng.uniform(0.5, 1.2)
    parts = [lathe((at, out, 0), [(0, 0), (0.13, 0), (0.18, 0.3), (0.16, 0.3), (0, 0.27)],
                   dye(rng, 90, 220))]  # fmt: skip
    for k in range(34):
        turn, lean = k * 2.4, rng.uniform(0.15, 0.95)
        long, wide = tall * rng.uniform(0.5, 1.0), rng.uniform(0.03, 0.07)
        along = np.array([np.cos(turn), np.sin(turn), 0])
        side = np.array([-np.sin(turn), np.cos(turn), 0])
        s = np.linspace(0, 1, 6)[:, None]
        spine = np.array([at, out, 0.28]) + s * long * (
            np.sin(lean) * along + (np.cos(lean) - 0.4 * s * lean) * np.array([0, 0, 1.0])
        )
        half = wide * np.sin(np.pi * np.clip(s * 0.95 + 0.03, 0, 1)) * side
        j = np.arange(5)
        faces = np.concatenate([np.stack([j, j + 6, j + 7], -1), np.stack([j, j + 7, j + 1], -1)])
        green = (np.array([58, 104, 52]) * rng.uniform(0.6, 1.3)).astype(np.uint8)
        parts.append(Mesh(np.concatenate([spine - half, spine + half]), faces, None,
                          np.tile(green, (12, 1))))  # fmt: skip
    return Made(0.8, parts)


def lamp(rng: Rng, x: float) -> Made:
    """A standing lamp."""
    at, out, metal = x + 0.3, 0.35, (70, 68, 66)
    made = Made(0.6, [
        lathe((at, out, 0), [(0, 0), (0.15, 0), (0.15, 0.02), (0, 0.03)], metal),
        tube((at, out, 0.02), (at, out, 1.45), 0.012, metal),
    ])  # fmt: skip
    shade = lathe((at, out, 1.4), [(0.2, 0), (0.13, 0.3)], (250, 228, 190))
    made.shown.append(Drawable(shade, Material("lamp"), finish=Finish(glow=0.9)))
    return made


def door(rng: Rng, x: float) -> Made:
    """A door in its frame."""
    leaf = dye(rng, 130, 235) if rng.random() < 0.6 else _wood(rng)
    rim: Colour = (234, 232, 226)
    return Made(1.1, [
        box((x + 0.1, 0.0, 0), (x + 1.0, 0.04, 2.05), leaf),
        box((x, 0.0, 0), (x + 0.1, 0.06, 2.13), rim),
        box((x + 1.0, 0.0, 0), (x + 1.1, 0.06, 2.13), rim),
        box((x, 0.0, 2.05), (x + 1.1, 0.06, 2.13), rim),
        tube((x + 0.2, 0.04, 1.02), (x + 0.2, 0.11, 1.02), 0.025, (150, 150, 150)),
    ])  # fmt: skip


def window(rng: Rng, x: float) -> Made:
    """A window with daylight behind it, and curtains perhaps."""
    wide, low, high = rng.uniform(1.2, 2.6), rng.uniform(0.1, 0.95), rng.uniform(2.1, 2.5)
    rim: Colour = (238, 238, 234)
    made = Made(wide + 0.5)
    a, b = x + 0.25, x + 0.25 + wide
    view = np.linspace(0, 1, 64)[:, None, None] * np.ones((1, 48, 1))
    sky, ground = np.array([206, 224, 244.0]), np.array([150, 164, 140.0])
    edge = 0.55 + 0.12 * np.sin(np.arange(48) * rng.uniform(0.15, 0.5) + rng.uniform(0, 6))
    picture = np.where(view < edge[None, :, None], sky, ground).astype(np.uint8)
    glass = quad((b, 0.01, low), (a, 0.01, low), (a, 0.01, high), (b, 0.01, high))
    lit = Material("window", texture=picture)
    made.shown.append(Drawable(glass, lit, finish=Finish(glow=1.5), casts_shadow=False))
    bars = np.linspace(a, b, int(wide / 0.6) + 2)
    made.solids += [box((t - 0.025, 0, low), (t + 0.025, 0.05, high), rim) for t in bars]
    made.solids += [box((a, 0, z - 0.03), (b, 0.06, z + 0.03), rim) for z in (low, high)]
    if rng.random() < 0.6:
        cloth = dye(rng, 90, 225)
        made.solids += [
            curtain((t, 0.12, 0.05), (0.4, 0, 0), high + 0.05, cloth, 4, 0.035)
            for t in (x - 0.05, b - 0.1)
        ]
    return made


def pictures(rng: Rng, x: float) -> Made:
    """One to three framed pictures."""
    made, at = Made(0.0), x + 0.1
    for _ in range(int(rng.integers(1, 4))):
        wide, tall, z = rng.uniform(0.35, 0.9), rng.uniform(0.35, 0.9), rng.uniform(1.15, 1.4)
        frame = dye(rng, 20, 235)
        made.solids.append(box((at - 0.03, 0, z - 0.03), (at + wide + 0.03, 0.02, z + tall + 0.03),
                               frame))  # fmt: skip
        canvas = quad((at + wide, 0.025, z), (at, 0.025, z), (at, 0.025, z + tall),
                      (at + wide, 0.025, z + tall))  # fmt: skip
        ink = Material("painting", roughness=0.8, texture=painting(rng))
        made.shown.append(Drawable(canvas, ink, casts_shadow=False))
        at += wide + 0.15
    made.width = at - x
    return made


def bed(rng: Rng, x: float) -> Made:
    """A bed with its head at the wall."""
    wide, cover = rng.uniform(1.0, 1.8), dye(rng, 80, 225)
    return Made(wide, [
        box((x, 0.04, 0.0), (x + wide, 0.1, 1.0), _wood(rng)),
        box((x, 0.1, 0.1), (x + wide, 2.05, 0.35), _wood(rng)),
        box((x + 0.02, 0.1, 0.35), (x + wide - 0.02, 2.03, 0.52), (236, 234, 230)),
        box((x, 0.7, 0.36), (x + wide, 2.06, 0.56), cover),
        box((x + 0.1, 0.14, 0.52), (x + wide - 0.1, 0.5, 0.66), (244, 242, 238)),
    ])  # fmt: skip


ITEMS: dict[str, tuple[Callable[[Rng, float], Made], ...]] = {
    "living room": (shelf, sofa, cabinet, plant, lamp, window, window, pictures, door),
    "kitchen": (kitchen, window, door, plant, cabinet, pictures),
    "office": (desk, desk, shelf, window, window, door, plant, pictures),
    "bedroom": (bed, cabinet, window, lamp, shelf, door, pictures),
    "gallery": (pictures, pictures, door, window, plant),
    "studio": (window, window, door, lamp, cabinet),
}
"""What there is in rooms of each kind."""


def moved(mesh: Mesh, turn: np.ndarray, to_m: np.ndarray) -> Mesh:
    """A mesh turned and carried elsewhere."""
    return replace(mesh, vertices_m=mesh.vertices_m @ turn.T + to_m)


def one(solids: list[Mesh]) -> Drawable:
    """Coloured solids as one thing to draw."""
    return Drawable(merge(solids), Material("things", roughness=0.6), finish=Finish(specular=0.3))
