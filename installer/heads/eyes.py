"""Eyes with a bulging cornea, lashes along the lids, and brows of single hairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np

from studio.human.wardrobe.asset import Asset, AssetMaterial, Binding, Colour
from studio.human.wardrobe.fitting import bind
from studio.synth.figure import make_figure
from studio.synth.iris import painted
from studio.synth.solids import Piece, joined, unit

from .body import body
from .face import BROWS, points
from .pack import asset, webp

IRISES: dict[str, tuple[Colour, Colour]] = {
    "brown": ((0.33, 0.22, 0.14), (0.19, 0.12, 0.08)),
    "dark_brown": ((0.20, 0.14, 0.10), (0.10, 0.07, 0.05)),
    "hazel": ((0.42, 0.32, 0.19), (0.30, 0.31, 0.22)),
    "green": ((0.43, 0.42, 0.29), (0.30, 0.36, 0.30)),
    "blue": ((0.55, 0.61, 0.66), (0.33, 0.41, 0.50)),
    "grey": ((0.56, 0.57, 0.57), (0.38, 0.40, 0.42)),
    "amber": ((0.52, 0.37, 0.19), (0.36, 0.24, 0.13)),
}
"""Each iris near the pupil and near its rim (sRGB)."""
LIMBUS_DEG, PUPIL_DEG, RIM_DEG = 24.5, 8.6, 62.0
_SIZE = 512


def eye_picture(inner: Colour, outer: Colour, seed: int = 2) -> np.ndarray:
    """An eyeball seen from the front, out to RIM_DEG: sclera with veins, limbus, iris, pupil; the
    lids' shade above and in the corners is in it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[1 : -1 : _SIZE * 1j, -1 : 1 : _SIZE * 1j]
    angle, turn = RIM_DEG * np.hypot(x, y), np.arctan2(y, x)
    white = np.tile(np.array([0.905, 0.875, 0.850]), (_SIZE, _SIZE, 1))
    side = np.clip((np.abs(x) * RIM_DEG - 30) / 26, 0, 1)[..., None]
    white = white * (1 - side * [0.05, 0.17, 0.19])
    white *= 1 - _veins(rng)[..., None] * [0.10, 0.36, 0.36]
    r = np.clip((angle - PUPIL_DEG) / (LIMBUS_DEG - PUPIL_DEG), 0, 1)
    iris = painted(r, turn, inner, outer, rng)
    iris *= (1 - 0.22 * np.clip(y, -1, 1) / 0.4 * (np.abs(y) < 0.45))[..., None]
    edge = np.clip((LIMBUS_DEG + 1.4 - angle) / 2.8, 0, 1)[..., None]
    colour = white + edge * (iris - white)
    pupil = np.clip((PUPIL_DEG + 0.5 - angle) / 1.0, 0, 1)[..., None]
    colour = colour * (1 - pupil) + 0.012 * pupil
    up, out = y * RIM_DEG, np.abs(x) * RIM_DEG
    lid = 0.50 * np.clip((up - 4) / 15, 0, 1) + 0.22 * np.clip((-up - 11) / 12, 0, 1)
    lid += 0.30 * np.clip((out - 26) / 24, 0, 1)
    colour = colour * (1 - np.clip(lid, 0, 0.75)[..., None] * [0.85, 0.97, 1.0])
    return np.clip(255 * colour, 0, 255).astype(np.uint8)


