"""Hats: caps with visors, knitted beanies, brimmed hats of felt and straw, top hats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.paint import felt, knitted, panels, straw
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, painted, picked, plain
from studio.synth.items.skull import CENTRE_M, level, shell
from studio.synth.solids import Piece, grid, unit

COLUMNS = 72
_TURN = np.linspace(0, 2 * np.pi, COLUMNS, endpoint=False)
_UP = np.array([0.0, 0.0, 1.0])
_DARK: Colour = (0.10, 0.095, 0.09)


@dataclass(frozen=True)
class Hat:
    """One model. ``front_m``, ``side_m`` and ``back_m`` are the heights of its lower edge over the
    middle between the ears, ``tall_m`` the height of a crown over it, ``brim_m`` the width of brim
    or visor; ``curl`` lifts a brim's sides, ``pinch`` is how far the crown is pressed in."""

    title: str
    shape: Literal["cap", "beanie", "felt", "straw", "top hat"]
    front_m: float = 0.056
    side_m: float = 0.040
    back_m: float = 0.026
    tall_m: float = 0.115
    brim_m: float = 0.062
    curl: float = 0.014
    pinch: float = 1.0
    slack_m: float = 0.014
    colour: Colour = (0.14, 0.17, 0.24)
    other: Colour = (0.14, 0.17, 0.24)


HATS: dict[str, Hat] = {
    "cap": Hat("Cap", "cap", 0.056, 0.037, 0.016, brim_m=0.070, colour=(0.13, 0.20, 0.34),
               other=(0.13, 0.20, 0.34)),
    "trucker": Hat("Two-coloured cap", "cap", 0.058, 0.038, 0.018, brim_m=0.074,
                   colour=(0.86, 0.85, 0.81), other=(0.66, 0.13, 0.11)),
    "beanie": Hat("Beanie", "beanie", 0.050, 0.022, -0.004, colour=(0.74, 0.52, 0.16)),
    "slouch beanie": Hat("Slouch beanie", "beanie", 0.056, 0.027, 0.002, slack_m=0.026,
                         colour=(0.30, 0.34, 0.36)),
    "fedora": Hat("Fedora", "felt", 0.053, 0.042, 0.033, 0.112, 0.058, colour=(0.36, 0.30, 0.25),
                  other=(0.11, 0.09, 0.08)),
    "sun hat": Hat("Sun hat", "straw", 0.053, 0.041, 0.032, 0.104, 0.098, -0.010, 0.25,
                   colour=(0.86, 0.74, 0.52), other=(0.16, 0.24, 0.36)),
    "panama": Hat("Panama", "straw", 0.053, 0.042, 0.034, 0.110, 0.060, 0.010, 0.9,
                  colour=(0.92, 0.88, 0.78), other=(0.08, 0.08, 0.08)),
    "top hat": Hat("Top hat", "top hat", 0.055, 0.046, 0.040, 0.160, 0.048, 0.018,
                   colour=(0.05, 0.05, 0.055), other=(0.03, 0.03, 0.03)),
}  # fmt: skip
"""Eight models."""

_CLOTHS: tuple[Colour, ...] = (
    (0.08, 0.08, 0.09), (0.13, 0.20, 0.34), (0.62, 0.13, 0.11), (0.20, 0.32, 0.22),
    (0.86, 0.85, 0.81), (0.72, 0.60, 0.42), (0.42, 0.43, 0.45), (0.74, 0.52, 0.16),
    (0.42, 0.20, 0.36), (0.26, 0.46, 0.58),
)  # fmt: skip
_FELTS: tuple[Colour, ...] = (
    (0.36, 0.30, 0.25), (0.11, 0.10, 0.10), (0.46, 0.38, 0.28), (0.28, 0.29, 0.31),
    (0.36, 0.10, 0.12), (0.16, 0.22, 0.20),
)  # fmt: skip
_STRAWS: tuple[Colour, ...] = ((0.86, 0.74, 0.52), (0.92, 0.88, 0.78), (0.62, 0.46, 0.28))
_COLOURS = {"cap": _CLOTHS, "beanie": _CLOTHS, "felt": _FELTS, "straw": _STRAWS,
            "top hat": ((0.05, 0.05, 0.055), (0.30, 0.30, 0.32))}  # fmt: skip


