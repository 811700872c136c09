"""Wrist watches: a case with lugs, a dial with hands under glass, a strap with its buckle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.earrings import GOLD, ROSE, SILVER
from studio.synth.items.paint import dial, leather
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, painted, picked, plain
from studio.synth.items.turned import rounded, swept, turned
from studio.synth.solids import Piece, grid, outwards, tube, unit

WRIST_M = (0.0286, 0.0247)
"""Half the width and the depth of what a strap goes around: the average forearm, and a little."""
_BACK_M = 0.0236
"""How far the case's back is before the middle of the forearm."""
_LUG_M = (0.0050, 0.0012)
"""How far the lugs reach beyond the case, and how high over its back they end."""
_TO_DIAL = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
"""From the case's own axes (x to 3 o'clock, y to 12, z out of the dial) to the wrist's: the crown
looks to the hand, the 12 to the little finger's side."""


@dataclass(frozen=True)
class Watch:
    """One model. ``radius_m`` is the case's, ``deep_m`` its thickness, ``strap_m`` the width of the
    strap at the case; ``dots`` marks the hours by dots, ``dive`` adds a bezel with minutes."""

    title: str
    radius_m: float = 0.0195
    deep_m: float = 0.0084
    strap_m: float = 0.0195
    metal: Colour = SILVER
    face: Colour = (0.93, 0.92, 0.89)
    marks: Colour = (0.10, 0.10, 0.12)
    strap: Colour = (0.34, 0.17, 0.08)
    dots: bool = False
    dive: bool = False


WATCHES: dict[str, Watch] = {
    "dress": Watch("Dress watch", 0.0190, 0.0076, 0.0185, GOLD),
    "diver": Watch("Diver's watch", 0.0208, 0.0108, 0.0205, SILVER, (0.03, 0.07, 0.15),
                   (0.90, 0.92, 0.88), (0.045, 0.05, 0.06), True, True),
}  # fmt: skip
"""Two models."""


def varied(rng: np.random.Generator) -> Watch:
    """A random model."""
    model = one_of(rng, WATCHES)
    size = near(rng, 1.0, 0.12)
    faces: tuple[Colour, ...] = ((0.93, 0.92, 0.89), (0.04, 0.04, 0.05), (0.06, 0.12, 0.26))
    face = picked(rng, faces)
    light = face[0] > 0.5
    straps: tuple[Colour, ...] = (
        (0.34, 0.17, 0.08), (0.06, 0.06, 0.06), (0.52, 0.32, 0.16), (0.12, 0.16, 0.26),
    )  # fmt: skip
    return replace(
        model, radius_m=model.radius_m * size, deep_m=near(rng, model.deep_m, 0.15),
        strap_m=model.strap_m * size, metal=picked(rng, (SILVER, GOLD, ROSE)), face=face,
        marks=(0.10, 0.10, 0.12) if light else (0.92, 0.92, 0.88), strap=picked(rng, straps),
        dots=bool(rng.random() < 0.5),
    )  # fmt: skip


def watch(model: Watch) -> Item:
    """The model as a thing to try on, at its true size."""
    made = [Made(stuff, {"wrist.L": pieces}) for stuff, pieces in _makings(model)]
    return assembled(model.title, "watch", made)


Makings = Sequence[tuple[Material, Sequence[Piece]]]


def _makings(model: Watch) -> Makings:
    r, deep = model.radius_m, model.deep_m
    face = deep - 0.0022
    steel = plain("case", model.metal, 0.2, 0.9)
    hands = plain("hands", model.marks, 0.3, 0.5)
    body = [_case(model), *_lugs(model), *_crown(model)]
    disc = _disc(0.90 * r if not model.dive else 0.78 * r, face)
    glass = _glass(0.905 * r if not model.dive else 0.79 * r, deep)
    found: list[tuple[Material, Sequence[Piece]]] = [
        (steel, [*_worn(body), *_buckle(model)]),
        (painted("dial", dial(model.face, model.marks, model.dots), 0.35), _worn([disc])),
        (hands, _worn(_hands(model, face))),
    ]
    if model.dive:
        bezel = painted("bezel", dial(model.strap, model.marks, True, bezel=True), 0.2)
        found.append((bezel, _worn([_bezel(model)])))
    found.append((_leather(model), _strap(model)))
    found.append((Material("glass", (0.92, 0.96, 1.0, 0.10), 0.0, 0.03), _worn([glass])))
    return found