def _veins(rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros((_SIZE, _SIZE), np.float32)
    for _ in range(46):
        turn = rng.choice([0.0, np.pi]) + rng.normal(0, 0.5)
        r, wide = 1.0, rng.uniform(0.25, 1.0)
        line: list[list[float]] = []
        while r > LIMBUS_DEG / RIM_DEG + rng.uniform(0.04, 0.2) and len(line) < 60:
            line.append([r * np.cos(turn), r * np.sin(turn)])
            turn += rng.normal(0, 0.035)
            r -= 0.012
        at = np.rint(16 * (np.array(line) * [1, -1] + 1) * _SIZE / 2).astype(np.int32)
        layer = np.zeros_like(canvas)
        cv2.polylines(layer, [at], False, wide, 1, cv2.LINE_AA, 4)
        np.maximum(canvas, layer, out=canvas)
    return cv2.GaussianBlur(canvas, (0, 0), 0.7)


def eyeballs() -> tuple[Piece, Binding]:
    """Both eyeballs, each bound to its own part of the base mesh's eyes."""
    figure = make_figure()
    template, faces = figure.template_m, figure.surface.faces["eyes"]
    pieces: list[Piece] = []
    bindings: list[Binding] = []
    for sign in (1, -1):
        own = faces[template[faces][..., 0].mean(axis=1) * sign > 0]
        p = template[np.unique(own)]
        centre = (p.min(axis=0) + p.max(axis=0)) / 2
        radius = float(np.median(np.linalg.norm(p - centre, axis=1)))
        piece = _ball(centre, radius)
        pieces.append(piece)
        bindings.append(bind(piece.vertices, template, own, None, 72))
    both = [np.concatenate([getattr(b, part) for b in bindings])
            for part in ("base", "shares", "offsets_m")]  # fmt: skip
    return joined(pieces), Binding(both[0], both[1], both[2])


def _ball(centre: np.ndarray, radius: float) -> Piece:
    degrees = np.array([0, 4, 8.6, 13, 18, 22, 25, 28, 32, 38, 46, 56, 70, 90, 115])
    count = 28
    a = np.radians(degrees)[:, None]
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)[None]
    bulge = 0.055 * np.clip(1 - (degrees / 29) ** 2, 0, 1)[:, None]
    r = radius * (0.997 + bulge)
    v = np.stack(
        [r * np.sin(a) * np.cos(turn), -r * np.cos(a) + 0 * turn, r * np.sin(a) * np.sin(turn)], -1
    )
    flat = np.minimum(degrees / RIM_DEG, 0.985)[:, None]
    uv = 0.5 + 0.5 * np.stack([flat * np.cos(turn), flat * np.sin(turn)], axis=-1)
    index = np.arange(len(degrees) * count).reshape(len(degrees), count)
    i, j = index[:-1], index[1:]
    right_i, right_j = np.roll(i, -1, 1), np.roll(j, -1, 1)
    faces = np.stack(
        [np.stack([i, right_i, right_j], -1), np.stack([i, right_j, j], -1)], axis=2
    ).reshape(-1, 3)

    vertices = v.reshape(-1, 3) + centre
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = (normal * (corners.mean(axis=1) - centre)).sum(axis=1) < 0
    if inward.mean() > 0.5:
        faces = faces[:, ::-1]
    return Piece(vertices, faces, uv.reshape(-1, 2)[faces])


def make_eyes() -> Iterator[Asset]:
    """One pair of eyes, with a material for each iris."""
    piece, binding = eyeballs()
    materials = tuple(
        AssetMaterial(
            "eyes" if k == 0 else f"eyes_{name}", specular=(1, 1, 1), shininess=0.95,
            roughness=0.14, pictures={"diffuse": webp(f"{name}.webp", eye_picture(*iris), 82)},
        )
        for k, (name, iris) in enumerate(IRISES.items())
    )  # fmt: skip
    yield asset("eyes", "Eyes", "eyes", piece, binding, materials, tags=("eyes",), z_depth=1)