def varied(rng: np.random.Generator) -> Hat:
    """A random model, set a little higher or lower, straighter or deeper in the neck."""
    hat = one_of(rng, HATS)
    lift = float(rng.uniform(-0.005, 0.007))
    tilt = float(rng.uniform(-0.005, 0.005))
    colour = picked(rng, _COLOURS[hat.shape])
    same = hat.shape == "cap" and rng.random() < 0.6
    return replace(
        hat, front_m=max(hat.front_m + lift + tilt, 0.048), side_m=hat.side_m + lift,
        back_m=hat.back_m + lift - tilt, tall_m=near(rng, hat.tall_m, 0.12),
        brim_m=near(rng, hat.brim_m, 0.2), curl=near(rng, hat.curl, 0.5),
        pinch=near(rng, hat.pinch, 0.3), slack_m=near(rng, hat.slack_m, 0.4),
        colour=colour, other=colour if same else picked(rng, (*_CLOTHS, _DARK)),
    )  # fmt: skip


def hat(model: Hat) -> Item:
    """The model as a thing to try on, for a head of the reference width."""
    make = {"cap": _cap, "beanie": _beanie}.get(model.shape, _brimmed)
    made = [Made(material, {"head": pieces}) for material, pieces in make(model)]
    return assembled(model.title, "hat", made, "wearer")


Makings = list[tuple[Material, list[Piece]]]


def _edge(model: Hat, turn: np.ndarray = _TURN) -> np.ndarray:
    """The heights of the lower edge around the head."""
    ends, half = 0.5 * (model.front_m + model.back_m), 0.5 * (model.front_m - model.back_m)
    return ends + half * np.cos(turn) + (model.side_m - ends) * np.sin(turn) ** 2


def _around(rows: int, low: float, high: float, across: float = 1.0) -> np.ndarray:
    """Texture coordinates of rows that go around (rows, COLUMNS + 1, 2)."""
    u = np.linspace(0, across, COLUMNS + 1)
    v = np.linspace(low, high, rows)
    return np.stack(np.broadcast_arrays(u[None], v[:, None]), axis=-1)