def _worn(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece.moved(_TO_DIAL, [0.0, -_BACK_M, 0.0]) for piece in pieces]


def _case(model: Watch) -> Piece:
    """The case's wall and back; the bezel's slope ends at the glass."""
    r, deep = model.radius_m, model.deep_m
    inner = 0.90 * r
    profile = ((0.0, 0.0), (0.80 * r, 0.0), (0.97 * r, 0.0014), (r, 0.35 * deep),
               (r, 0.68 * deep), (0.975 * r, 0.84 * deep), (0.945 * r, deep),
               (inner, deep - 0.0003), (inner, deep - 0.0026))  # fmt: skip
    return turned(rounded(profile, 0.0007, 2), 56)


def _lugs(model: Watch) -> list[Piece]:
    """Four horns that bend down to the strap."""
    r, deep = model.radius_m, model.deep_m
    found: list[Piece] = []
    beside = 0.5 * model.strap_m + 0.0013
    for end in (-1, 1):
        for side in (-1, 1):
            t = np.linspace(0, 1, 12)
            y = 0.70 * r + t * (0.30 * r + _LUG_M[0])
            z = 0.60 * deep - t**2 * (0.60 * deep - _LUG_M[1])
            line = np.stack([0 * t + side * beside, end * y, z], axis=-1)
            tall = 0.0024 * (1 - 0.40 * t)
            found.append(tube(line, tall, 0.0013 * (1 - 0.15 * t), np.array([0, 0, 1.0]), sides=14,
                              square=1.9))  # fmt: skip
    return found


def _crown(model: Watch) -> list[Piece]:
    """The knob at 3 o'clock, fluted."""
    r, deep = model.radius_m, model.deep_m
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    flute = 1 + 0.06 * np.sign(np.sin(16 * turn))
    rows = np.array([(0.0, 0.0), (0.92, 0.0), (1.0, 0.12), (1.0, 0.85), (0.9, 1.0), (0.0, 1.0)])
    v = np.zeros((len(rows), len(turn), 3))
    for k, (wide, along) in enumerate(rows):
        ridge = flute if 0.05 < along < 0.95 else 1.0
        out = 0.0027 * wide * ridge
        v[k] = np.stack([r - 0.0004 + 0.0034 * along + 0 * turn, out * np.cos(turn),
                         0.48 * deep + out * np.sin(turn)], axis=-1)  # fmt: skip
    core = np.array([[r + 0.0013, 0, 0.48 * deep]])
    return [outwards(grid(v, np.full((len(rows), 65, 2), 0.5), True), core)]


def _disc(radius_m: float, high_m: float) -> Piece:
    """A round face whose picture is laid on flat."""
    piece = turned(((0.0, high_m), (0.5 * radius_m, high_m), (radius_m, high_m))[::-1], 64)
    return _pictured(piece, radius_m)


def _pictured(piece: Piece, radius_m: float) -> Piece:
    flat = piece.vertices[piece.faces][..., :2] / (2 * radius_m) + 0.5
    return Piece(piece.vertices, piece.faces, flat)


def _bezel(model: Watch) -> Piece:
    r, deep = model.radius_m, model.deep_m
    profile = ((0.98 * r, deep - 0.0012), (0.98 * r, deep + 0.0001), (0.95 * r, deep + 0.0007),
               (0.79 * r, deep + 0.0004), (0.77 * r, deep - 0.0022))  # fmt: skip
    return _pictured(turned(rounded(profile, 0.0004), 72), 0.98 * r)


def _glass(radius_m: float, deep_m: float) -> Piece:
    share = np.linspace(1, 0, 7)
    return turned(np.stack([radius_m * share, deep_m + 0.0002 + 0.0007 * (1 - share**2)], -1), 56)


