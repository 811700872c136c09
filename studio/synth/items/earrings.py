"""Earrings: stones in settings, hoops, and drops on hooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.paint import facets
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, painted, picked, plain
from studio.synth.items.turned import ball, drop, facing, ring, rounded, stone, turned
from studio.synth.solids import Piece, tube, unit

HOLE_M = np.array([0.0046, 0.0006, 0.0055])
"""Where the left lobe is pierced, on its outside; the thing hangs before it or through it."""
_OUT = unit(np.array([0.92, -0.38, 0.02]))
_DEEP_M = 0.0075
_Z = np.array([0.0, 0.0, 1.0])
GOLD: Colour = (0.86, 0.68, 0.36)
SILVER: Colour = (0.80, 0.80, 0.80)
ROSE: Colour = (0.84, 0.60, 0.50)
CLEAR: Colour = (0.80, 0.86, 0.92)
PEARL: Colour = (0.95, 0.92, 0.87)
METALS: tuple[Colour, ...] = (GOLD, SILVER, ROSE)
STONES: tuple[Colour, ...] = (
    CLEAR, (0.08, 0.22, 0.62), (0.03, 0.42, 0.24), (0.62, 0.04, 0.12), (0.42, 0.20, 0.58),
)  # fmt: skip


@dataclass(frozen=True)
class Earring:
    """One model. ``radius_m`` is the stone's, the ring's or the pear's, ``thick_m`` half as thick
    as the metal is, ``long_m`` how far a drop hangs under the lobe."""

    title: str
    shape: Literal["stud", "hoop", "drop"]
    radius_m: float
    thick_m: float = 0.0004
    long_m: float = 0.030
    metal: Colour = GOLD
    jewel: Colour = CLEAR


EARRINGS: dict[str, Earring] = {
    "studs": Earring("Studs", "stud", 0.0036, metal=SILVER),
    "hoops": Earring("Hoops", "hoop", 0.0125, 0.0012),
    "drops": Earring("Pearl drops", "drop", 0.0048, long_m=0.032, jewel=PEARL),
}
"""Three models."""


def varied(rng: np.random.Generator) -> Earring:
    """A random model."""
    model = one_of(rng, EARRINGS)
    return replace(
        model, radius_m=near(rng, model.radius_m, 0.25), thick_m=near(rng, model.thick_m, 0.2),
        long_m=near(rng, model.long_m, 0.3), metal=picked(rng, METALS),
        jewel=picked(rng, (*STONES, PEARL)),
    )  # fmt: skip


def earrings(model: Earring) -> Item:
    """The model as a thing to try on, a pair at its true size."""
    make = {"stud": _stud, "hoop": _hoop, "drop": _drop}[model.shape]
    made = [
        Made(stuff, {"ear.L": left, "ear.R": [piece.mirrored() for piece in left]})
        for stuff, left in make(model)
    ]
    return assembled(model.title, "earrings", made)


Makings = Sequence[tuple[Material, Sequence[Piece]]]


def metal(colour: Colour) -> Material:
    """Polished metal."""
    return plain("metal", colour, 0.16, 0.95)


def jewel(colour: Colour) -> Material:
    """A cut stone, or mother of pearl."""
    if colour == PEARL:
        return plain("jewel", colour, 0.28)
    return painted("jewel", facets(colour), 0.05)


def _post(model: Earring) -> list[Piece]:
    """The pin through the lobe, and the butterfly that holds it behind."""
    line = HOLE_M - np.linspace(-0.0004, _DEEP_M + 0.0016, 8)[:, None] * _OUT
    pin = tube(line, 0.0004, 0.0004, _Z, sides=8)
    turn = facing(-_OUT)
    behind = HOLE_M - _DEEP_M * _OUT
    wings = [
        ball(0.0012, 12, 8).moved(turn, behind + side * 0.0013 * turn[:, 0]) for side in (-1, 1)
    ]
    plate = turned(rounded(((0, -0.0004), (0.0022, -0.0004), (0.0022, 0.0003), (0, 0.0003)),
                           0.0003), 24)  # fmt: skip
    return [pin, *wings, plate.moved(turn, behind)]


def _stud(model: Earring) -> Makings:
    """A brilliant held by six claws in a cup."""
    r = model.radius_m
    turn = facing(_OUT)
    at = HOLE_M + (0.86 * r + 0.0003) * _OUT
    cup = turned(rounded(((0.0, -0.92 * r), (0.34 * r, -0.92 * r), (0.74 * r, -0.30 * r),
                          (0.66 * r, -0.28 * r), (0.25 * r, -0.80 * r)), 0.1 * r), 36)  # fmt: skip
    rim = ring(0.72 * r, 0.0003, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    claws: list[Piece] = []
    for angle in np.arange(6) * np.pi / 3 + np.pi / 6:
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        knots = ((0.62, -0.55), (0.95, -0.10), (1.03, 0.06), (0.92, 0.20), (0.80, 0.25))
        line = np.stack([a * r * out + b * r * _Z for a, b in knots])
        claws.append(tube(line, 0.085 * r, 0.085 * r, out + 0.3 * _Z, sides=8))
    held = [cup, rim.moved(np.eye(3), [0, 0, -0.32 * r]), *claws]
    return [
        (metal(model.metal), [*(one.moved(turn, at) for one in held), *_post(model)]),
        (jewel(model.jewel), [stone(r, 10).moved(turn, at)]),
    ]


def _hoop(model: Earring) -> Makings:
    """A ring through the lobe, with the catch behind it."""
    across = unit(np.array([0.60, -0.80, 0.0]))
    r = model.radius_m
    through = HOLE_M - 0.42 * _DEEP_M * _OUT
    middle = through - (r - 0.0002) * _Z
    hoop = ring(r, model.thick_m, across, _Z, 72, 14)
    back = middle + r * (np.cos(2.1) * across + np.sin(2.1) * _Z)
    along = unit(-np.sin(2.1) * across + np.cos(2.1) * _Z)
    t = np.linspace(-1, 1, 9)
    thick = 1.35 * model.thick_m * (1 - 0.2 * t**8)
    line = back + 0.0022 * t[:, None] * along
    catch = tube(line, thick, thick, np.cross(along, across), sides=14)
    return [(metal(model.metal), [hoop.moved(np.eye(3), middle), catch])]


def _drop(model: Earring) -> Makings:
    """A pear on a hook, a little stone above it."""
    wire = 0.00042
    front = HOLE_M + 0.0009 * _OUT
    knots = np.array([
        [0, -0.0115], [0.0006, -0.006], [0.0006, -0.002], [0.0, 0.0012], [-0.0035, 0.0032],
        [-0.0075, 0.0006], [-0.0092, -0.006], [-0.0094, -0.0125], [-0.0104, -0.0150],
    ])  # fmt: skip
    run = np.concatenate([[0], np.linalg.norm(np.diff(knots, axis=0), axis=1).cumsum()])
    at = np.linspace(0, run[-1], 40)
    flat = np.stack([np.interp(at, run, knots[:, k]) for k in range(2)], axis=-1)
    for _ in range(4):
        flat[1:-1] = 0.5 * flat[1:-1] + 0.25 * (flat[:-2] + flat[2:])
    line = front + flat[:, :1] * _OUT + flat[:, 1:] * _Z
    low = line[0]
    small = 0.42 * model.radius_m
    set_at = low - np.array([0, 0, 0.0010 + small])
    pear_m = max(model.long_m - 0.0115 - 2 * small - 0.004, 1.9 * model.radius_m)
    top = set_at - np.array([0, 0, small + 0.0022])
    beside = unit(np.cross(_Z, _OUT))
    eye = ring(0.0011, 0.8 * wire, _OUT, _Z, 24, 8)
    cup = ((0.0, -0.0012), (0.52 * model.radius_m, -0.0034), (0.58 * model.radius_m, -0.0032),
           (0.0009, 0.0006), (0.0, 0.0008))  # fmt: skip
    cap = turned(rounded(cup, 0.0004), 28)
    seat = turned(rounded(((0.0, -0.0006), (1.12 * small, -0.0006), (1.18 * small, 0.0001),
                           (1.02 * small, 0.0004), (0, 0.0)), 0.0002), 32)  # fmt: skip
    links = [
        eye.moved(np.eye(3), low - 0.0008 * _Z),
        ring(0.0011, 0.8 * wire, beside, _Z, 24, 8).moved(np.eye(3), top + 0.0012 * _Z),
    ]
    body = [tube(line, wire, wire, beside, sides=8), ball(0.0006, 10, 8).moved(np.eye(3), line[-1]),
            *links, cap.moved(np.eye(3), top), seat.moved(facing(_OUT), set_at)]  # fmt: skip
    pear = drop(model.radius_m, pear_m).moved(np.eye(3), top - 0.0004 * _Z)
    crystal = painted("crystal", facets(CLEAR), 0.05)
    return [
        (metal(model.metal), body),
        (jewel(model.jewel), [pear]),
        (crystal, [stone(small, 8).moved(facing(_OUT), set_at)]),
    ]