def _faced(piece: Piece, way: np.ndarray) -> Piece:
    """The piece turned so that most of it faces away from a point."""
    corners = piece.vertices[piece.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return piece if ((corners.mean(1) - way) * normal).sum() > 0 else piece.flipped()


def _closed(outer: np.ndarray, thick_m: float, uv: np.ndarray) -> tuple[Piece, Piece]:
    """A shell with its crown closed and its edge rounded, and the lining inside."""
    crown = outer[-1].mean(0) + 0 * outer[-1:]
    middle = CENTRE_M * [1, 1, 0] + outer * [0, 0, 1]
    inner = outer + thick_m * unit(0.5 * (CENTRE_M + middle) - outer)
    lip = 0.5 * (outer[:1] + inner[:1]) - [0, 0, 0.5 * thick_m]
    first = np.concatenate([uv[:1], uv[:1], uv, uv[-1:]])
    sheet = grid(np.concatenate([inner[:1], lip, outer, crown]), first, True)
    lid = inner[-1].mean(0) + 0 * inner[-1:]
    lining = grid(np.concatenate([inner, lid]), np.concatenate([uv, uv[-1:]]), True)
    return _faced(sheet, CENTRE_M), _faced(lining, CENTRE_M).flipped()


def _cap(model: Hat) -> Makings:
    """Six panels, a button, and a curved visor of two sides."""
    on, way = shell(_TURN, _edge(model), 18)
    h = np.linspace(0, 1, 18)[:, None]
    front = 0.5 + 0.5 * np.cos(_TURN)
    seams = 0.0008 * np.abs(np.cos(3 * _TURN)) ** 0.35
    room = 0.0045 + 0.011 * (0.35 + 0.65 * front**2) * np.sin(np.pi * h) ** 0.7 + 0.0025 * h
    outer = on + (room - seams * h**0.2)[..., None] * way
    body, lining = _closed(outer, 0.0016, _around(18, 0.0, 1.0))
    cloth = painted("cloth", panels(model.colour, 6), 0.85)
    top = outer[-1].mean(0)
    return [
        (cloth, [body]),
        (plain("visor", model.other, 0.8), [_visor(model, outer[1]), _button(top)]),
        (plain("lining", _DARK, 0.9), [lining]),
    ]


def _visor(model: Hat, ring: np.ndarray) -> Piece:
    t = np.linspace(-1, 1, 31)
    closed, places = np.concatenate([ring, ring[:1]]), np.linspace(0, 2 * np.pi, COLUMNS + 1)
    root = np.stack(
        [np.interp((0.98 * t) % (2 * np.pi), places, closed[:, k]) for k in range(3)], 1
    )
    root += np.array([0, 0.0015, 0.002])
    reach = model.brim_m * (1 - np.abs(t) ** 2.4) ** 0.5
    fall = 0.024 * t**2 + 0.004
    tip = root + np.stack(
        [0.16 * t * reach, -reach, -fall * reach / model.brim_m - 0.12 * reach], 1
    )
    depth = np.linspace(0, 1, 9)[:, None, None]
    top = root + depth * (tip - root) + depth * (1 - depth) * np.array([0, 0, 0.010])
    under = top - np.array([0, 0, 0.0026])
    rim = 0.5 * (top[-1:] + under[-1:]) + [0, -0.0012, 0]
    sheet = np.concatenate([top, rim, under[::-1]])
    uv = np.stack(np.broadcast_arrays(0.5 + 0.5 * t[None], np.linspace(0, 1, 19)[:, None]), -1)
    return _upwards(grid(sheet, uv))


def _upwards(piece: Piece) -> Piece:
    """The piece turned so that its first faces look up."""
    corners = piece.vertices[piece.faces[: len(piece.faces) // 3]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return piece if normal[:, 2].sum() > 0 else piece.flipped()


def _button(at: np.ndarray) -> Piece:
    a = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    rows = np.array([[0.0085, -0.002], [0.0090, 0.0016], [0.0065, 0.0042], [0.0004, 0.0052]])
    v = np.stack([rows[:, :1] * np.cos(a), rows[:, :1] * np.sin(a), rows[:, 1:] + 0 * a], -1) + at
    return _faced(grid(v, np.zeros((4, 17, 2)), True), at)


def _beanie(model: Hat) -> Makings:
    """Knitted, with a turned-up cuff and some slack at the top."""
    rows = 26
    on, way = shell(_TURN, _edge(model), rows)
    h = np.linspace(0, 1, rows)[:, None]
    cuff = 0.0055 * (1 - np.clip((h - 0.30) / 0.04, 0, 1))
    slack = model.slack_m * 0.5 * (1 - np.cos(np.pi * np.clip((h - 0.36) / 0.5, 0, 1)))
    fold = 0.0014 * np.sin(5 * _TURN + 9 * h) * np.clip((h - 0.35) / 0.3, 0, 1)
    outer = on + (0.0035 + cuff + slack + fold)[..., None] * way
    back = np.clip((h - 0.45) / 0.55, 0, 1)[..., None] ** 2
    outer = outer + back * np.array([0, 0.55, -0.12]) * model.slack_m
    body, lining = _closed(outer, 0.004, _around(rows, 0.0, 3.0, 8.0))
    wool = painted("wool", knitted(model.colour), 0.95)
    dark = tuple(0.45 * v for v in model.colour)
    return [(wool, [body]), (plain("lining", dark, 0.95), [lining])]  # pyright: ignore[reportArgumentType]


def _brimmed(model: Hat) -> Makings:
    """A crown that stands over the head's outline, a ribbon around it, and a brim."""
    edge = _edge(model)
    ring = level(_TURN, np.maximum(edge, 0.045))
    ring[:, 2] = edge
    out = unit((ring - CENTRE_M) * [1, 1, 0])
    ring = ring + 0.004 * out
    crown = _crown(model, ring, out)
    rows = len(crown)
    body = _faced(grid(crown, _around(rows, 0.0, 1.0, 2.0), True), CENTRE_M)
    lining = _faced(grid(crown - 0.0016 * unit(crown - CENTRE_M), _around(rows, 0, 1), True),
                    CENTRE_M).flipped()  # fmt: skip
    texture = {"felt": felt, "straw": straw, "top hat": felt}[model.shape](model.colour)
    stuff = painted(model.shape, texture, 0.35 if model.shape == "top hat" else 0.9)
    return [
        (stuff, [body, _brim(model, ring, out)]),
        (plain("ribbon", model.other, 0.5), [_ribbon(crown, out)]),
        (plain("lining", _DARK, 0.9), [lining]),
    ]


def _crown(model: Hat, ring: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Rows of the crown (rows, COLUMNS, 3), closed on top."""
    tall, stove = model.tall_m, model.shape == "top hat"
    top = 0.5 * (model.front_m + model.back_m) + tall
    rise = np.array([0, 0.03, 0.10, 0.2, 0.32, 0.45, 0.58, 0.70, 0.80, 0.88, 0.94, 0.98, 1.0])
    waist = 0.020 * rise**2 - 0.004 * np.sin(np.pi * rise) if stove else (
        -0.016 * rise**2 + 0.004 * np.sin(np.pi * rise))  # fmt: skip
    corner = 0.006 if stove else 0.020
    near_top = np.clip((rise - (1 - 2 * corner / tall)) / (2 * corner / tall), 0, 1)
    inwards = waist - corner * (1 - np.sqrt(1 - np.clip(near_top, 0, 0.999) ** 2))
    rows: list[np.ndarray] = []
    for r, move in zip(rise, inwards, strict=True):
        row = ring + move * out
        row[:, 2] = ring[:, 2] + r * (top - ring[:, 2])
        rows.append(row)
    middle = np.array([0.0, CENTRE_M[1], 0.0])
    for share in (0.85, 0.65, 0.45, 0.25, 0.001):
        row = middle + share * (rows[12] - middle)
        row[:, 2] = top + (0.0 if stove else 0.004) * (1 - share**2)
        rows.append(row)
    crown = np.stack(rows)
    if stove:
        return crown
    high = np.clip((crown[..., 2] - (top - 0.62 * tall)) / (0.62 * tall), 0, 1)
    beside = np.exp(-((np.abs(crown[..., 0]) - 0.045) ** 2) / 0.0006) * (crown[..., 1] < 0.02)
    ahead = np.clip((0.02 - crown[..., 1]) / 0.06, 0, 1)
    crown[..., 0] *= 1 - 0.30 * model.pinch * high**1.4 * beside * ahead
    dent = np.exp(-((crown[..., 0] / 0.022) ** 2)) * np.clip((high - 0.9) / 0.1, 0, 1)
    long = np.clip(1 - ((crown[..., 1] - CENTRE_M[1]) / 0.105) ** 2, 0, 1)
    crown[..., 2] -= 0.020 * model.pinch * dent * long
    crown[..., 2] -= 0.012 * model.pinch * high * np.clip((crown[..., 1] - 0.02) / 0.1, 0, 1)
    return crown


def _ribbon(crown: np.ndarray, out: np.ndarray) -> Piece:
    """A band around the crown's foot."""
    low, high = crown[1], crown[1] + (crown[4] - crown[1]) * 0.9
    rows = [low + 0.0004 * out, low + 0.0016 * out, 0.5 * (low + high) + 0.0019 * out,
            high + 0.0016 * out, high + 0.0002 * out]  # fmt: skip
    return _faced(grid(np.stack(rows), _around(5, 0, 1), True), CENTRE_M)


def _brim(model: Hat, ring: np.ndarray, out: np.ndarray) -> Piece:
    s = np.array([0.0, 0.08, 0.2, 0.36, 0.54, 0.72, 0.88, 0.97, 1.0])[:, None, None]
    wide = model.brim_m * (1 - 0.10 * np.sin(_TURN) ** 2 * (model.curl > 0))
    dip = -0.010 * np.cos(_TURN) ** 2 * np.sign(np.cos(_TURN)) + model.curl * np.sin(_TURN) ** 2
    top = ring + s * wide[:, None] * out + (dip[None, :, None] * s**1.6) * _UP
    top[..., 2] -= 0.004 * s[..., 0] * (1 - s[..., 0])
    under = top - 0.0026 * _UP
    lip = 0.5 * (top[-1:] + under[-1:]) + 0.0011 * out
    inner = under[:1] - 0.0030 * out
    sheet = np.concatenate([inner + 0.006 * _UP, inner, under, lip, top[::-1]])
    count = len(sheet)
    uv = _around(count, 0.0, 1.0, 2.0)
    piece = grid(sheet, uv, True)
    corners = piece.vertices[piece.faces[-6 * COLUMNS :]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return piece if normal[:, 2].sum() > 0 else piece.flipped()
