"""The hair styles of the starter wardrobe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.synth.solids import Piece, joined, unit

from . import combs
from .body import scalp
from .grow import DOWN, cap, grow, ribbons
from .layers import Layer, edged, layer
from .strands import CURLY, DENSE, OPEN, WISPY


def _side(low: float, share: float) -> Callable[[np.ndarray], np.ndarray]:
    """Shorter below: ``share`` of the length at ``low`` m above the chin's level, all on top."""

    def of(p: np.ndarray) -> np.ndarray:
        return share + (1 - share) * np.clip((p[:, 2] - low) / (0.785 - low), 0, 1)

    return of


def buzz() -> Piece:
    """Clipped to a few millimetres."""
    ground = scalp(0.003)
    flow = combs.from_crown(0.5, 0.7)
    short = Layer(0.0072, 0.0095, 0.0066, 0.0026, DENSE[1:3], 2, 0.1, 0.006, ruffle=0.25, taper=0.7,
                  root=0.3)  # fmt: skip
    return joined([
        cap(ground),
        cap(ground, 0.0016, stubble=True),
        layer(short, flow, ground, 1),
    ])  # fmt: skip


def crop() -> Piece:
    """A short crop, brushed forward."""
    ground = scalp()
    flow = combs.from_crown(0.5, 0.5)
    size = _side(0.69, 0.42)
    under = Layer(0.0121, 0.024, 0.0167, 0.003, DENSE[:3], 3, 0.3, taper=0.8)
    return joined([
        cap(ground),
        layer(under, flow, ground, 1, size),
        layer(replace(under, spacing_m=0.0104, length_m=0.031, width_m=0.0113, height_m=0.007,
                      columns=DENSE[1:5], lift=0.7), flow, ground, 2, size),
        layer(replace(under, spacing_m=0.0113, length_m=0.034, width_m=0.0086, height_m=0.010,
                      columns=OPEN, lift=0.8, ruffle=0.3), flow, ground, 3, size),
    ])  # fmt: skip


def receding() -> Piece:
    """Short hair over a forehead that has grown high."""
    ground = scalp(0.034)
    flow = combs.from_crown(0.1, 0.6)
    size = _side(0.69, 0.6)
    under = Layer(0.0103, 0.018, 0.014, 0.0025, DENSE[:3], 3, 0.25, taper=0.8)
    return joined([
        cap(ground),
        layer(under, flow, ground, 1, size),
        layer(replace(under, length_m=0.021, width_m=0.0097, height_m=0.005, columns=OPEN,
                      lift=0.5, ruffle=0.2), flow, ground, 2, size),
    ])  # fmt: skip


def side_part() -> Piece:
    """Short at the sides, longer on top, combed over from a part on the left."""
    ground = scalp()
    flow = combs.swept(1.0, 0.75)
    size = _side(0.70, 0.3)
    under = Layer(0.0127, 0.042, 0.0167, 0.003, DENSE[:3], 4, 0.2, taper=0.75)
    over = replace(under, spacing_m=0.0112, length_m=0.060, width_m=0.0115, height_m=0.008,
                   columns=DENSE[1:5], steps=5, lift=0.55, bend_m=0.02, hug=0.5, ruffle=0.06,
                   weight=0.3, rise=0.4)  # fmt: skip
    return joined([
        cap(ground),
        layer(under, flow, ground, 1, size),
        layer(edged(over), flow, ground, 4, size),
        layer(over, flow, ground, 2, size),
        layer(replace(over, spacing_m=0.0135, length_m=0.064, width_m=0.0086, height_m=0.010,
                      columns=OPEN, lift=0.65, ruffle=0.12), flow, ground, 3, size),
    ])  # fmt: skip


def swept_back() -> Piece:
    """Combed back from the forehead, with volume, and short at the sides."""
    ground = scalp(0.006)
    flow = combs.swept_back()
    size = _side(0.70, 0.28)
    under = Layer(0.0127, 0.05, 0.0167, 0.003, DENSE[:3], 4, 0.2, taper=0.75, ruffle=0.05, rise=0.4)
    return joined([
        cap(ground),
        layer(under, flow, ground, 1, size),
        layer(edged(under), flow, ground, 4, size),
        layer(replace(under, spacing_m=0.0123, length_m=0.075, width_m=0.013, height_m=0.013,
                      columns=DENSE[1:5], steps=5, lift=1.3, bend_m=0.017, hug=0.5, rise=0.7,
                      weight=0.7), flow, ground, 2, size),
        layer(replace(under, spacing_m=0.0149, length_m=0.08, width_m=0.0086, height_m=0.017,
                      columns=OPEN, steps=5, lift=1.4, bend_m=0.018, hug=0.5, ruffle=0.1, rise=0.7,
                      weight=0.7), flow, ground, 3, size),
    ])  # fmt: skip


