"""Clothes and shoes: regions of the tights volume, loosened, smoothed, hemmed and dyed.

Regions are described on the average person (``Figure.template_m``), so a garment is cut the same
for everybody and follows each one's shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy.sparse import csr_matrix, vstack

from studio.core.types import Material, Mesh
from studio.human.rig import BONE_NAMES
from studio.render.scene import Drawable, Finish, vertex_normals
from studio.synth import cloth
from studio.synth.figure import Figure, make_figure, skin

Colour = tuple[float, float, float]
_ARM = ("upperarm", "lowerarm", "wrist", "metacarpal", "finger")


@dataclass(frozen=True)
class Outfit:
    """What somebody wears: how long the sleeves are (0.3 short, 1 to the elbow, 1.9 to the wrist),
    how low the shirt and the trousers hang (metres over the average person's hip and knee joints),
    how loose they are (metres), and colours (sRGB 0 to 1).
    """

    sleeve: float = 0.72
    shirt_end_m: float = -0.035
    trouser_end_m: float = -0.392
    shirt_loose_m: float = 0.011
    trouser_loose_m: float = 0.013
    neckline_m: float = 0.0
    shirt: Colour = (0.32, 0.44, 0.56)
    trousers: Colour = (0.24, 0.26, 0.33)
    shoes: Colour = (0.86, 0.85, 0.83)
    sole: Colour = (0.93, 0.93, 0.91)
    stripes: Colour | None = None


@dataclass(frozen=True, eq=False)
class Garment:
    """A skinned piece of clothing at rest on one figure."""

    name: str
    vertices_m: np.ndarray
    faces: np.ndarray
    weights: csr_matrix
    coat_m: np.ndarray
    colours: np.ndarray
    material: Material
    finish: Finish
    number: int
    uv: np.ndarray | None = None
    casts_shadow: bool = True

    def posed(self, carried: np.ndarray) -> Drawable:
        """The garment on its figure in a pose (see :func:`studio.synth.figure.carry`)."""
        vertices = skin(self.vertices_m, self.weights, carried)
        mesh = Mesh(vertices, self.faces, self.uv, self.colours)
        return Drawable(
            mesh,
            self.material,
            self.number,
            self.finish,
            self.coat_m,
            casts_shadow=self.casts_shadow,
        )


@dataclass(frozen=True, eq=False)
class _Average:
    """The average person's measures, in which regions are described."""

    points: np.ndarray
    arm: np.ndarray
    figure: Figure

    def along(self, start: str, end: str, at: np.ndarray) -> np.ndarray:
        """How far points lie from one joint to the next (0 to 1)."""
        a, b = self.figure.head(start), self.figure.head(end)
        return (at - a) @ (b - a) / ((b - a) @ (b - a))


@cache
def _average() -> _Average:
    figure = make_figure()
    arm = [k for k, bone in enumerate(BONE_NAMES) if bone.startswith(_ARM)]
    share = np.asarray(figure.weights[:, arm].sum(axis=1)).ravel()
    return _Average(figure.template_m, share, figure)


def shirt_region(outfit: Outfit) -> np.ndarray:
    """For every base vertex, how far inside the shirt it is (metres, negative outside)."""
    average = _average()
    p, heads = average.points, average.figure.head
    hem_z = heads("upperleg01.L")[2] + outfit.shirt_end_m
    trunk = p[:, 2] - hem_z
    out = np.full(len(p), 1.0)
    for side in "LR":
        own = (p[:, 0] > 0) == (side == "L")
        upper = average.along(f"upperarm01.{side}", f"lowerarm01.{side}", p)
        lower = average.along(f"lowerarm01.{side}", f"wrist.{side}", p)
        length = np.linalg.norm(heads(f"lowerarm01.{side}") - heads(f"upperarm01.{side}"))
        reach = np.where(lower > 0.0, 1 + np.maximum(lower, 0), np.minimum(upper, 1.0))
        out = np.where(own, (outfit.sleeve - reach) * length, out)
    limbs = np.where(average.arm > 0.5, np.minimum(out, 1.0), trunk)
    base = heads("neck01")
    up = np.array([0.0, -0.42, 0.9])
    up /= np.linalg.norm(up)
    flare = 0.10 * np.maximum(np.abs(p[:, 0]) - 0.05, 0)
    collar = -(p - base - [0.0, 0.0, 0.014 - outfit.neckline_m]) @ up + flare
    return np.minimum(limbs, collar)


def trouser_region(outfit: Outfit) -> np.ndarray:
    """For every base vertex, how far inside the trousers it is (metres, negative outside)."""
    average = _average()
    p, heads = average.points, average.figure.head
    waist = heads("upperleg01.L")[2] + 0.075
    end = heads("lowerleg01.L")[2] + outfit.trouser_end_m
    region = np.minimum(waist - p[:, 2], p[:, 2] - end)
    return np.where(average.arm > 0.3, -1.0, region)


def shoe_region() -> np.ndarray:
    """For every base vertex, how far inside the shoes it is (metres, negative outside)."""
    average = _average()
    p, ankle = average.points, average.figure.head("foot.L")
    slope = 0.12 * (p[:, 1] - ankle[1])
    return ankle[2] + 0.03 + slope - p[:, 2]


def covered(outfit: Outfit, margin_m: float = 0.02) -> np.ndarray:
    """Base vertices that lie well under clothes, whose skin need not be drawn."""
    inside = np.maximum(
        np.maximum(shirt_region(outfit), trouser_region(outfit)), shoe_region() + 0.01
    )
    return inside > margin_m


def average_noise(points: np.ndarray, seed: int, scale_m: float) -> np.ndarray:
    """Smooth noise of unit size at points: a sum of random plane waves about one wavelength."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(points))
    for _ in range(14):
        wave = rng.normal(size=3)
        wave *= 2 * np.pi / (scale_m * rng.uniform(0.7, 1.6) * np.linalg.norm(wave))
        total += np.sin(points @ wave + rng.uniform(0, 2 * np.pi))
    return total / np.sqrt(7)


def _sew(
    figure: Figure,
    name: str,
    region: np.ndarray,
    loose: Callable[[np.ndarray], np.ndarray],
    paint: Callable[[np.ndarray, np.ndarray], np.ndarray],
    material: Material,
    finish: Finish,
    number: int,
    rounds: int,
) -> Garment:
    """Cut a region out of the tights, loosen it, smooth it, hem it."""
    tights = cloth.cut_out(figure.surface.faces["tights"], len(figure.vertices_m))
    tights = cloth.refine(tights)
    piece = cloth.clip(tights, tights.of_base @ region)
    average = _average()
    coat = piece.of_base @ average.points
    rest = piece.of_base @ figure.vertices_m
    mean = cloth.neighbour_mean(piece.faces, len(piece))
    rest = cloth.smooth(rest, mean, rounds)
    rest = rest + loose(coat)[:, None] * vertex_normals(rest, piece.faces)
    rest = cloth.smooth(rest, mean, 3)
    weights = cloth.smooth(piece.of_base @ figure.weights, mean, 4)
    colours = paint(coat, piece.of_base @ region)
    normals = vertex_normals(rest, piece.faces)
    faces, vertices, source = cloth.hem(piece.faces, rest, normals, 0.012)
    every = np.concatenate([np.arange(len(rest)), source])
    shade = np.ones((len(every), 1))
    shade[len(rest) :] = 0.35
    return Garment(
        name, vertices, faces, csr_matrix(weights)[every], coat[every],
        np.clip(255 * colours[every] * shade, 0, 255).astype(np.uint8), material, finish, number,
    )  # fmt: skip


def make_shirt(figure: Figure, outfit: Outfit) -> Garment:
    """A T-shirt or a long-sleeved one, loose below the chest, with ribbed hems."""
    average = _average()
    hip = average.figure.head("upperleg01.L")[2]

    def loose(coat: np.ndarray) -> np.ndarray:
        low = np.clip((0.30 + hip - coat[:, 2]) / 0.30, 0, 1)
        sleeve = np.clip((np.abs(coat[:, 0]) - 0.17) / 0.12, 0, 1)
        folds = 0.0022 * average_noise(coat * [1, 1, 1.6], 3, 0.11) * (0.4 + low)
        return outfit.shirt_loose_m * (0.55 + 0.9 * low**1.5 + 0.75 * sleeve) + folds + 0.004

    def paint(coat: np.ndarray, inside: np.ndarray) -> np.ndarray:
        colour = np.tile(np.array(outfit.shirt), (len(coat), 1))
        if outfit.stripes is not None:
            band = (coat[:, 2] / 0.05) % 1 < 0.42
            colour[band & (np.abs(coat[:, 0]) < 0.6)] = outfit.stripes
        rib = (inside < 0.016)[:, None]
        return colour * np.where(rib, 0.82, 1.0)

    return _sew(
        figure, "shirt", shirt_region(outfit), loose, paint,
        Material("shirt", roughness=0.9),
        Finish(sheen=0.25, specular=0.15, grain=0.035, bump_m=0.006, grain_m=(0.05, 0.05, 0.09)),
        2, rounds=10,
    )  # fmt: skip


def make_trousers(figure: Figure, outfit: Outfit) -> Garment:
    """Straight trousers, with folds above the shoes and behind the knees."""
    average = _average()
    knee = average.figure.head("lowerleg01.L")[2]
    end = knee + outfit.trouser_end_m

    def loose(coat: np.ndarray) -> np.ndarray:
        down = np.clip((0.02 - coat[:, 2]) / (0.02 - end), 0, 1)
        stack = np.exp(-(((coat[:, 2] - end - 0.06) / 0.09) ** 2))
        bend = np.exp(-(((coat[:, 2] - knee) / 0.07) ** 2))
        rings = np.sin(coat[:, 2] / 0.0085 + 1.5 * average_noise(coat, 11, 0.12))
        folds = 0.0028 * rings * (stack + 0.35 * bend)
        return (
            outfit.trouser_loose_m * (0.35 + 1.15 * down)
            + folds
            + 0.0015 * average_noise(coat, 5, 0.1)
        )

    def paint(coat: np.ndarray, inside: np.ndarray) -> np.ndarray:
        worn = 0.07 * np.exp(-(((coat[:, 2] - knee - 0.12) / 0.16) ** 2)) * (coat[:, 1] < -0.05)
        colour = np.array(outfit.trousers) * (1 + worn[:, None])
        seam = (np.abs(coat[:, 1] + 0.01) < 0.006) & (np.abs(coat[:, 0]) > 0.12)
        return colour * np.where(seam[:, None] | (inside < 0.014)[:, None], 0.84, 1.0)

    return _sew(
        figure, "trousers", trouser_region(outfit), loose, paint,
        Material("trousers", roughness=0.95),
        Finish(sheen=0.2, specular=0.1, grain=0.06, bump_m=0.004, grain_m=(0.03, 0.03, 0.06)),
        3, rounds=6,
    )  # fmt: skip


def make_shoes(figure: Figure, outfit: Outfit) -> tuple[Garment, Garment]:
    """Plain shoes: uppers, and soles that stand on the floor."""
    ankle = _average().figure.head("foot.L")

    def loose(coat: np.ndarray) -> np.ndarray:
        toe = np.clip((ankle[1] - 0.05 - coat[:, 1]) / 0.12, 0, 1)
        return 0.0055 + 0.006 * toe

    def paint(coat: np.ndarray, inside: np.ndarray) -> np.ndarray:
        colour = np.tile(np.array(outfit.shoes), (len(coat), 1))
        away = np.abs(np.abs(coat[:, 0]) - 0.19)
        lace = (
            (coat[:, 1] < ankle[1] - 0.045) & (coat[:, 1] > ankle[1] - 0.125) & (away < 0.022)
            & ((coat[:, 1] / 0.016) % 1 < 0.4) & (coat[:, 2] > ankle[2] - 0.045)
        )  # fmt: skip
        colour[lace] = 0.5 * colour[lace] + 0.5
        return colour * np.where((inside < 0.01)[:, None], 0.75, 1.0)

    upper = _sew(
        figure, "shoes", shoe_region(), loose, paint,
        Material("shoes", roughness=0.6), Finish(specular=0.4, grain=0.03, bump_m=0.001,
                                                 grain_m=(0.008, 0.008, 0.008)),
        4, rounds=14,
    )  # fmt: skip
    return upper, _soles(figure, upper, outfit)


def _soles(figure: Figure, upper: Garment, outfit: Outfit, thick_m: float = 0.022) -> Garment:
    floor = figure.vertices_m[np.unique(figure.surface.faces["skin"]), 2].min()
    vertices, faces, weights, count = [], [], [], 0
    for side in (1.0, -1.0):
        own = np.flatnonzero(side * upper.vertices_m[:, 0] > 0)
        points = upper.vertices_m[own]
        low = points[:, 2] < floor + 0.05
        outline = cv2.convexHull(points[low, :2].astype(np.float32))[:, 0].astype(float)
        closed = np.concatenate([outline, outline[:1]])
        step = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
        at = np.linspace(0, step[-1], 64, endpoint=False)
        ring = np.stack([np.interp(at, step, closed[:, k]) for k in range(2)], axis=-1)
        centre = ring.mean(axis=0)
        n = len(ring)
        levels = [(-thick_m, 0.985), (-thick_m * 0.6, 1.015), (0.008, 1.02), (0.013, 0.97)]
        shell = [
            np.column_stack([centre + grow * (ring - centre), np.full(n, floor + z)])
            for z, grow in levels
        ]
        solid = np.concatenate([*shell, [[*centre, floor - thick_m], [*centre, floor + 0.013]]])
        k = np.arange(n)
        j = (k + 1) % n
        for a in range(len(levels) - 1):
            u = a * n
            faces += [np.stack([k + u, j + u, j + u + n], -1) + count,
                      np.stack([k + u, j + u + n, k + u + n], -1) + count]  # fmt: skip
        top = (len(levels) - 1) * n
        below, above = np.full(n, len(levels) * n), np.full(n, len(levels) * n + 1)
        faces.append(np.stack([j, k, below], axis=-1) + count)
        faces.append(np.stack([k + top, j + top, above], axis=-1) + count)
        gap = ((solid[:, None, :2] - points[None, :, :2]) ** 2).sum(-1)
        gap += 0.2 * (solid[:, None, 2] - points[None, :, 2]) ** 2
        weights.append(upper.weights[own[gap.argmin(axis=1)]])
        vertices.append(solid)
        count += len(solid)
    every = np.concatenate(vertices)
    colours = np.tile((255 * np.array(outfit.sole)).astype(np.uint8), (len(every), 1))
    return Garment(
        "soles", every, np.concatenate(faces), csr_matrix(vstack(weights)), every, colours,
        Material("soles", roughness=0.7), Finish(specular=0.25), 4,
    )  # fmt: skip


def dress(figure: Figure, outfit: Outfit) -> tuple[Garment, ...]:
    """The outfit, fitted to a figure."""
    return (
        make_shirt(figure, outfit),
        make_trousers(figure, outfit),
        *make_shoes(figure, outfit),
    )