def _hands(model: Watch, face_m: float) -> list[Piece]:
    """Ten past ten, and the seconds."""
    r = 0.90 * model.radius_m if not model.dive else 0.78 * model.radius_m
    found = [turned(rounded(((0.0, 0.0), (0.0012, 0.0), (0.0012, 0.0011), (0, 0.0012)), 0.0003),
                    20).moved(np.eye(3), [0, 0, face_m])]  # fmt: skip
    for hour, long, wide, high in ((10.16, 0.52, 0.075, 0.0004), (2.0, 0.80, 0.055, 0.0007),
                                   (7.1, 0.84, 0.016, 0.0010)):  # fmt: skip
        angle = np.pi / 2 - hour * np.pi / 6
        way = np.array([np.cos(angle), np.sin(angle), 0.0])
        t = np.linspace(-0.16, 1.0, 12)
        line = r * long * t[:, None] * way + [0, 0, face_m + high]
        half = 0.5 * r * wide * np.interp(t, (-0.16, 0.1, 0.85, 1.0), (0.8, 0.7, 1.0, 0.15))
        across = np.array([-way[1], way[0], 0.0])
        found.append(tube(line, half, 0.00012, across, sides=8, square=1.6))
    return found


def _leather(model: Watch) -> Material:
    return painted("strap", leather(model.strap, not model.dive), 0.7 if not model.dive else 0.5)


def _loop(model: Watch, points: int) -> np.ndarray:
    """Half the strap's line: from the lug at 12 o'clock under the arm (points, 3)."""
    a, b = WRIST_M
    start = np.array([model.radius_m + _LUG_M[0] - 0.0012, -(_BACK_M + _LUG_M[1])])
    angle = np.linspace(np.radians(84), np.pi + 0.30, points - points // 3)
    power = 2 / 2.25
    c, s = np.cos(angle), np.sin(angle)
    x = a * np.sign(s) * np.abs(s) ** power
    y = -b * np.sign(c) * np.abs(c) ** power
    below = np.stack([x, y], axis=-1)
    t = np.linspace(0, 1, points // 3, endpoint=False)[:, None]
    one, other = start + np.array([0.0042, 0.0022]), below[0] - np.array([0.0006, 0.0100])
    above = ((1 - t) ** 3 * start + 3 * t * (1 - t) ** 2 * one + 3 * t**2 * (1 - t) * other
             + t**3 * below[0])  # fmt: skip
    flat = np.concatenate([above, below])
    return np.stack([flat[:, 0], flat[:, 1], 0 * flat[:, 0]], axis=-1)


def _strap(model: Watch) -> list[Piece]:
    """Both halves, thick at the case; the end of one lies over the other under the arm."""
    found: list[Piece] = []
    for side in (-1.0, 1.0):
        line = _loop(model, 42)
        t = np.linspace(0, 1, len(line))
        over = 0.0023 if side > 0 else 0.0
        reach = 1.0 if side > 0 else 0.94
        line = line[: int(reach * len(line))]
        t = t[: len(line)]
        out = unit(line * [1 / WRIST_M[0] ** 2, 1 / WRIST_M[1] ** 2, 0])
        line = line + (over * np.clip((t - 0.60) / 0.18, 0, 1))[:, None] * out
        line = line * [side, 1, 1]
        out = out * [side, 1, 1]
        half = 0.5 * model.strap_m * (1 - 0.16 * np.clip(t / 0.8, 0, 1))
        thick = 0.0011 + 0.0009 * np.clip(1 - t / 0.25, 0, 1)
        found.append(swept(line, _band(half, thick), out))
    return found


def _band(half: np.ndarray, thick: np.ndarray) -> np.ndarray:
    """A strap's section (n, m, 2), its edges rounded: half its thickness outwards, its half width
    beside."""
    angle = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    c, s = np.sign(c) * np.abs(c) ** 0.6, np.sign(s) * np.abs(s) ** 0.35
    return np.stack([thick[:, None] * c, half[:, None] * s], axis=-1)


def _buckle(model: Watch) -> list[Piece]:
    """A frame and its pin under the arm."""
    half = 0.42 * model.strap_m + 0.0014
    y = WRIST_M[1] + 0.0030
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    x = 0.0062 * np.sign(c) * np.abs(c) ** 0.5 + 0.0022
    z = half * np.sign(s) * np.abs(s) ** 0.35
    frame = np.stack([x, y - 0.14 * (x / 0.01) ** 2 * 0.004, z], axis=-1)
    pin = np.stack([np.linspace(-0.0038, 0.0092, 8), np.full(8, y + 0.0006), np.zeros(8)], axis=-1)
    up = np.array([0.0, 1.0, 0.0])
    return [tube(frame, 0.0009, 0.0009, up, closed=True, sides=10), tube(pin, 0.0007, 0.0007, up)]
