"""Patterns of shoes: an upper over the foot, and a sole that is a solid of its own."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from scipy.spatial import KDTree

from studio.human.wardrobe.asset import Asset
from studio.synth.tailor.cutting import cut, dummy
from studio.synth.tailor.fabric import Cloth2D, noise
from studio.synth.tailor.patterns import card, loosened, step
from studio.synth.tailor.sewing import Look, Shell, sew, shell
from studio.synth.tailor.unwrapping import Panel

ANKLE = np.array([0.177, -0.004, -0.749])
FLOOR = -0.819
"""The average person's ankle and floor."""


def foot_m(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places on the average person as seen from their own foot: across (outwards positive), from
    the ankle towards the toes, and above the floor."""
    ax = np.abs(p[..., 0])
    ahead = -(p[..., 1] - ANKLE[1])
    middle = ANKLE[0] - 0.10 * np.clip(ahead, -0.05, 0.14)
    return ax - middle, ahead, p[..., 2] - FLOOR


def _upper(
    inside: Callable[[np.ndarray], np.ndarray],
    ease: Callable[[np.ndarray], np.ndarray],
    rounds: int,
    thick_m: float = 0.004,
    fineness: int = 1,
) -> Shell:
    """The feet's cover where ``inside`` is positive, ``ease`` away from the skin."""
    near = 0.5 - (dummy().template_m[:, 2] - FLOOR)
    piece = cut("tights", near, fineness, inside)
    pattern = loosened(piece, ease, rounds)
    return shell(piece, pattern, pattern, thick_m)


def _hidden(inside: Callable[[np.ndarray], np.ndarray], margin_m: float = 0.012) -> np.ndarray:
    """The skin well inside a shoe."""
    return np.flatnonzero(inside(dummy().template_m[:13_380]) > margin_m)


Rings = list[tuple[float, float, float, float]]


def sole(over: Shell, levels: Rings, sides: int = 56) -> Shell:
    """Soles below an upper: rings from the ground up as (height over the skin's floor at the heel,
    at the toes, growth in metres, growth of the heel's), the lowest and the highest closed."""
    figure = dummy()
    floor = figure.vertices_m[np.unique(figure.surface.faces["skin"]), 2].min()
    vertices, faces, panels, owners, start = [], [], [], [], 0
    for side in (1.0, -1.0):
        own = np.flatnonzero(side * over.vertices_m[:, 0] > 0)
        points = over.vertices_m[own]
        low = points[points[:, 2] < floor + 0.035, :2].astype(np.float32)
        hull = cv2.convexHull(low)[:, 0].astype(float)
        closed = np.concatenate([hull, hull[:1]])
        run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
        at = np.linspace(0, run[-1], sides, endpoint=False)
        ring = np.stack([np.interp(at, run, closed[:, k]) for k in range(2)], axis=1)
        for _ in range(2):
            ring = 0.6 * ring + 0.2 * (np.roll(ring, 1, 0) + np.roll(ring, -1, 0))
        out = np.roll(ring, -1, 0) - np.roll(ring, 1, 0)
        out = np.stack([out[:, 1], -out[:, 0]], 1) / np.linalg.norm(out, axis=1, keepdims=True)
        if np.einsum("ij,ij->i", out, ring - ring.mean(0)).mean() < 0:
            ring, out = ring[::-1], -out[::-1]
        if _area(ring) < 0:
            ring, out = ring[::-1], out[::-1]
        toe_tip = int(ring[:, 1].argmin())  # where the caps' zigzag starts
        ring, out = np.roll(ring, -toe_tip, axis=0), np.roll(out, -toe_tip, axis=0)
        ahead = (ring[:, 1].max() - ring[:, 1]) / np.ptp(ring[:, 1])
        rows = [
            np.column_stack([
                ring + (grow + (heel_grow - grow) * (1 - step(ahead, 0.2, 0.4)))[:, None] * out,
                floor + heel + (toe - heel) * step(ahead, 0.25, 0.60),
            ])
            for heel, toe, grow, heel_grow in levels
        ]  # fmt: skip
        grid = np.stack(rows)
        count = len(grid) * sides
        k, j = np.arange(sides), (np.arange(sides) + 1) % sides
        wall = [
            np.stack(corner, 1)
            for r in range(len(grid) - 1)
            for corner in (
                (k + r * sides, j + r * sides, j + (r + 1) * sides),
                (k + r * sides, j + (r + 1) * sides, k + (r + 1) * sides),
            )
        ]
        caps = [_cap(np.arange(sides)[::-1]), _cap(np.arange(sides) + count - sides)]
        step_m = np.linalg.norm(np.roll(grid[0], -1, 0) - grid[0], axis=1)
        u = np.concatenate([[0], np.cumsum(step_m)])
        v = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(grid, axis=0), axis=2).mean(1))])
        flat = np.stack(np.broadcast_arrays(u[None], v[:, None]), -1).reshape(-1, 2)
        wide = np.arange(len(grid) * (sides + 1)).reshape(len(grid), sides + 1)
        a, b, c, d = wide[:-1, :-1], wide[:-1, 1:], wide[1:, 1:], wide[1:, :-1]
        flat_faces = np.concatenate(
            [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
        )
        index = np.arange(count).reshape(len(grid), sides)
        strip = np.concatenate([index, index[:, :1]], axis=1).ravel()
        panels.append(Panel(flat, flat_faces, strip + start))
        for cap, level, turn in ((caps[0], 0, -1.0), (caps[1], count - sides, 1.0)):
            ids = np.arange(sides) + level
            place = grid.reshape(-1, 3)[ids][:, :2] * np.array([turn, 1.0])
            panels.append(Panel(place, cap - level, ids + start))
        vertices.append(grid.reshape(-1, 3))
        faces.append(np.concatenate([*wall, *caps]) + start)
        near = KDTree(points * [1, 1, 0.45]).query(grid.reshape(-1, 3) * [1, 1, 0.45])[1]
        owners.append(own[near])
        start += count
    owner = np.concatenate(owners)
    return Shell(
        np.concatenate(vertices), over.base[owner], over.shares[owner], over.coat_m[owner],
        np.concatenate(faces), panels,
    )  # fmt: skip


def _area(ring: np.ndarray) -> float:
    x, y = ring.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _cap(ids: np.ndarray) -> np.ndarray:
    """A ring closed by a strip from one side to the other (a fan leaves slivers)."""
    n = len(ids)
    faces = []
    low, high = 0, n - 1
    while high - low > 1:
        faces.append((ids[low], ids[low + 1], ids[high]))
        low += 1
        if high - low > 1:
            faces.append((ids[low], ids[high - 1], ids[high]))
            high -= 1
    return np.array(faces)


def _walls(upper: Shell, under: Shell) -> tuple[list[int], list[int]]:
    """The numbers of the soles' wall panels and cap panels (ground and top by turns)."""
    first = len(upper.panels)
    numbers = range(first, first + len(under.panels))
    return [k for k in numbers if (k - first) % 3 == 0], [k for k in numbers if (k - first) % 3]


def trainers() -> Asset:
    def inside(p: np.ndarray) -> np.ndarray:
        _, ahead, high = foot_m(p)
        opening = 0.092 + 0.014 * step(ahead, -0.02, -0.06)
        return opening - 0.10 * np.clip(ahead - 0.02, -0.02, 0.03) - high

    def ease(at: np.ndarray) -> np.ndarray:
        _, ahead, high = foot_m(at)
        return 0.006 + 0.005 * step(ahead, 0.06, 0.14) + 0.003 * step(high, 0.06, 0.09)

    upper = _upper(inside, ease, 6, 0.007)
    under = sole(upper, [
        (-0.028, -0.020, -0.004, -0.004), (-0.026, -0.018, 0.002, 0.003),
        (-0.012, -0.008, 0.004, 0.006), (0.006, 0.006, 0.004, 0.007), (0.013, 0.011, 0.001, 0.004),
        (0.016, 0.013, -0.006, -0.004),
    ])  # fmt: skip

    def paint(on: Cloth2D) -> None:
        tx = on.on
        across, ahead, high = foot_m(tx.coat_m)
        walls, caps = _walls(upper, under)
        rubber = tx.of(*walls, *caps)
        cloth = ~rubber
        on.weave("cotton", 31)
        mesh = np.sin(2 * np.pi * tx.flat_m[..., 0] / 0.004) * np.sin(
            2 * np.pi * tx.flat_m[..., 1] / 0.004
        )
        on.height_m += cloth * 0.0003 * mesh
        on.shade *= (1 + cloth * 0.05 * (mesh - 1))[..., None]
        toe = np.where(cloth, ahead - 0.118 + 0.9 * np.abs(across) - 0.02, -9)
        heel = np.where(cloth, -ahead - 0.030 + 0.25 * (high - 0.05), -9)
        eyelets = np.where(cloth & (high > 0.03), 0.030 - np.abs(np.abs(across) - 0.0), -9)
        eyelets = np.where((ahead > 0.025) & (ahead < 0.125), eyelets, -9)
        side = np.abs(across) > 0.028
        stripe = np.where(cloth & side, 0.011 - np.abs(0.7 * (ahead - 0.055) - (high - 0.035)), -9)
        for piece, dark in ((toe, 0.90), (heel, 0.82), (eyelets, 0.90), (stripe, 1.18)):
            on.layer(piece, 0.0012)
            on.shade[piece > 0] *= dark
            on.stitch(np.where(piece > -0.02, piece - 0.003, 9), tx.flat_m.sum(-1), (1.1, 1.1, 1.1))
        lace = np.where(
            cloth & (np.abs(across) < 0.021) & (ahead > 0.03) & (ahead < 0.122) & (high > 0.035),
            0.0042 - np.abs(np.mod(ahead + 0.35 * np.abs(across), 0.0165) - 0.008), -9,
        )  # fmt: skip
        on.layer(lace, 0.0025)
        on.shade[lace > 0] = 1.2
        collar = np.where(cloth, 0.012 - tx.hem_m, -9)
        on.layer(collar, 0.0015)
        on.shade[rubber] = np.array([1.19, 1.18, 1.15])
        tread = np.sin(2 * np.pi * tx.flat_m[..., 1] / 0.012)
        on.height_m[tx.of(*caps)] = 0.0015 * np.sign(tread)[tx.of(*caps)]
        line = tx.of(*walls)
        on.shade[line] *= (1 - 0.06 * (np.sin(2 * np.pi * tx.flat_m[..., 1] / 0.008) > 0.75))[line][
            :, None
        ]

    look = Look("trainers", card("Trainers", "shoes", "#c9cbd0"), 20, _hidden(inside), 0.7,
                ("Shoes",), 768)  # fmt: skip
    return sew([upper, under], look, paint)


def boots() -> Asset:
    def inside(p: np.ndarray) -> np.ndarray:
        return 0.185 - foot_m(p)[2]

    def ease(at: np.ndarray) -> np.ndarray:
        _, ahead, high = foot_m(at)
        shaft = step(high, 0.08, 0.14)
        return 0.006 + 0.004 * step(ahead, 0.06, 0.14) + 0.007 * shaft

    upper = _upper(inside, ease, 5, 0.006)
    under = sole(upper, [
        (-0.036, -0.016, -0.006, -0.008), (-0.034, -0.015, 0.001, -0.003),
        (-0.010, -0.008, 0.004, 0.000), (-0.008, -0.007, 0.005, 0.005),
        (0.004, 0.004, 0.005, 0.005),
        (0.006, 0.006, 0.000, 0.000), (0.007, 0.007, -0.006, -0.006),
    ])  # fmt: skip

    def paint(on: Cloth2D) -> None:
        tx = on.on
        across, ahead, high = foot_m(tx.coat_m)
        walls, caps = _walls(upper, under)
        rubber = tx.of(*walls, *caps)
        leather = ~rubber
        on.weave("leather", 32)
        bend = np.exp(-(((high - 0.085) / 0.02) ** 2)) * (ahead < 0.06)
        toes = np.exp(-(((ahead - 0.085) / 0.014) ** 2)) * (high > 0.03)
        on.wrinkle(0.0012, 0.025, leather * np.clip(bend + toes, 0, 1), 33)
        vamp = np.where(leather, ahead - 0.055 - 0.5 * np.clip(high - 0.09, -1, 0), -9)
        on.layer(vamp, 0.0010)
        on.stitch(np.where(vamp > -0.02, vamp - 0.003, 9), tx.flat_m.sum(-1), (1.15, 1.1, 1.0))
        side = np.where(leather, 0.020 - np.abs(ahead - 0.010), -9)
        gore = np.where((np.abs(across) > 0.018) & (high > 0.075) & (high < 0.175), side, -9)
        ribs = np.sin(2 * np.pi * ahead / 0.0035)
        inside_gore = gore > 0
        on.shade[inside_gore] *= (0.78 + 0.06 * ribs)[inside_gore][:, None]
        on.height_m[inside_gore] += (0.0004 * ribs)[inside_gore]
        on.stitch(np.where(gore > -0.02, gore + 0.003, 9), high, (1.15, 1.1, 1.0))
        on.groove(np.where(leather & (np.abs(across) < 0.02) & (ahead < 0), np.abs(across), 9))
        on.hemmed(0.008)
        on.shade[rubber] = 0.45

    look = Look("boots", card("Boots", "shoes", "#6b4a35"), 45, _hidden(inside), 0.5, ("Shoes",),
                768)  # fmt: skip
    return sew([upper, under], look, paint)


def flats() -> Asset:
    def inside(p: np.ndarray) -> np.ndarray:
        across, ahead, high = foot_m(p)
        side = 0.044 + 0.022 * step(ahead, 0.0, -0.05) + 0.05 * step(ahead, 0.075, 0.115)
        throat = 0.03 * (np.hypot(across / 0.036, (ahead - 0.040) / 0.070) - 1)
        return np.minimum(side - high, np.where(high > 0.022, throat, 0.02))

    def ease(at: np.ndarray) -> np.ndarray:
        _, ahead, _ = foot_m(at)
        return 0.0035 + 0.004 * step(ahead, 0.07, 0.14)

    upper = _upper(inside, ease, 4, 0.003)
    under = sole(upper, [
        (-0.014, -0.008, -0.004, -0.004), (-0.013, -0.007, 0.000, 0.000),
        (-0.002, -0.001, 0.001, 0.001), (0.002, 0.002, 0.000, 0.000),
        (0.003, 0.003, -0.006, -0.006),
    ])  # fmt: skip

    def paint(on: Cloth2D) -> None:
        tx = on.on
        walls, caps = _walls(upper, under)
        rubber = tx.of(*walls, *caps)
        on.weave("leather", 34)
        on.layer(np.where(rubber, -9, 0.0045 - tx.hem_m), 0.0014)
        on.groove(np.where(rubber, 9, tx.seam_m))
        on.shade[rubber] = 0.55

    look = Look("flats", card("Ballet flats", "shoes", "#8a3b45"), 20, _hidden(inside, 0.010), 0.4,
                ("Shoes",), 512)  # fmt: skip
    return sew([upper, under], look, paint)


def sandals() -> Asset:
    def inside(p: np.ndarray) -> np.ndarray:
        across, ahead, high = foot_m(p)
        bands = (
            np.minimum(0.0125 - np.abs(ahead - 0.118 + 0.35 * across), 0.1 - high),
            np.minimum(0.0125 - np.abs(ahead - 0.066 - 0.25 * across), 0.1 - high),
            np.minimum(0.0085 - np.abs(high - 0.088 + 0.30 * ahead), 0.14 - high),
            np.minimum(0.010 - np.abs(ahead + 0.040), 0.098 - high),
        )
        return np.max(np.stack(bands), axis=0)

    def ease(at: np.ndarray) -> np.ndarray:
        return np.full(len(at), 0.0032)

    upper = _upper(inside, ease, 2, 0.003, 2)
    foot = _upper(lambda p: 0.05 - foot_m(p)[2], ease, 4, 0.003, 1)
    under = sole(foot, [
        (-0.030, -0.020, -0.003, -0.003), (-0.029, -0.019, 0.001, 0.001),
        (-0.008, -0.007, 0.003, 0.003), (-0.002, -0.001, 0.003, 0.003),
        (0.000, 0.001, 0.001, 0.001),
        (0.0005, 0.0015, -0.006, -0.006),
    ])  # fmt: skip

    def paint(on: Cloth2D) -> None:
        tx = on.on
        walls, caps = _walls(upper, under)
        on.weave("leather", 35)
        cork = tx.of(*walls)
        on.stitch(
            np.where(tx.of(*walls, *caps), 9, tx.hem_m - 0.003), tx.flat_m.sum(-1), (1.2, 1.2, 1.2)
        )
        speck = np.sign(noise(tx.flat_m, 0.006, 36))
        on.shade[cork] = (np.array([1.0, 0.88, 0.70]) * (0.92 + 0.08 * speck[..., None]))[cork]
        on.shade[tx.of(*caps[1::2])] *= np.array([1.05, 0.95, 0.82])
        on.shade[tx.of(*caps[0::2])] = 0.4

    look = Look("sandals", card("Sandals", "shoes", "#8a6242"), 20, np.zeros(0, np.int64), 0.55,
                ("Shoes",), 512)  # fmt: skip
    return sew([upper, under], look, paint)


SHOES = (trainers, boots, flats, sandals)
