"""Skins: diffuse pictures of people of many tones and ages, and the relief that they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from studio.render.scene import vertex_normals
from studio.synth.atlas import skin_atlas
from studio.synth.figure import Figure, make_figure
from studio.synth.solids import unit

from .face import EYES, LIPS, LIPS_INNER, PX_M, TOP_M, canvas, filled, outline, place

Colour = tuple[float, float, float]
FACE_Z_M = 0.575


@dataclass(frozen=True)
class Complexion:
    """One person's skin: colours are sRGB 0 to 1, the rest are shares 0 to 1."""

    tone: Colour
    lips: Colour
    blush: float = 0.5
    freckles: float = 0.0
    stubble: float = 0.0
    hair: Colour = (0.16, 0.12, 0.10)
    age: float = 0.0
    seed: int = 1


COMPLEXIONS: dict[str, Complexion] = {
    "woman_porcelain": Complexion((0.900, 0.745, 0.665), (0.745, 0.425, 0.405), 0.75, 0.15, seed=1),
    "woman_freckled": Complexion((0.880, 0.705, 0.610), (0.740, 0.430, 0.395), 0.8, 1.0, seed=2),
    "woman_golden": Complexion((0.815, 0.625, 0.505), (0.685, 0.385, 0.350), 0.5, 0.1, seed=3),
    "woman_amber": Complexion((0.665, 0.475, 0.360), (0.560, 0.300, 0.270), 0.4, 0.1, seed=4),
    "woman_umber": Complexion((0.450, 0.300, 0.225), (0.410, 0.205, 0.190), 0.3, seed=5),
    "woman_ebony": Complexion((0.300, 0.200, 0.155), (0.300, 0.150, 0.145), 0.2, seed=6),
    "woman_mature": Complexion((0.850, 0.685, 0.600), (0.660, 0.400, 0.375), 0.6, 0.3, age=0.85,
                               seed=7),
    "man_fair": Complexion((0.855, 0.675, 0.585), (0.690, 0.445, 0.405), 0.75, 0.2, 0.35,
                           (0.36, 0.26, 0.19), 0.15, seed=8),
    "man_tanned": Complexion((0.745, 0.555, 0.445), (0.610, 0.375, 0.330), 0.5, 0.1, 0.75, age=0.2,
                             seed=9),
    "man_olive": Complexion((0.690, 0.515, 0.400), (0.560, 0.345, 0.305), 0.35, 0.0, 0.25,
                            age=0.1, seed=10),
    "man_umber": Complexion((0.430, 0.290, 0.220), (0.380, 0.210, 0.190), 0.3, 0.0, 0.45, seed=11),
    "man_ebony": Complexion((0.275, 0.185, 0.145), (0.270, 0.150, 0.140), 0.2, 0.0, 0.3, seed=12),
    "man_elder": Complexion((0.820, 0.645, 0.555), (0.625, 0.410, 0.380), 0.7, 0.35, 0.3,
                            (0.62, 0.60, 0.58), 1.0, seed=13),
}  # fmt: skip