def lash_picture(seed: int, count: int, thick: int) -> np.ndarray:
    """Lashes as brightness and alpha, roots down, along both lids (upper lid in the upper half)."""
    rng = np.random.default_rng(seed)
    tall, wide, big = 128, 512, 4
    halves: list[np.ndarray] = []
    for hairs, reach in ((count, 0.97), (int(0.7 * count), 0.72)):
        canvas = np.zeros((tall * big, wide * big), np.float32)
        for k in range(hairs):
            u = 0.015 + 0.97 * (k + rng.uniform(0.1, 0.9)) / hairs
            fan = (u - 0.38) * 0.16 + rng.normal(0, 0.008)
            long = reach * rng.uniform(0.62, 1.0) * (0.45 + 0.55 * np.sin(np.pi * u**1.25) ** 0.6)
            t = np.linspace(0, 1, 12)
            x = (u + fan * t**1.6) * wide * big
            y = (1 - long * t) * tall * big
            at = np.rint(16 * np.stack([x, y], axis=-1)).astype(np.int32)
            for k in range(11):
                size = max(1, round(thick * big * (1 - 0.8 * t[k])))
                cv2.polylines(canvas, [at[k : k + 2]], False, 1.0, size, cv2.LINE_AA, 4)
        base = np.linspace(1, 0, tall * big)[:, None]
        canvas = np.maximum(canvas, np.clip((0.05 - base) / 0.03, 0, 1))
        halves.append(cv2.resize(canvas, (wide, tall), interpolation=cv2.INTER_AREA))
    alpha = np.clip(1.35 * np.vstack(halves), 0, 1)
    rgba = np.full((*alpha.shape, 4), 235, np.uint8)
    rgba[..., 3] = np.clip(255 * alpha, 0, 255)
    return rgba


def lashes() -> tuple[Piece, Binding]:
    """The base mesh's four rows of lashes, unrolled along the lids; they follow every blink."""
    figure = make_figure()
    faces, uv = figure.surface.faces["lashes"], figure.surface.uv["lashes"]
    template = figure.template_m
    ids, own = np.unique(faces, return_inverse=True)
    own = own.reshape(-1, 3)
    out = np.zeros_like(uv)
    upper = uv[..., 1].mean(axis=1) < 0.957
    left = template[faces][..., 0].mean(axis=1) > 0
    for top in (True, False):
        for side in (True, False):
            some = (upper == top) & (left == side)
            along, up = _combed(faces[some], template)
            v = (0.5 if top else 0.0) + 0.5 * np.clip(up, 0.012, 0.985)
            out[some] = np.stack([np.clip(along, 0.002, 0.998), v], axis=-1)
    count = len(ids)
    binding = Binding(
        np.repeat(ids[:, None], 3, axis=1), np.tile([1.0, 0, 0], (count, 1)), np.zeros((count, 3))
    )
    return Piece(template[ids], own, out), binding


