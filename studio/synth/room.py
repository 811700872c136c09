"""A small studio: wooden floor and rug, window, curtains, shelf, sofa, plant, desk, lamps."""

from __future__ import annotations

import cv2
import numpy as np

from studio.core.types import Material, Mesh
from studio.render.scene import Drawable, Finish, Lighting
from studio.synth.shapes import box, curtain, lathe, merge, panel, quad, tube

HALF_M, HEIGHT_M = 4.4, 3.1
ROOM = 90  # the number of the first room part in ``ids``


def planks(rng: np.random.Generator, size: int = 1024) -> np.ndarray:
    """A tile of floor boards (sRGB), eight boards wide."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    board = (x // (size // 8)).astype(int)
    tone = rng.uniform(0.86, 1.08, (8, 4))
    joint = rng.uniform(0, size, 8)
    part = (((y + joint[board]) // (size / 2)).astype(int)) % 4
    streaks = cv2.resize(rng.standard_normal((12, size)).astype(np.float32), (size, size))
    fine = cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), 1.2)
    shade = tone[board, part] * (1 + 0.035 * streaks + 0.08 * fine)
    gap = np.minimum(x % (size // 8), (size // 8) - x % (size // 8))
    cross = np.abs((y + joint[board]) % (size / 2))
    shade = shade * np.where((gap < 1.5) | (cross < 2.5), 0.55, 1.0)
    return np.clip(shade[..., None] * [150, 118, 88], 0, 255).astype(np.uint8)


def carpet(rng: np.random.Generator, size: int = 768) -> np.ndarray:
    """A woven rug (sRGB): border, lozenges, irregular wool."""
    v, u = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    edge = np.maximum(np.abs(u), np.abs(v))
    ring = np.abs((np.abs(u * 3) % 1) - 0.5) + np.abs((np.abs(v * 3) % 1) - 0.5)
    base, dark, light = np.array([112, 118, 126]), np.array([70, 78, 92]), np.array([178, 168, 150])
    colour = np.where((ring < 0.28)[..., None], light, base.astype(float))
    colour = np.where((np.abs(ring - 0.42) < 0.04)[..., None], dark, colour)
    colour = np.where((edge > 0.88)[..., None], dark, colour)
    colour = np.where((np.abs(edge - 0.93) < 0.015)[..., None], light, colour)
    wool = cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), 0.8)
    return np.clip(colour * (1 + 0.16 * wool[..., None]), 0, 255).astype(np.uint8)


def painting(rng: np.random.Generator, size: int = 192) -> np.ndarray:
    """An abstract picture for a wall: blurred discs and stripes."""
    canvas = np.full((size, size, 3), rng.integers(170, 235, 3), np.uint8)
    for _ in range(7):
        colour = tuple(int(c) for c in (0.6 * rng.integers(40, 230, 3) + 55))
        centre = tuple(int(c) for c in rng.integers(0, size, 2))
        cv2.circle(canvas, centre, int(rng.integers(10, size // 3)), colour, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(canvas, (0, 0), 1.2)


def _shelf(rng: np.random.Generator) -> list[Mesh]:
    """A book shelf against the far wall."""
    wood, y0, y1 = (122, 92, 66), HALF_M - 0.36, HALF_M - 0.02
    x0, x1 = -3.6, -1.9
    parts = [box((x0, y0, z), (x1, y1, z + 0.03), wood) for z in (0.06, 0.46, 0.86, 1.26, 1.66)]
    parts += [box((x, y0, 0), (x + 0.03, y1, 1.95), wood) for x in (x0, x1 - 0.03)]
    for z in (0.09, 0.49, 0.89, 1.29):
        x = x0 + 0.06
        while x < x1 - 0.12:
            wide, high = rng.uniform(0.02, 0.055), rng.uniform(0.18, 0.31)
            if rng.random() < 0.85:
                dye = 0.55 * rng.integers(45, 200, 3) + 0.45 * rng.integers(60, 170)
                red, green, blue = (int(c) for c in dye)
                low, top = (x, y0 + 0.05, z), (x + wide, y1 - 0.06, z + high)
                parts.append(box(low, top, (red, green, blue)))
            x += wide + 0.004
    parts.append(lathe((x0 + 0.4, y0 + 0.16, 1.69), [(0, 0), (0.07, 0), (0.1, 0.12), (0.05, 0.24),
                                                     (0.06, 0.28)], (66, 108, 122)))  # fmt: skip
    return parts


def _sofa() -> list[Mesh]:
    grey, y = (104, 112, 104), HALF_M - 1.0
    return [
        box((-0.9, y, 0.12), (1.1, HALF_M - 0.1, 0.42), grey),
        box((-0.9, HALF_M - 0.35, 0.42), (1.1, HALF_M - 0.1, 0.85), grey),
        box((-1.1, y, 0.1), (-0.9, HALF_M - 0.1, 0.62), grey),
        box((1.1, y, 0.1), (1.3, HALF_M - 0.1, 0.62), grey),
        box((-0.88, y - 0.02, 0.42), (0.09, HALF_M - 0.35, 0.52), (118, 126, 116)),
        box((0.11, y - 0.02, 0.42), (1.08, HALF_M - 0.35, 0.52), (118, 126, 116)),
        box((-0.8, HALF_M - 0.5, 0.52), (-0.4, HALF_M - 0.36, 0.88), (196, 142, 74)),
        box((0.6, HALF_M - 0.5, 0.52), (1.0, HALF_M - 0.36, 0.88), (70, 92, 120)),
    ]


def _plant(rng: np.random.Generator, x: float, y: float) -> list[Mesh]:
    parts = [
        lathe((x, y, 0), [(0, 0), (0.14, 0), (0.19, 0.34), (0.17, 0.34), (0.16, 0.3), (0, 0.3)],
              (196, 188, 176)),
    ]  # fmt: skip
    for k in range(26):
        turn, lean = k * 2.4, rng.uniform(0.25, 0.9)
        long, wide = rng.uniform(0.45, 0.95), rng.uniform(0.04, 0.075)
        out = np.array([np.cos(turn), np.sin(turn), 0])
        side = np.array([-np.sin(turn), np.cos(turn), 0])
        s = np.linspace(0, 1, 7)
        spine = (
            np.array([x, y, 0.3])
            + (s * long * np.sin(lean))[:, None] * out
            + (s * long * np.cos(lean) - 0.35 * s**2 * long * lean)[:, None] * [0, 0, 1.0]
        )
        half = (wide * np.sin(np.pi * np.clip(s * 0.95 + 0.03, 0, 1)))[:, None] * side
        vertices = np.concatenate([spine - half, spine + half])
        j = np.arange(6)
        faces = np.concatenate([np.stack([j, j + 7, j + 8], -1), np.stack([j, j + 8, j + 1], -1)])
        green = np.array([52, 98, 56]) * rng.uniform(0.75, 1.2)
        colours = np.tile(green.astype(np.uint8), (14, 1))
        parts.append(Mesh(vertices, faces, None, colours))
    return parts


def _desk() -> list[Mesh]:
    """A desk with a screen and a chair before the near wall."""
    y = -HALF_M + 0.1
    wood, black, white = (168, 134, 100), (42, 44, 48), (212, 212, 208)
    parts = [box((0.6, y, 0.71), (2.3, y + 0.75, 0.745), wood)]
    parts += [
        box((a, b, 0), (a + 0.05, b + 0.05, 0.71), white)
        for a in (0.65, 2.2) for b in (y + 0.05, y + 0.65)
    ]  # fmt: skip
    parts += [
        box((1.1, y + 0.15, 0.86), (1.8, y + 0.18, 1.26), black),
        box((1.42, y + 0.16, 0.745), (1.48, y + 0.2, 0.9), black),
        box((1.15, y + 0.4, 0.745), (1.6, y + 0.54, 0.765), (80, 82, 86)),
        lathe((2.05, y + 0.4, 0.745), [(0, 0), (0.04, 0), (0.045, 0.1), (0, 0.1)], (190, 80, 60)),
        box((1.15, y + 0.95, 0.44), (1.6, y + 1.4, 0.5), (58, 74, 96)),
        box((1.15, y + 1.36, 0.5), (1.6, y + 1.4, 0.95), (58, 74, 96)),
        tube((1.375, y + 1.18, 0.08), (1.375, y + 1.18, 0.44), 0.03, black),
        box((-2.6, -HALF_M + 0.01, 0), (-1.7, -HALF_M + 0.06, 2.1), (186, 180, 168)),
        box((-2.68, -HALF_M + 0.01, 0), (-2.6, -HALF_M + 0.08, 2.18), (232, 230, 224)),
        box((-1.7, -HALF_M + 0.01, 0), (-1.62, -HALF_M + 0.08, 2.18), (232, 230, 224)),
        box((-2.68, -HALF_M + 0.01, 2.1), (-1.62, -HALF_M + 0.08, 2.18), (232, 230, 224)),
        tube((-1.84, -HALF_M + 0.06, 1.02), (-1.84, -HALF_M + 0.14, 1.02), 0.025, (150, 150, 150)),
    ]
    return parts


def _lamp(x: float, y: float) -> list[Mesh]:
    metal = (70, 68, 66)
    return [
        lathe((x, y, 0), [(0, 0), (0.15, 0), (0.15, 0.02), (0, 0.03)], metal),
        tube((x, y, 0.02), (x, y, 1.45), 0.012, metal),
    ]


def studio_room(seed: int = 7) -> tuple[Drawable, ...]:
    """The room: a floor 8.8 m square whose middle is free, with its things along the walls."""
    rng = np.random.default_rng(seed)
    h, top = HALF_M, HEIGHT_M
    wall = (206, 202, 192)
    plain = Material("wall", (1.0, 1.0, 1.0, 1.0), roughness=0.95)
    dull = Finish(specular=0.2, grain=0.025, grain_m=(0.35, 0.35, 0.35))
    walls = merge(
        [
            panel((-h, h, 0), (2 * h, 0, 0), (0, 0, top), 24, wall),
            panel((h, -h, 0), (-2 * h, 0, 0), (0, 0, top), 24, (190, 198, 196)),
            panel((h, h, 0), (0, -2 * h, 0), (0, 0, top), 24, wall),
            panel((-h, -h, 0), (0, 2 * h, 0), (0, 0, top), 24, (176, 188, 184)),
        ]
    )
    ceiling = panel((-h, -h, top), (2 * h, 0, 0), (0, 2 * h, 0), 24, (226, 224, 218))
    skirting = [
        box((-h, h - 0.02, 0), (h, h, 0.11), (236, 234, 228)),
        box((-h, -h, 0), (h, -h + 0.02, 0.11), (236, 234, 228)),
        box((h - 0.02, -h, 0), (h, h, 0.11), (236, 234, 228)),
        box((-h, -h, 0), (-h + 0.02, h, 0.11), (236, 234, 228)),
    ]
    frame = (238, 238, 234)
    x = h - 0.05
    window = [box((x, a, 0.9), (h, a + 0.06, 2.5), frame) for a in (-1.6, -0.55, 0.5)]
    window += [box((x, -1.6, z), (h, 0.56, z + 0.06), frame) for z in (0.9, 1.7, 2.44)]
    window.append(box((h - 0.18, -1.7, 0.84), (h, 0.66, 0.9), frame))
    cloth = [
        curtain((h - 0.16, -2.25, 0.05), (0, 0.7, 0), 2.75, (188, 172, 150), 5, 0.035),
        curtain((h - 0.16, 0.55, 0.05), (0, 0.7, 0), 2.75, (188, 172, 150), 5, 0.035),
    ]
    things = [
        *skirting, *window, *_shelf(rng), *_sofa(), *_desk(), *_lamp(2.6, 3.5),
        box((-h + 0.02, -0.6, 0.1), (-h + 0.12, 0.9, 0.75), (232, 232, 228)),
    ]  # fmt: skip
    things += [
        box((-h + 0.12, a, 0.14), (-h + 0.14, a + 0.05, 0.71), (214, 214, 210))
        for a in np.arange(-0.55, 0.85, 0.12)
    ]
    leaves = [*_plant(rng, 3.6, 2.2), *_plant(rng, -3.5, -3.3)]
    glass = quad((h - 0.01, 0.55, 0.92), (h - 0.01, -1.6, 0.92), (h - 0.01, -1.6, 2.48),
                 (h - 0.01, 0.55, 2.48), (214, 230, 244))  # fmt: skip
    shade = lathe((2.6, 3.5, 1.4), [(0.2, 0), (0.13, 0.3)], (250, 228, 190))
    floor = panel((-h, -h, 0), (2 * h, 0, 0), (0, 2 * h, 0), 24, (255, 255, 255), repeat=1.1)
    rug = panel(
        (-1.4, -1.4, 0.004), (2.8, 0, 0), (0, 2.8, 0), 44, (255, 255, 255), 2.8, edge_shade=0.0
    )
    parts = [
        Drawable(walls, plain, ROOM, dull, casts_shadow=False),
        Drawable(ceiling, plain, ROOM, Finish(specular=0.0, glow=0.42), casts_shadow=False),
        Drawable(
            floor, Material("floor", roughness=0.45, texture=planks(rng)), ROOM + 1,
            Finish(specular=0.35), casts_shadow=False,
        ),
        Drawable(
            rug, Material("rug", roughness=1.0, texture=carpet(rng)), ROOM + 2,
            Finish(specular=0.05, grain=0.12, bump_m=0.002, grain_m=(0.012, 0.012, 0.012)),
            casts_shadow=False,
        ),
        Drawable(merge(things), Material("things", roughness=0.6), ROOM + 3, Finish(specular=0.3)),
        Drawable(
            merge(cloth), Material("curtain", roughness=1.0), ROOM + 4,
            Finish(sheen=0.4, specular=0.05, grain=0.06, grain_m=(0.01, 0.01, 0.05)),
        ),
        Drawable(
            merge(leaves), Material("plant", roughness=0.5), ROOM + 5, Finish((0.3, 0.4, 0.1))
        ),
        Drawable(glass, Material("window"), ROOM + 6, Finish(glow=1.6), casts_shadow=False),
        Drawable(shade, Material("lamp"), ROOM + 7, Finish(glow=0.9), casts_shadow=False),
    ]  # fmt: skip
    for k, (a, z, wide, high) in enumerate(((0.1, 1.25, 0.7, 0.9), (-1.2, 1.35, 0.5, 0.5),
                                            (1.7, 1.3, 0.55, 0.75))):  # fmt: skip
        canvas = quad((a, h - 0.015, z), (a + wide, h - 0.015, z), (a + wide, h - 0.015, z + high),
                      (a, h - 0.015, z + high))  # fmt: skip
        ink = Material("painting", roughness=0.8, texture=painting(rng))
        parts.append(Drawable(canvas, ink, ROOM + 8 + k, casts_shadow=False))
    for k, (b, z, side) in enumerate(((1.6, 1.3, 0.8), (-2.4, 1.25, 0.7))):
        x = -h + 0.015
        canvas = quad((x, b, z), (x, b + side, z), (x, b + side, z + side), (x, b, z + side))
        ink = Material("painting", roughness=0.8, texture=painting(rng))
        parts.append(Drawable(canvas, ink, ROOM + 11 + k, casts_shadow=False))
    return tuple(parts)


def studio_light(exposure: float = 1.0) -> Lighting:
    """Daylight from the window side, and a dome of soft light from ceiling and walls."""
    ring = np.arange(4) * np.pi / 2 + 0.6
    dome = np.stack([0.85 * np.cos(ring), 0.85 * np.sin(ring), np.tile([0.45, 0.7], 2)], axis=-1)
    towards = np.concatenate([[[0.75, -0.62, 0.75]], dome, [[0.05, 0.1, 1.0]]])
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    radiance = np.array([[1.05, 1.0, 0.92], *[[0.27, 0.28, 0.295]] * 4, [0.22, 0.21, 0.2]])
    soft = np.array([0.06, *[0.3] * 4, 0.3])
    return Lighting(
        towards, radiance, soft, fill=(0.1, 0.1, 0.105), centre_m=(0, 0, 1.0), radius_m=1.6,
        exposure=exposure,
    )  # fmt: skip