def afro() -> Piece:
    """Tight curls that stand around the head."""
    ground = scalp()

    def flow(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        return unit(p - combs.MIDDLE - [0, 0.01, -0.01])

    def curl(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return combs.waved(path, 0.0045, 0.022, rng, 0.0)

    size = _side(0.66, 0.62)
    under = Layer(0.0135, 0.030, 0.0238, 0.03, CURLY[:2], 4, 1.5, 0.05, 0.0, 1.2, 1.0,
                  ruffle=0.3, weight=0.0, spread=0.05)  # fmt: skip
    return joined([
        cap(ground),
        layer(under, flow, ground, 1, size, shape=curl),
        layer(replace(under, spacing_m=0.0117, length_m=0.046, height_m=0.05, columns=CURLY[:3],
                      ruffle=0.4, steps=5), flow, ground, 2, size, shape=curl),
        layer(replace(under, spacing_m=0.0135, length_m=0.050, height_m=0.05, columns=CURLY[1:],
                      ruffle=0.45, steps=5, root=0.25), flow, ground, 3, size, shape=curl),
    ])  # fmt: skip


def curly() -> Piece:
    """Loose curls to the jaw, parted in the middle."""
    ground = scalp()
    flow = combs.parted(-0.012, 0.1, 0.8, 0.7)

    def curl(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return combs.waved(path, 0.009, 0.052, rng, 0.05)

    def size(p: np.ndarray) -> np.ndarray:
        return 0.6 + 0.4 * np.clip((p[:, 2] - 0.68) / 0.12, 0, 1)

    spec = Layer(0.0190, 0.135, 0.0250, 0.006, CURLY[:2], 15, 0.4, 0.014, 0.4, 0.3, 0.8,
                 ruffle=0.12, spread=0.12)  # fmt: skip
    return joined([
        cap(ground),
        layer(spec, flow, ground, 1, size, shape=curl),
        layer(replace(spec, length_m=0.15, height_m=0.018, columns=CURLY[:3],
                      lift=0.8), flow, ground, 2, size, shape=curl),
        layer(replace(spec, spacing_m=0.0215, length_m=0.155, height_m=0.025, columns=CURLY[1:],
                      lift=1.1, ruffle=0.25), flow, ground, 3, size, shape=curl),
    ])  # fmt: skip


def _at_part(part_x: float) -> Callable[[np.ndarray], np.ndarray]:
    """The places along a part, from the forehead to the crown."""

    def of(p: np.ndarray) -> np.ndarray:
        return (np.abs(p[:, 0] - part_x) < 0.016) & (p[:, 2] > 0.765) & (p[:, 1] < 0.01)

    return of


def bob() -> Piece:
    """A bob to the chin, parted on the left, its ends turned in."""
    ground = scalp()
    flow = combs.parted(0.022, 0.1, 1.0, 0.8)

    def size(p: np.ndarray) -> np.ndarray:
        over = np.clip((p[:, 2] - 0.68) / 0.12, 0, 1)
        return 0.45 + 0.55 * over

    def turned(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        t = np.linspace(0, 1, path.shape[1])
        inwards = unit((combs.MIDDLE - path) * [1, 1, 0]) * 0.016
        return path + inwards * (np.clip((t - 0.62) / 0.38, 0, 1) ** 2)[None, :, None]

    spec = Layer(0.016, 0.172, 0.0238, 0.005, DENSE[:3], 7, 0.15, 0.012, 0.6, 0.12, 0.85,
                 inside_m=0.001, ruffle=0.05, spread=0.05)  # fmt: skip
    return joined([
        cap(ground),
        layer(spec, flow, ground, 1, size, shape=turned),
        layer(replace(spec, spacing_m=0.0151, height_m=0.012, columns=DENSE[1:], lift=0.4), flow,
              ground, 2, size, shape=turned),
        layer(replace(spec, spacing_m=0.0205, height_m=0.0135, columns=OPEN, lift=0.35,
                      width_m=0.0162, ruffle=0.07, roll=0.2), flow, ground, 3, size,
              shape=turned),
        layer(replace(spec, spacing_m=0.008, columns=DENSE[2:], width_m=0.014, inside_m=-0.001),
              flow, ground, 4, size, _at_part(0.022), turned),
        layer(edged(spec), flow, ground, 5, size, shape=turned),
    ])  # fmt: skip


def _long(length_m: float, part_x: float, waves: bool) -> Piece:
    ground = scalp()
    flow = combs.parted(part_x, 0.25, 1.0, 0.9)

    def size(p: np.ndarray) -> np.ndarray:
        return 0.72 + 0.35 * np.clip((p[:, 2] - 0.68) / 0.12, 0, 1)

    def shape(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return combs.waved(path, 0.009, 0.085, rng) if waves else path

    steps = round(length_m / 0.026) if waves else 9
    spec = Layer(0.0167, length_m, 0.0259, 0.005, DENSE[:3], steps, 0.1, 0.012, 0.7, 0.12, 0.7,
                 inside_m=0.002, ruffle=0.05, spread=0.07)  # fmt: skip
    return joined([
        cap(ground),
        layer(spec, flow, ground, 1, size, shape=shape),
        layer(replace(spec, spacing_m=0.0157, height_m=0.011, columns=DENSE[1:], lift=0.35,
                      inside_m=0.001), flow, ground, 2, size, shape=shape),
        layer(replace(spec, spacing_m=0.0216, height_m=0.0125, columns=OPEN, lift=0.3,
                      inside_m=0.004, width_m=0.0173, ruffle=0.07, roll=0.2), flow, ground, 3,
              size, shape=shape),
        layer(replace(spec, spacing_m=0.008, columns=DENSE[2:], width_m=0.014, inside_m=-0.001),
              flow, ground, 4, size, _at_part(part_x), shape),
        layer(edged(spec), flow, ground, 5, size, shape=shape),
    ])  # fmt: skip


def long_straight() -> Piece:
    """Long straight hair, parted in the middle."""
    return _long(0.36, 0.0, False)


def wavy() -> Piece:
    """Waves to the shoulders, parted on the left."""
    return _long(0.25, 0.025, True)


def _tied(knot: np.ndarray, high_m: float) -> list[Piece]:
    """Hair combed smoothly to a knot."""
    ground = scalp()
    flow = combs.gathered(knot)

    def size(p: np.ndarray) -> np.ndarray:
        return np.linalg.norm(knot - p, axis=1) * 1.12

    def met(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        t = np.linspace(0, 1, path.shape[1])[None, :, None]
        goal = knot + rng.normal(0, 0.005, (len(path), 3))
        return path + t**3 * (goal - path[:, -1])[:, None]

    spec = Layer(0.0157, 1.0, 0.0221, 0.004, DENSE[2:4], 8, 0.1, 0.01, 0.9, 0.06, 0.5,
                 inside_m=0.012, ruffle=0.02, spread=0.0, weight=0.0, root=0.16)  # fmt: skip
    loose = replace(spec, spacing_m=0.0205, columns=OPEN, height_m=high_m + 0.001, ruffle=0.05,
                    lift=0.3, width_m=0.0151)  # fmt: skip
    first = replace(edged(spec), height_m=0.003, root=0.02)
    wisps = Layer(0.008, 0.022, 0.005, 0.002, WISPY, 3, 0.3, 0.02, 0.1, 0.35, ruffle=0.35,
                  within_m=0.008)  # fmt: skip

    def front(p: np.ndarray) -> np.ndarray:
        return p[:, 1] < -0.02

    return [
        cap(ground),
        layer(spec, flow, ground, 1, size, shape=met),
        layer(replace(spec, spacing_m=0.0167, height_m=high_m, columns=DENSE[3:], lift=0.3), flow,
              ground, 2, size, shape=met),
        layer(loose, flow, ground, 3, size, shape=met),
        layer(first, flow, ground, 5, size, shape=met),
        layer(wisps, combs.gathered(knot), ground, 4, where=front),
    ]  # fmt: skip


def ponytail() -> Piece:
    """Gathered at the back of the head into a tail."""
    knot = np.array([0, 0.072, 0.752])
    rng = np.random.default_rng(9)

    def flow(p: np.ndarray, t: np.ndarray, root: np.ndarray) -> np.ndarray:
        return DOWN + np.array([0, 0.35, 0]) * (1 - t)[:, None]

    tails = []
    for count, reach, columns in (
        (44, 0.007, DENSE[:4]),
        (40, 0.012, DENSE[2:]),
        (22, 0.015, OPEN),
    ):
        turn = rng.uniform(0, 2 * np.pi, count)
        out = np.stack([np.cos(turn), 0.2 * np.sin(turn), np.sin(turn)], axis=-1)
        at = knot + out * reach * rng.uniform(0.3, 1, (count, 1))
        way = unit(np.array([0, 1.0, 0.35]) + 0.55 * out)
        long = 0.27 * rng.uniform(0.8, 1.08, count)
        path = grow(at, way, long, combs.ruffled(flow, 0.06, 3), 9, np.full(count, 0.004), 2.5,
                    0.03, 0.0, 0.4)  # fmt: skip
        spread = np.sin(np.pi * np.linspace(0, 1, 10) ** 0.8)[None, :, None]
        path = path + 0.012 * spread * (out * [1, 0.3, 0.0])[:, None] * rng.uniform(0.3, 1.2)
        tails.append(ribbons(path, np.full(count, 0.017), rng.choice(columns, count),
                             rng.normal(0, 0.5, count), 0.5))  # fmt: skip
    return joined(
        [*_tied(knot, 0.006), *tails, _ring(knot + np.array([0, 0.002, 0.001]), 0.0125, 0.0045)]
    )


def _ring(centre: np.ndarray, radius_m: float, thick_m: float) -> Piece:
    """A hair tie: a torus around the axis that leaves the head."""
    a, b = np.meshgrid(np.linspace(0, 2 * np.pi, 21)[:-1], np.linspace(0, 2 * np.pi, 9)[:-1],
                       indexing="ij")  # fmt: skip
    away = radius_m + thick_m * np.cos(b)
    v = np.stack([away * np.cos(a), 1.6 * thick_m * np.sin(b), away * np.sin(a)], axis=-1) + centre
    index = np.arange(160).reshape(20, 8)
    i, j = np.roll(index, -1, 0), np.roll(index, -1, 1)
    k = np.roll(i, -1, 1)
    faces = np.concatenate([np.stack([index, i, k], -1), np.stack([index, k, j], -1)]).reshape(
        -1, 3
    )
    return Piece(v.reshape(-1, 3), faces, np.tile([0.5, 0.02], (len(faces), 3, 1)))


def bun() -> Piece:
    """Wound into a bun at the back of the head."""
    knot = np.array([0, 0.062, 0.778])
    axis = unit(np.array([0, 1.0, 0.55]))
    centre, radius = knot + 0.018 * axis, 0.034
    rng = np.random.default_rng(4)
    x = np.array([1.0, 0, 0])
    y = np.cross(axis, x)
    wound = []
    for shell, count, columns in ((0.86, 34, DENSE[:3]), (1.0, 46, DENSE[1:]), (1.06, 18, OPEN)):
        start = rng.uniform(0, 2 * np.pi, count)[:, None]
        t = np.linspace(0, 1, 10)[None]
        lean = rng.normal(0, 0.35, (count, 1))
        turn = start + 2.6 * t
        level = rng.uniform(-0.85, 0.9, (count, 1)) + lean * np.sin(turn + start)
        level = np.clip(level, -0.95, 0.97)
        ring = np.sqrt(1 - level**2)
        out = ring[..., None] * (np.cos(turn)[..., None] * x + np.sin(turn)[..., None] * y)
        out = out + 0.8 * level[..., None] * axis
        path = centre + radius * shell * rng.uniform(0.97, 1.03, (count, 1, 1)) * out
        sides = unit(np.cross(unit(np.gradient(path, axis=1)), unit(out)))
        wound.append(ribbons(path, np.full(count, 0.014), rng.choice(columns, count),
                             np.zeros(count), 0.8, sides=sides, ends=(0.15, 1.0)))  # fmt: skip
    return joined([*_tied(knot, 0.006), *wound])


STYLES: dict[str, Callable[[], Piece]] = {
    "buzz": buzz, "crop": crop, "receding": receding, "side_part": side_part,
    "swept_back": swept_back, "afro": afro, "curly": curly, "bob": bob, "wavy": wavy,
    "long_straight": long_straight, "ponytail": ponytail, "bun": bun,
}  # fmt: skip