def _combed(faces: np.ndarray, places_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the corners of a strip of lashes (faces, 3) lie along the lid from its inner end, by
    the roots' length, and from the roots to the tips, 0 to 1: the strip is a grid."""
    quads = faces.reshape(-1, 6)
    edges: Counter[tuple[int, int]] = Counter()
    many: Counter[int] = Counter()
    for quad in quads:
        many.update(set(quad.tolist()))
        inside = Counter(
            (min(a, b), max(a, b)) for tri in quad.reshape(2, 3).tolist()
            for a, b in pairwise((*tri, tri[0]))
        )  # fmt: skip
        edges.update(edge for edge, times in inside.items() if times == 1)
    near: dict[int, list[int]] = defaultdict(list)
    rim: dict[int, list[int]] = defaultdict(list)
    for (a, b), times in edges.items():
        for one, other in ((a, b), (b, a)):
            near[one].append(other)
            if times == 1:
                rim[one].append(other)
    corners = [vertex for vertex, times in many.items() if times == 1]
    sides = _sides(corners, rim)
    ends, rows = sides[:2], sides[2:]
    inner = min(ends, key=lambda side: np.abs(places_m[side, 0]).mean())
    root = max(rows, key=lambda side: places_m[side, 1].mean())
    column, row = _steps(inner, near), _steps(root, near)
    line = places_m[sorted(root, key=column.__getitem__)]
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    along = np.array([length[column[k]] for k in faces.ravel().tolist()]) / length[-1]
    up = np.array([row[k] for k in faces.ravel().tolist()]) / max(row.values())
    return along.reshape(faces.shape), up.reshape(faces.shape)


def _sides(corners: list[int], rim: dict[int, list[int]]) -> list[list[int]]:
    """The four sides of a grid as chains of vertices, the shortest first."""
    found: list[list[int]] = []
    for corner in corners:
        for first in rim[corner]:
            chain = [corner, first]
            while chain[-1] not in corners:
                chain.append(next(k for k in rim[chain[-1]] if k != chain[-2]))
            if corner < chain[-1]:
                found.append(chain)
    return sorted(found, key=len)


def _steps(start: list[int], near: dict[int, list[int]]) -> dict[int, int]:
    """How many edges each vertex is away from a side."""
    away = dict.fromkeys(start, 0)
    queue = list(start)
    for vertex in queue:
        for other in near[vertex]:
            if other not in away:
                away[other] = away[vertex] + 1
                queue.append(other)
    return away


def make_lashes() -> Iterator[Asset]:
    """Natural and full lashes."""
    piece, binding = lashes()
    for name, title, count, thick in (
        ("lashes", "Lashes", 96, 2), ("lashes_full", "Full lashes", 140, 3),
    ):  # fmt: skip
        material = AssetMaterial(
            name, (0.10, 0.075, 0.06), (0.05, 0.05, 0.05), 0.1, 0.85, transparent=True,
            backface_cull=False,
            pictures={"diffuse": webp(f"{name}.webp", lash_picture(4, count, thick), 80)},
        )  # fmt: skip
        yield asset(
            name, title, "lashes", piece, binding, (material,), {"main": "#1a130f"}, ("lashes",), 40
        )


BROW_PX = (256, 64)
CALM_M = 0.0024
"""How much the inner ends are raised over the face mesh's points: low ones look stern."""
SHAPES: dict[str, tuple[str, str, float, float, int, float]] = {
    "brows_soft": ("Soft brows", "#4a3323", 0.95, 0.0, 260, 0.9),
    "brows_thick": ("Thick brows", "#2e2018", 1.1, -0.0004, 300, 1.0),
    "brows_arched": ("Arched brows", "#3f2a1c", 0.85, 0.0016, 300, 0.95),
    "brows_sparse": ("Sparse brows", "#6a5848", 1.0, 0.0, 130, 0.9),
}
"""Each: title, colour, thickness, arch (metres), hairs, length in shares of the average."""


def brow_picture(hairs: int, seed: int) -> np.ndarray:
    """One brow, its inner end left: hairs that lean outwards, upright at the inner end."""
    rng = np.random.default_rng(seed)
    big, (wide, tall) = 4, BROW_PX
    light = np.zeros((tall * big, wide * big), np.float32)
    alpha = np.zeros_like(light)
    for _ in range(hairs):
        u = rng.uniform(0.02, 0.97) ** 1.05
        if rng.random() > 0.45 + 0.55 * u / 0.16:
            continue  # the inner end is thin
        span = 0.36 * np.clip(u / 0.12, 0.55, 1) * np.clip((1.02 - u) / 0.55, 0.10, 1)
        across = rng.uniform(-1, 1)
        lean = (
            1.35 - 1.15 * np.clip(u / 0.35, 0, 1) - 0.55 * across * np.clip((u - 0.2) / 0.3, 0, 1)
        )
        long = rng.uniform(0.30, 0.46) * (1 - 0.35 * u)
        t = np.linspace(0, 1, 8)
        x = u * wide + long * tall * (np.cos(lean) * t + 0.25 * t**2)
        y = tall * (0.55 - across * span) - long * tall * np.sin(lean) * (t - 0.3 * t**2)
        at = np.rint(16 * big * np.stack([x, y], axis=-1)).astype(np.int32)
        shade = float(rng.uniform(0.7, 1.0))
        for j in range(7):
            size = max(1, round(1.05 * big * (1 - 0.75 * t[j])))
            cv2.polylines(light, [at[j : j + 2]], False, shade, size, cv2.LINE_AA, 4)
            cv2.polylines(alpha, [at[j : j + 2]], False, 1.0, size, cv2.LINE_AA, 4)
    both = np.dstack([np.where(alpha > 0.05, light / np.maximum(alpha, 0.05), 0.8), alpha])
    both = cv2.resize(both.astype(np.float32), BROW_PX, interpolation=cv2.INTER_AREA)
    rgba = np.empty((tall, wide, 4), np.uint8)
    rgba[..., :3] = np.clip(255 * both[..., :1], 0, 255)
    rgba[..., 3] = np.clip(255 * 1.25 * both[..., 1], 0, 255)
    return rgba


def brows(thick: float, arch_m: float, long: float) -> tuple[Piece, Binding]:
    """Two layers of strips on the brows, bound to the skin that moves them."""
    figure = make_figure()
    faces = figure.surface.faces["skin"]
    template = figure.template_m
    p = template[faces]
    front = faces[(p[..., 2].min(axis=1) > 0.66) & (p[..., 1].max(axis=1) < -0.06)]
    pieces: list[Piece] = []
    for sign, mesh in zip((-1, 1), BROWS, strict=True):
        upper, lower = points(mesh[:5]), points(mesh[5:])[::-1]
        middle = (0.5 * (upper + lower))[::-1]
        middle[:, 0] = sign * np.abs(middle[:, 0])
        s = np.linspace(0, 4, 15)
        line = np.stack([np.interp(s, np.arange(5), middle[:, k]) for k in range(3)], axis=-1)
        for _ in range(3):
            line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
        line = line[0] + long * (line - line[0])
        u = np.linspace(0, 1, 15)
        line[:, 2] += arch_m * np.sin(np.pi * np.clip(u * 1.15, 0, 1)) + 0.001
        line[:, 2] += CALM_M * np.clip(1 - u / 0.6, 0, 1) ** 1.3
        pieces += [_brow_strip(line, thick * 0.0120, lift) for lift in (0.0005, 0.0013)]
    piece = joined(pieces)
    return piece, bind(piece.vertices, template, front)


def _brow_strip(line: np.ndarray, tall_m: float, lift_m: float) -> Piece:
    solid = body()
    way = unit(np.gradient(line, axis=0))
    _, out = solid.near(line)
    up = unit(np.cross(out, way))
    up *= np.sign(up[:, 2:3])
    across = np.array([-0.5, -0.17, 0.17, 0.5])
    v = line[:, None] + tall_m * across[:, None] * up[:, None]
    for _ in range(3):
        high, out = solid.near(v)
        v = v + (lift_m - high)[..., None] * out
    u = np.linspace(0.0, 1.0, len(line))
    uv = np.stack(np.broadcast_arrays(u[:, None], across[None] + 0.5), axis=-1)
    index = np.arange(v.shape[0] * 4).reshape(-1, 4)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], -2).reshape(-1, 3)
    return Piece(v.reshape(-1, 3), faces, uv.reshape(-1, 2)[faces])


def make_brows() -> Iterator[Asset]:
    """Brows from sparse to thick."""
    for k, (name, (title, colour, thick, arch, hairs, long)) in enumerate(SHAPES.items()):
        piece, binding = brows(thick, arch, long)
        red, green, blue = (int(colour[j : j + 2], 16) / 255 for j in (1, 3, 5))
        material = AssetMaterial(
            name, (red, green, blue), (0.05, 0.05, 0.05), 0.1, 0.85, transparent=True,
            backface_cull=False,
            pictures={"diffuse": webp(f"{name}.webp", brow_picture(hairs, 5 + k), 82)},
        )  # fmt: skip
        yield asset(
            name, title, "brows", piece, binding, (material,), {"main": colour}, ("brows",), 40
        )