@lru_cache(maxsize=4)
def _noise(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    grid = np.random.default_rng(seed).standard_normal((64, 64, 64)).astype(np.float32)
    return grid, skin_atlas(size).xyz_m.astype(np.float32)


@lru_cache(maxsize=40)
def cloud(seed: int, scale_m: float, size: int) -> np.ndarray:
    """Smooth noise of unit size on the atlas, without seams."""
    grid, xyz = _noise(seed, size)
    at = (xyz / scale_m).reshape(-1, 3).T
    found = map_coordinates(grid, at, order=1, mode="grid-wrap", output=np.float32)
    return found.reshape(size, size)


@cache
def outward(size: int) -> np.ndarray:
    """The skin's normals on the atlas (size, size, 3), from the bends of its places."""
    figure = make_figure()
    faces, uv = figure.surface.faces["skin"], figure.surface.uv["skin"]
    normals = vertex_normals(figure.template_m, faces)
    at = np.stack([uv[..., 0] * size, (1 - uv[..., 1]) * size], axis=-1)
    out = np.zeros((size, size, 3), np.float32)
    for corners, turned in zip(np.rint(at).astype(np.int32), normals[faces], strict=True):
        cv2.fillConvexPoly(out, corners, tuple(float(v) for v in unit(turned.mean(axis=0))))
    return cv2.GaussianBlur(out, (0, 0), size / 400)


class Ground:
    """Places on the atlas and masks of them, which all skins share."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.p = skin_atlas(size).xyz_m.astype(np.float32)
        p = self.p
        self.front = ((p[..., 2] > FACE_Z_M) & (p[..., 1] < -0.055)).astype(np.float32)
        self.face = (p[..., 2] > FACE_Z_M).astype(np.float32)
        self._where = place(p)

    def seen(self, mask: np.ndarray) -> np.ndarray:
        """A mask on the front canvas, carried onto the face."""
        rows, columns = (plane.astype(np.float32) for plane in self._where)
        return cv2.remap(mask, columns, rows, cv2.INTER_LINEAR) * self.front

    def blob(self, x: float, y: float, z: float, radius: float | Colour) -> np.ndarray:
        """A soft spot on both sides of the body."""
        wide = np.broadcast_to(np.asarray(radius, np.float32), 3)
        p = self.p
        away = ((np.abs(p[..., 0]) - np.float32(x)) / wide[0]) ** 2
        away += ((p[..., 1] - np.float32(y)) / wide[1]) ** 2
        away += ((p[..., 2] - np.float32(z)) / wide[2]) ** 2
        return np.exp(-away)


@lru_cache(maxsize=2)
def ground(size: int) -> Ground:
    """The :class:`Ground` of that size."""
    return Ground(size)


@lru_cache(maxsize=2)
def masks(size: int) -> dict[str, np.ndarray]:
    """The features of face and body, each 0 to 1 on the atlas."""
    g = ground(size)
    face = g.face
    eyes = [outline(eye) for eye in EYES]
    lips, inner = [outline(LIPS)], [outline(LIPS_INNER)]
    lines = _wrinkles()
    joints = np.zeros_like(face)
    for x0, y0, z0, r in _joints():
        joints += g.blob(x0, y0, z0, r)
    nail = nails(g)
    x, z = np.abs(g.p[..., 0]), g.p[..., 2]
    out = outward(size)
    wrist = abs(float(make_figure().head("wrist.L")[0]))
    palm = _ramp(x, wrist, wrist + 0.03) * _ramp(-out[..., 2], 0.1, 0.6)
    sole = _ramp(-0.76 - z, 0.0, 0.03) * _ramp(-out[..., 2], 0.3, 0.8)
    row, column = np.mgrid[:size, :size] / size
    mouth = (z > 0.57) & (column > 0.75) & (column < 0.93) & (row > 0.85)
    return {
        "cheek": g.blob(0.043, -0.125, 0.664, (0.022, 0.03, 0.018)) * face,
        "nose": g.blob(0.0, -0.165, 0.662, (0.016, 0.02, 0.014)) * face,
        "ear": g.blob(0.083, -0.03, 0.685, (0.018, 0.03, 0.032)) * face,
        "chin": g.blob(0.0, -0.14, 0.595, (0.02, 0.02, 0.014)) * face,
        "brow": g.blob(0, -0.155, 0.755, (0.05, 0.03, 0.03)) * face,
        "neck": _ramp(0.62 - z, 0.0, 0.06) * _ramp(z, 0.35, 0.5),
        "joints": np.clip(joints, 0, 1),
        "socket": g.seen(filled(eyes, 20.0, 16)),
        "below": g.blob(0.028, -0.14, 0.6835, (0.013, 0.02, 0.0045)) * face,
        "lid": g.seen(filled(eyes, 3.0, 7)) * (1 - g.seen(filled(eyes, 2.0, -2))),
        "rim": g.seen(filled(eyes, 1.5, 1)) * (1 - g.seen(filled(eyes, 1.5, -5))),
        "lips": g.seen(filled(lips, 3.5, -1)),
        "seam": g.seen(filled(inner, 4.0, 3)),
        "nostril": g.blob(0.0085, -0.150, 0.6545, (0.0042, 0.007, 0.003)) * face,
        "freckled": np.clip(
            0.4 + 0.9 * g.blob(0.03, -0.14, 0.675, (0.035, 0.05, 0.03)) * face, 0, 1
        ),
        "beard": beard(g),
        "wrinkles": g.seen(cv2.GaussianBlur(lines, (0, 0), 2.2)),
        "lifted": g.seen(np.roll(cv2.GaussianBlur(lines, (0, 0), 3.5), 6, axis=0)),
        "nails": nail,
        "pale": np.maximum(palm, sole) * (1 - nail),
        "mouth": mouth.astype(np.float32),
        "low": _ramp(z, 0.63, 0.615),
    }


class Painter:
    """Colours laid over each other on the atlas."""

    def __init__(self, tone: Colour, size: int) -> None:
        self.planes = [np.full((size, size), value, np.float32) for value in tone]

    def blend(self, share: np.ndarray, into: Colour | np.ndarray) -> None:
        """Lay ``into`` over what is there, ``share`` 0 to 1."""
        for plane, value in zip(self.planes, np.asarray(into, np.float32), strict=True):
            plane += share * (value - plane)

    def tint(self, share: np.ndarray, factor: Colour) -> None:
        """Multiply by ``factor`` where ``share`` is 1."""
        for plane, value in zip(self.planes, factor, strict=True):
            plane *= 1 + share * np.float32(value - 1)

    def picture(self) -> np.ndarray:
        """What was painted, uint8 sRGB."""
        return np.clip(255 * np.dstack(self.planes) + 0.5, 0, 255).astype(np.uint8)


def _ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def beard(painter: Ground) -> np.ndarray:
    """Where a beard grows: jaw, chin, upper lip, 0 to 1."""
    p = painter.p
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    cheek = np.interp(y, [-0.16, -0.13, -0.10, -0.07, -0.05], [0.650, 0.636, 0.640, 0.66, 0.69])
    jaw = _ramp(cheek - z, -0.006, 0.012) * _ramp(-y, 0.045, 0.062) * _ramp(z, 0.578, 0.598)
    lip = np.exp(-(((z - 0.6505) / 0.006) ** 2)) * _ramp(0.030 - x, 0, 0.008) * (y < -0.12)
    lips = painter.seen(filled([outline(LIPS)], 3.0, 2))
    return np.clip(np.maximum(jaw, lip) * (1 - lips), 0, 1)


def _wrinkles() -> np.ndarray:
    """Forehead lines, crow's feet, folds beside the mouth, bags under the eyes; front canvas."""
    lines = canvas()
    rng = np.random.default_rng(5)

    def stroke(points: np.ndarray, wide: int, strength: float) -> None:
        layer = canvas()
        at = np.rint(16 * points).astype(np.int32)
        cv2.polylines(layer, [at], False, strength, wide, cv2.LINE_AA, 4)
        np.maximum(lines, layer, out=lines)

    def px(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.stack([(x + 0.1) / PX_M, (TOP_M - z) / PX_M], axis=-1)

    s = np.linspace(-1, 1, 40)
    for k, z in enumerate((0.732, 0.741, 0.750)):
        stroke(px(0.042 * s, z - 0.005 * s**2 + 0.0012 * np.sin(5 * s + k)), 3, 0.6)
    for side in (-1, 1):
        corner = outline(EYES[0 if side < 0 else 1])[0] * PX_M + [-0.1, 0]
        x0, z0 = corner[0], TOP_M - corner[1]
        for angle in (-42, -22, -4, 14, 32):
            a = np.radians(angle + rng.uniform(-4, 4))
            r = np.linspace(0.005, 0.016, 8)
            stroke(px(x0 + side * r * np.cos(a), z0 + r * np.sin(a) - 4 * (r - 0.005) ** 2), 2, 0.5)
        t = np.linspace(0, 1, 20)
        stroke(
            px(side * (0.018 + 0.016 * t), 0.668 - 0.036 * t - 0.006 * np.sin(np.pi * t)), 6, 0.55
        )
        stroke(px(side * (0.016 + 0.028 * t), 0.6815 - 0.006 * np.sin(np.pi * t)), 4, 0.5)
        stroke(px(side * (0.006 + 0 * t), 0.708 + 0.012 * t), 3, 0.5)
    return lines


def nails(painter: Ground) -> np.ndarray:
    """The nails of fingers and toes, 0 to 1."""
    figure = make_figure()
    template = figure.template_m
    out = outward(painter.size)
    share = np.zeros(painter.p.shape[:2], np.float32)
    p = painter.p
    tips = {"L": (9348, 8595, 8787, 8982, 9171), "R": (2680, 1927, 2119, 2314, 2503)}
    for side, ids in tips.items():
        for finger, tip in enumerate(ids, 1):
            end = template[tip]
            base = figure.head(f"finger{finger}-3.{side}")
            way = (end - base) / np.linalg.norm(end - base)
            at = np.abs(p[..., 0] - np.float32(end[0])) < 0.02
            local = p[at] - end
            along = -(local @ way)
            across = np.linalg.norm(local + along[..., None] * way, axis=-1)
            near = (along > -0.004) & (along < 0.0125) & (across < 0.02)
            facing = out[at] @ _finger_back(figure, finger, side).astype(np.float32)
            nail = near * _ramp(facing, 0.45, 0.7) * _ramp(0.0125 - along, 0.0, 0.002)
            share[at] = np.maximum(share[at], nail)
    return share


def _finger_back(figure: Figure, finger: int, side: str) -> np.ndarray:
    """Which way a finger's back faces, at rest."""
    a, b, c = (figure.head(f"finger{finger}-{part}.{side}") for part in (1, 2, 3))
    across = np.cross(b - a, c - b)
    across = across / max(float(np.linalg.norm(across)), 1e-9)
    up = np.cross(c - a, across)
    up = up / np.linalg.norm(up)
    return up if up[2] > 0 or finger == 1 else -up


def diffuse(skin: Complexion, size: int = 2048) -> np.ndarray:
    """A skin's sRGB picture (size, size, 3)."""
    paint, m = Painter(skin.tone, size), masks(size)
    tone = np.array(skin.tone)
    light = float(tone.mean()) > 0.45
    red: Colour = (1.0, 0.80, 0.78) if light else (1.0, 0.86, 0.84)
    paint.tint(np.clip(0.5 + 0.3 * cloud(1, 0.028, size), 0, 1), (0.97, 0.935, 0.93))
    paint.tint(np.clip(0.5 + 0.35 * cloud(2, 0.007, size), 0, 1), (0.97, 0.945, 0.94))
    paint.tint(np.clip(0.5 + 0.45 * cloud(3, 0.0022, size), 0, 1), (0.96, 0.935, 0.93))
    paint.tint(np.clip(0.3 + 0.6 * cloud(4, 0.0009, size), 0, 1), (0.95, 0.93, 0.925))
    for name, share in (("cheek", 1.0), ("nose", 0.8), ("ear", 0.75), ("chin", 0.5)):
        paint.tint(share * skin.blush * m[name], red)
    paint.tint(0.5 * m["brow"], (1.02, 1.005, 0.95))
    paint.tint(0.6 * m["neck"], (0.98, 0.955, 0.945))
    paint.tint(0.6 * m["joints"], red if light else (0.82, 0.80, 0.80))
    paint.tint(0.55 * m["socket"], (0.93, 0.84, 0.84) if light else (0.86, 0.84, 0.86))
    paint.tint((0.45 + 0.4 * skin.age) * m["below"], (0.90, 0.82, 0.86))
    paint.tint(0.5 * m["lid"], (0.86, 0.74, 0.73))
    paint.blend(0.35 * m["rim"], tone * [0.80, 0.58, 0.55])
    paint.blend(0.86 * m["lips"], skin.lips)
    grain = np.clip(0.5 + 0.5 * cloud(5, 0.0011, size), 0, 1)
    paint.tint(m["lips"] * grain, (0.88, 0.86, 0.86))
    paint.tint(m["lips"] * m["low"], (1.06, 1.06, 1.06))
    paint.tint(0.7 * m["seam"], (0.72, 0.55, 0.55))
    paint.tint(0.75 * m["nostril"], (0.45, 0.32, 0.30))
    if skin.freckles > 0:
        dots = cloud(6, 0.0022, size) + 0.35 * cloud(7, 0.012, size)
        spots = _ramp(dots, 0.85, 1.35) * m["freckled"] * skin.freckles
        paint.tint(np.clip(0.8 * spots, 0, 1), (0.80, 0.66, 0.55))
    moles = _ramp(cloud(100 + skin.seed % 4, 0.006, size), 2.75, 2.95)
    paint.tint(0.75 * moles, (0.55, 0.42, 0.36))
    if skin.stubble > 0:
        _shaven(paint, skin, size)
    if skin.age > 0:
        _aged(paint, skin, size)
    _hands_and_feet(paint, skin, size)
    paint.blend(m["mouth"], (0.42, 0.18, 0.17))
    return paint.picture()


def _shaven(paint: Painter, skin: Complexion, size: int) -> None:
    where = skin.stubble * masks(size)["beard"]
    paint.tint(0.75 * where, (0.83, 0.84, 0.87))
    hairs = _ramp(cloud(8, 0.00062, size) + 0.4 * cloud(9, 0.004, size), -0.3, 0.9)
    paint.blend(np.clip(0.5 * where * hairs, 0, 0.85), skin.hair)


def _aged(paint: Painter, skin: Complexion, size: int) -> None:
    m = masks(size)
    paint.tint(
        np.clip(skin.age * m["wrinkles"] * (0.75 + 0.3 * cloud(13, 0.009, size)), 0, 1),
        (0.78, 0.66, 0.63),
    )
    paint.tint(np.clip(0.5 * skin.age * m["lifted"], 0, 1), (1.05, 1.05, 1.05))
    spots = _ramp(cloud(10, 0.0055, size), 1.2, 1.7) * _ramp(cloud(11, 0.05, size), -0.5, 1)
    paint.tint(np.clip(0.5 * skin.age * spots, 0, 1), (0.84, 0.73, 0.64))
    ruddy = np.clip(0.5 + 0.5 * cloud(12, 0.011, size), 0, 1) * ground(size).face
    paint.tint(0.35 * skin.age * ruddy, (1.0, 0.92, 0.91))


def _joints() -> list[tuple[float, float, float, float]]:
    """Places where skin is redder or darker, seen on the left: knuckles, elbows, knees."""
    figure = make_figure()
    spots: list[tuple[float, float, float, float]] = []
    for finger in range(1, 6):
        for part in (1, 2, 3):
            if finger == 1 and part == 1:
                continue
            a, b, c = figure.head(f"finger{finger}-{part}.L")
            spots.append((float(a), float(b), float(c), 0.010))
    for bone, back, radius in (("lowerarm01", 0.04, 0.035), ("lowerleg01", -0.05, 0.05)):
        a, b, c = figure.head(f"{bone}.L")
        spots.append((float(a), float(b + back), float(c), radius))
    return spots


def _hands_and_feet(paint: Painter, skin: Complexion, size: int) -> None:
    m, tone = masks(size), np.array(skin.tone)
    pale = np.clip(tone * 0.55 + np.array([0.93, 0.72, 0.68]) * 0.45, 0, 1)
    paint.blend(0.75 * m["nails"], pale)
    lighter = tone * 0.5 + np.array([0.80, 0.58, 0.50]) * 0.5
    paint.blend((0.25 if tone.mean() > 0.6 else 0.75) * m["pale"], lighter)


def relief(size: int = 2048) -> tuple[np.ndarray, np.ndarray]:
    """The normal map and the roughness that all skins share, uint8 (size, size, 3) each.

    Normals are tangent-space, +Y towards the top of the picture.
    """
    g, m = ground(size), masks(size)
    p, face, lips = g.p, _ramp(g.p[..., 2], 0.57, 0.6), m["lips"]
    pores = np.clip(cloud(21, 0.0011, size), -1.6, 1.6)
    fine = np.clip(cloud(4, 0.0009, size), -1.6, 1.6)
    cells = np.clip(cloud(3, 0.0022, size), -1.6, 1.6)
    across = np.sin(p[..., 0] / 0.00075 + 1.2 * cloud(24, 0.004, size))
    deep = 0.00017 * (0.55 + 0.7 * m["nose"] + 0.5 * m["cheek"]) * (1 - lips)
    height = deep * (0.7 * pores + 0.4 * fine + 0.55 * cells)
    height = (height + lips * 0.00022 * across) * (0.6 + 0.4 * face)
    normal = _normals(height, p, size)
    tip = g.blob(0.0, -0.16, 0.672, (0.014, 0.04, 0.03))
    brow = g.blob(0.0, -0.15, 0.75, (0.045, 0.04, 0.022))
    chin = g.blob(0.0, -0.15, 0.60, (0.016, 0.03, 0.014))
    rough = 0.56 - (0.14 * tip + 0.10 * brow + 0.06 * chin) * face - 0.20 * lips
    rough += 0.05 * np.clip(pores, -1, 1) - 0.20 * m["nails"] - 0.12 * m["lid"]
    grey = np.clip(255 * rough, 0, 255).astype(np.uint8)
    return normal, np.repeat(grey[..., None], 3, axis=-1)


def _normals(height: np.ndarray, p: np.ndarray, size: int) -> np.ndarray:
    """Tangent-space normals of a relief (metres) on the atlas."""
    down, right = np.gradient(height)
    steps = [np.linalg.norm(np.gradient(p, axis=axis), axis=-1) for axis in (0, 1)]
    least = 0.4 * float(np.median(steps[1]))
    slope_y = np.clip(down / np.maximum(steps[0], least), -0.6, 0.6)
    slope_x = np.clip(right / np.maximum(steps[1], least), -0.6, 0.6)
    covered = skin_atlas(size).covered
    n = np.dstack([-slope_x * covered, slope_y * covered, np.ones_like(slope_x)])
    n /= np.linalg.norm(n, axis=-1, keepdims=True)
    return np.clip(127.5 * (n + 1) + 0.5, 0, 255).astype(np.uint8)
