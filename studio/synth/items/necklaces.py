"""Necklaces: chains with a pendant, and strings of pearls, as they lie on neck and chest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.body import neck_reach
from studio.synth.items.earrings import GOLD, METALS, PEARL, SILVER, STONES, jewel, metal
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, picked
from studio.synth.items.turned import ball, facing, ring, rounded, stone, turned
from studio.synth.solids import Piece, unit

_Z = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Necklace:
    """One model. ``thick_m`` is half a link's or a pearl's thickness, ``low_m`` how far below the
    notch of the breastbone it hangs, ``jewel_m`` the radius of the pendant's stone."""

    title: str
    shape: Literal["pendant", "pearls"]
    thick_m: float = 0.0011
    low_m: float = 0.050
    jewel_m: float = 0.0070
    metal: Colour = GOLD
    jewel: Colour = (0.08, 0.22, 0.62)


NECKLACES: dict[str, Necklace] = {
    "pendant": Necklace("Pendant", "pendant", 0.00068, 0.052, 0.0064),
    "pearls": Necklace("Pearls", "pearls", 0.0044, 0.024, metal=SILVER, jewel=PEARL),
}
"""Two models."""


def varied(rng: np.random.Generator) -> Necklace:
    """A random model."""
    model = one_of(rng, NECKLACES)
    return replace(
        model, thick_m=near(rng, model.thick_m, 0.2), low_m=near(rng, model.low_m, 0.3),
        jewel_m=near(rng, model.jewel_m, 0.25), metal=picked(rng, METALS),
        jewel=model.jewel if model.shape == "pearls" else picked(rng, STONES),
    )  # fmt: skip


def necklace(model: Necklace) -> Item:
    """The model as a thing to try on, for a neck of the reference width."""
    make = {"pendant": _pendant, "pearls": _pearls}[model.shape]
    made = [Made(stuff, {"neck": pieces}) for stuff, pieces in make(model)]
    return assembled(model.title, "necklace", made, "wearer")


def hung(low_m: float, over_m: float, points: int = 721) -> np.ndarray:
    """The line (points, 3) on which a necklace lies: from the nape over the left of the neck to the
    front, its lowest point so far below the notch, and back; ``over_m`` away from the skin."""
    turn = np.linspace(-np.pi, np.pi, points)
    ahead = np.abs(np.degrees(turn))
    share = np.clip(0.5 + 0.5 * np.cos(np.pi * np.clip(ahead / 78, 0, 1)), 0, 1) ** 0.8
    behind = np.interp(ahead, (78, 105, 140, 180), (0.0, 0.010, 0.012, 0.012))
    high = _even(0.044 + behind - (0.044 + low_m) * share, points // 40)
    skin = neck_reach(turn, high)
    away = np.maximum(skin, _even(skin, points // 10))
    away = np.maximum(_even(away, points // 30), skin) + over_m
    return np.stack([away * np.sin(turn), -away * np.cos(turn), high], axis=-1)


def _even(values: np.ndarray, wide: int) -> np.ndarray:
    """Values around a ring, averaged over so many to both sides."""
    ends = np.concatenate([values[-wide - 1 : -1], values, values[1 : wide + 1]])
    kernel = np.hanning(2 * wide + 3)[1:-1]
    return np.convolve(ends, kernel / kernel.sum(), mode="valid")


def _spaced(line: np.ndarray, step_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Points about so far apart along a closed line, their number even and one in the middle of the
    front, and the ways along it there."""
    run = np.concatenate([[0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    count = 2 * round(run[-1] / step_m / 2)
    at = np.linspace(0, run[-1], count, endpoint=False)
    where = np.stack([np.interp(at, run, line[:, k]) for k in range(3)], axis=-1)
    return where, unit(np.roll(where, -1, 0) - np.roll(where, 1, 0))


Makings = Sequence[tuple[Material, Sequence[Piece]]]


def _pendant(model: Necklace) -> Makings:
    """A chain of links, each turned to the next, a bail, and a stone in a bezel."""
    wire = model.thick_m
    line = hung(model.low_m, 2.1 * wire + 0.0006)
    where, along = _spaced(line, 5.6 * wire)
    links: list[Piece] = []
    for k, (at, way) in enumerate(zip(where, along, strict=True)):
        out = unit(at * [1, 1, 0.2])
        side = unit(np.cross(way, out))
        across = unit(side + out) if k % 2 else unit(side - out)
        links.append(ring(2.1 * wire, wire, across, way, 9, 4, 1.9).moved(np.eye(3), at))
    front = line[len(line) // 2]
    r = model.jewel_m
    down = front - [0, 0.0008, 0.0042 + r * 1.12]
    slope = unit(np.array([0.0, -1.0, 0.42]))
    turn = facing(slope)
    bail = ring(0.0026, 0.0007, np.array([0, 1.0, 0]), _Z, 28, 10, 1.35)
    eye = ring(0.0016, 0.0005, np.array([1.0, 0, 0]), _Z, 24, 8)
    profile = ((0.0, -0.34 * r), (0.80 * r, -0.34 * r), (1.16 * r, -0.06 * r), (1.16 * r, 0.14 * r),
               (0.97 * r, 0.15 * r), (0.94 * r, -0.04 * r), (0.5 * r, -0.24 * r))  # fmt: skip
    bezel = turned(rounded(profile, 0.07 * r), 40)
    beads = [
        ball(0.105 * r, 7, 5).moved(np.eye(3), [1.17 * r * np.cos(a), 1.17 * r * np.sin(a),
                                                 0.06 * r])
        for a in np.linspace(0, 2 * np.pi, 30, endpoint=False)
    ]  # fmt: skip
    held = [bezel, *beads]
    return [
        (metal(model.metal), [
            *links, bail.moved(np.eye(3), front - [0, 0.0004, 0.0014]),
            eye.moved(np.eye(3), front - [0, 0.0006, 0.0052]),
            *(one.moved(turn, down - 0.0006 * slope + 0.0012 * _Z) for one in held),
        ]),
        (jewel(model.jewel), [stone(0.99 * r, 12).moved(turn, down + 0.0012 * _Z)]),
    ]  # fmt: skip


def _pearls(model: Necklace) -> Makings:
    """Pearls on a thread, a little smaller towards the nape, and a clasp there."""
    line = hung(model.low_m, model.thick_m)
    where, along = _spaced(line, 2 * model.thick_m)
    ahead = np.abs(np.arctan2(where[:, 0], -where[:, 1])) / np.pi
    size = model.thick_m * (0.985 - 0.10 * ahead**2)
    pearls = [
        ball(r, 13, 8).moved(np.eye(3), at) for r, at in zip(size[1:], where[1:], strict=True)
    ]
    knots = [
        ball(0.30 * model.thick_m, 6, 4).moved(np.eye(3), 0.5 * (a + b))
        for a, b in zip(where, np.roll(where, -1, 0), strict=True)
    ]
    clasp = ball(0.8 * model.thick_m, 20, 12, 1.25).moved(facing(along[0]), where[0])
    return [(jewel(model.jewel), pearls), (metal(model.metal), [clasp, *knots])]
