"""Shoes: sneakers with a sole, an upper with its panels, a tongue, laces and a lining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.paint import sneaker
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, painted, picked, plain
from studio.synth.solids import Piece, grid, outwards, tube, unit

_COLUMNS = 72
_LAST = np.array([
    (0.062, 0.000, 0.014), (0.052, -0.019, 0.031), (0.035, -0.027, 0.039), (0.010, -0.031, 0.045),
    (-0.020, -0.032, 0.049), (-0.050, -0.032, 0.055), (-0.080, -0.035, 0.061),
    (-0.110, -0.041, 0.066), (-0.135, -0.044, 0.065), (-0.160, -0.043, 0.060),
    (-0.185, -0.040, 0.048), (-0.205, -0.034, 0.030), (-0.217, -0.022, 0.010),
])  # fmt: skip
"""The left foot's outline from above with room for it: where it is (y), and its inner and outer
side (x), from the heel to the toes, for a foot of the reference length."""


@dataclass(frozen=True)
class Shoe:
    """One model. ``sole_m`` is the sole's height, ``welt_m`` how far it stands out, ``collar_m``
    how high the ankle's edge is at the sides; ``panel`` is the colour of toe, heel and eyelets."""

    title: str
    sole_m: float = 0.027
    welt_m: float = 0.0045
    collar_m: float = 0.076
    colour: Colour = (0.90, 0.90, 0.88)
    panel: Colour = (0.13, 0.20, 0.36)
    stripe: Colour = (0.80, 0.16, 0.13)
    sole: Colour = (0.93, 0.93, 0.91)
    tread: Colour = (0.45, 0.30, 0.20)
    lace: Colour = (0.95, 0.95, 0.93)
    lining: Colour = (0.20, 0.21, 0.24)


SHOES: dict[str, Shoe] = {
    "sneakers": Shoe("Sneakers"),
    "black sneakers": Shoe("Black sneakers", colour=(0.06, 0.06, 0.065), panel=(0.09, 0.09, 0.10),
                           stripe=(0.92, 0.92, 0.90), tread=(0.08, 0.08, 0.08)),
}  # fmt: skip
"""Two models."""

_CLOTHS: tuple[Colour, ...] = (
    (0.90, 0.90, 0.88), (0.06, 0.06, 0.065), (0.55, 0.12, 0.12), (0.14, 0.22, 0.38),
    (0.36, 0.40, 0.34), (0.72, 0.64, 0.52), (0.50, 0.52, 0.55), (0.82, 0.62, 0.20),
)  # fmt: skip


def varied(rng: np.random.Generator) -> Shoe:
    """A random model."""
    model = one_of(rng, SHOES)
    colour = picked(rng, _CLOTHS)
    return replace(
        model, sole_m=near(rng, model.sole_m, 0.2), welt_m=near(rng, model.welt_m, 0.3),
        collar_m=near(rng, model.collar_m, 0.08), colour=colour,
        panel=colour if rng.random() < 0.4 else picked(rng, _CLOTHS), stripe=picked(rng, _CLOTHS),
        sole=(0.93, 0.93, 0.91) if rng.random() < 0.7 else picked(rng, _CLOTHS),
        lace=picked(rng, ((0.95, 0.95, 0.93), (0.06, 0.06, 0.065))),
    )  # fmt: skip


def shoes(model: Shoe) -> Item:
    """The model as a thing to try on, a pair for feet of the reference length."""
    made = [
        Made(stuff, {"foot.L": left, "foot.R": [piece.mirrored() for piece in left]})
        for stuff, left in _makings(model)
    ]
    return assembled(model.title, "shoes", made, "wearer")


def _makings(model: Shoe) -> Sequence[tuple[Material, Sequence[Piece]]]:
    upper = Upper(model)
    return [
        (painted("upper", sneaker(model.colour, model.panel, model.stripe), 0.75), upper.pieces()),
        (plain("lining", model.lining, 0.9), [upper.lining()]),
        (plain("tongue", tuple(0.92 * v for v in model.colour), 0.85), [upper.tongue()]),  # pyright: ignore[reportArgumentType]
        (plain("laces", model.lace, 0.8), upper.laces()),
        (plain("sole", model.sole, 0.6), _sole(model)),
        (plain("tread", model.tread, 0.8), [_tread(model)]),
    ]  # fmt: skip


def _plan(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline (n, 2: x, y) and the way out of it; a share of 0 is the toes' tip, a quarter
    the outer side, a half the heel."""
    y, inner, outer = _LAST.T
    ring = np.concatenate([
        np.stack([outer, y], 1)[::-1], [[0.007, 0.0655]], np.stack([inner, y], 1),
        [[-0.007, -0.2205]],
    ])  # fmt: skip
    ring = np.concatenate([ring[-1:], ring])
    fine = ring
    for _ in range(3):  # corners are cut, and the outline becomes round
        nxt = np.roll(fine[:-1], -1, 0)
        pairs = np.stack([0.75 * fine[:-1] + 0.25 * nxt, 0.25 * fine[:-1] + 0.75 * nxt], axis=1)
        fine = pairs.reshape(-1, 2)
        fine = np.concatenate([fine, fine[:1]])
    start = int(np.argmin(fine[:-1, 1]))
    fine = np.roll(fine[:-1], -start, 0)
    heel = int(np.argmax(fine[:, 1]))
    halves = fine[: heel + 1], np.concatenate([fine[heel:], fine[:1]])
    at = np.mod(share, 1.0)
    found = np.zeros((len(at), 2))
    for half, mine, begin in ((halves[0], at < 0.5, 0.0), (halves[1], at >= 0.5, 0.5)):
        run = np.concatenate([[0], np.linalg.norm(np.diff(half, axis=0), axis=1).cumsum()])
        where = (at[mine] - begin) * 2 * run[-1]
        found[mine] = np.stack([np.interp(where, run, half[:, k]) for k in range(2)], axis=-1)
    ahead = np.roll(found, -1, 0) - np.roll(found, 1, 0)
    return found, unit(np.stack([-ahead[:, 1], ahead[:, 0]], axis=-1))


def _around() -> np.ndarray:
    return np.linspace(0, 1, _COLUMNS, endpoint=False)


def _outwards2(edge: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The ways out, away from the outline's middle."""
    middle = edge.mean(0)
    return out if ((edge - middle) * out).sum() > 0 else -out


class Upper:
    """What is above the sole, as a surface: ``at(share, high)`` with shares as the outline's and
    heights from 0 at the sole to 1 at the ankle's edge."""

    def __init__(self, model: Shoe) -> None:
        self.model = model
        share = _around()
        edge, out = _plan(share)
        out = _outwards2(edge, out)
        low = np.column_stack([edge, np.full(len(edge), model.sole_m - 0.004)])
        ways = np.column_stack([out, np.zeros(len(out))])
        top, back = self._collar(edge)
        rise = top - low
        self._knots = np.stack([
            low - 0.0015 * ways,
            low + 0.0028 * ways + np.clip(rise[:, 2:], 0.030, 0.040) * [0, 0, 0.85],
            top + back,
            top,
        ])  # fmt: skip
        self._share = share

    def _collar(self, edge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The ankle's edge, and from where the surface comes to it."""
        y = edge[:, 1]
        along = np.clip((y - y.min()) / np.ptp(y), 0, 1)
        turn = np.pi * along**1.45
        side = np.where(np.arange(len(edge)) < len(edge) / 2, 1.0, -1.0)
        x = 0.005 + side * 0.0385 * np.sin(turn) ** 0.9
        where = 0.000 - 0.0625 * np.cos(turn)
        high = self.model.collar_m + 0.026 * np.clip(np.cos(turn), 0, 1) ** 1.6
        high = high + 0.016 * np.clip(-np.cos(turn), 0, 1) ** 2
        top = np.stack([x, where, high], axis=-1)
        ahead = np.clip(np.cos(turn), 0, 1)[:, None]
        beside = np.sin(turn)[:, None] * side[:, None]
        back = ahead * [0.0, -0.058, -0.030] + beside * [0.006, 0, -0.012] + [0, 0, -0.010]
        return top, back + np.clip(-np.cos(turn), 0, 1)[:, None] * [0, 0.006, -0.012]

    def at(self, share: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Points of the surface (..., 3)."""
        share, high = np.broadcast_arrays(np.mod(share, 1.0), high)
        place = share * _COLUMNS
        first = np.floor(place).astype(int) % _COLUMNS
        part = (place - np.floor(place))[..., None]
        knots = (1 - part) * self._knots[:, first] + part * self._knots[:, (first + 1) % _COLUMNS]
        t = high[..., None]
        return ((1 - t) ** 3 * knots[0] + 3 * t * (1 - t) ** 2 * knots[1]
                + 3 * t**2 * (1 - t) * knots[2] + t**3 * knots[3])  # fmt: skip

    def out(self, share: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The ways out of it there."""
        e = 0.004
        across = self.at(share + e, high) - self.at(share - e, high)
        up = self.at(share, np.minimum(high + e, 1)) - self.at(share, np.maximum(high - e, 0))
        return unit(np.cross(across, up))

    def pieces(self) -> list[Piece]:
        """The outside, with a padded edge at the ankle."""
        rows = np.linspace(0, 1, 24)
        v = self.at(self._share[None], rows[:, None])
        u = np.linspace(0, 1, _COLUMNS + 1)
        uv = np.stack(np.broadcast_arrays(u[None] + 0.5, 1 - rows[:, None]), axis=-1)
        core = np.stack([np.zeros(24), np.linspace(-0.18, 0.03, 24), np.full(24, 0.03)], axis=-1)
        body = outwards(grid(v, uv, True), core)
        pad = tube(v[-1], 0.0034, 0.0030, np.array([0.0, 0, 1.0]), (0.5, 0.02), True, 10)
        return [body, pad]

    def lining(self) -> Piece:
        """The inside, seen through the opening."""
        rows = np.linspace(0.12, 1, 8)
        v = self.at(self._share[None], rows[:, None])
        v = v - 0.0022 * self.out(self._share[None], rows[:, None])
        floor = v[:1].copy()
        floor[..., 2] = self.model.sole_m - 0.006
        middle = floor.mean(1, keepdims=True) + 0 * floor
        v = np.concatenate([middle, floor, v])
        core = np.stack([np.zeros(24), np.linspace(-0.18, 0.03, 24), np.full(24, 0.04)], axis=-1)
        uv = np.full((len(v), _COLUMNS + 1, 2), 0.5)
        return outwards(grid(v, uv, True), core).flipped()

    def tongue(self) -> Piece:
        """It comes out under the laces and stands up before the shin."""
        t, s = np.linspace(0, 1, 22)[:, None], np.linspace(-1, 1, 13)[None]
        wide = 0.026 + 0.115 * t**3
        wide = wide * np.clip(1 - ((t - 0.5) / 0.5) ** 12, 0.55, 1) ** 0.5
        high = np.minimum(0.56 + 0.58 * t, 1.0)
        on, out = self.at(s * wide, high + 0 * s), self.out(s * wide, high + 0 * s)
        beyond = np.clip((t - 0.75) / 0.25, 0, 1)[..., None]
        on = on + beyond**1.2 * [0.0, -0.002, 0.026] + 0.2 * beyond * out * 0.01
        edge = np.sqrt(np.clip(1 - s**8, 0.0, 1)) * np.clip(8 * (1 - t), 0.2, 1) ** 0.5
        thick = (0.0013 + 0.0022 * beyond[..., 0]) * edge
        top, low = on + thick[..., None] * out, on - (0.0010 + 0.6 * thick)[..., None] * out
        v = np.concatenate([top, low[:, ::-1]], axis=1)
        lid = v[-1:].mean(1, keepdims=True) + 0 * v[-1:]
        v = np.concatenate([v, lid])
        return outwards(grid(v, np.full((len(v), 27, 2), 0.5), True), on[:, 6])

    def laces(self) -> list[Piece]:
        """Six rows across the tongue, from eyelet to eyelet, and a bow."""
        found: list[Piece] = []
        rows = np.linspace(0.63, 0.945, 6)
        half = np.linspace(0.040, 0.070, 6)
        for k, (high, reach) in enumerate(zip(rows, half, strict=True)):
            ends = [(-reach, high), (reach, high)]
            if k < 5:
                ends = [(-reach, high), (half[k + 1], rows[k + 1])]
                found.append(self._lace((half[k], high), (-half[k + 1], rows[k + 1]), 0.0062))
            found.append(self._lace(ends[0], ends[1], 0.0046))
            for side in (-1, 1):
                at = self.at(np.array(side * reach), np.array(high))
                out = self.out(np.array(side * reach), np.array(high))
                found.append(_eyelet(at + 0.0006 * out, out))
        return [*found, *self._bow()]

    def _lace(self, start: tuple[float, float], end: tuple[float, float], over_m: float) -> Piece:
        t = np.linspace(0, 1, 11)
        share, high = (start[k] + (end[k] - start[k]) * t for k in range(2))
        out = self.out(share, high)
        lift = over_m * np.sin(np.pi * t) ** 0.6 - 0.0006
        line = self.at(share, high) + lift[:, None] * out
        return tube(line, 0.0011, 0.0030, out, sides=6, square=1.4)

    def _bow(self) -> list[Piece]:
        high = np.array(0.955)
        out = self.out(np.array(0.0), high)
        knot = self.at(np.array(0.0), high) + 0.0062 * out
        down = unit(self.at(np.array(0.0), np.array(0.75)) - knot)
        found: list[Piece] = []
        for side in (-1.0, 1.0):
            t = np.linspace(0, 2 * np.pi, 24)
            long, wide = 0.034 * np.sin(t / 2) ** 1.0, 0.0085 * np.sin(t)
            x = side * long
            line = knot + np.stack([x, 0 * x, 0 * x], axis=-1)
            line = line + (0.30 * long + wide)[:, None] * down - (7.0 * long**2)[:, None] * out
            found.append(tube(line, 0.0011, 0.0027, out, sides=8, square=1.4))
            t = np.linspace(0, 1, 14)[:, None]
            x = side * (0.004 + 0.026 * t)
            end = knot + np.concatenate([x, 0 * x, 0 * x], axis=1) + 0.032 * t * down
            found.append(tube(end - 0.010 * t**2 * out, 0.0011, 0.0026, out, sides=8, square=1.4))
        t = np.linspace(-1, 1, 9)[:, None]
        found.append(tube(knot + 0.0042 * t * down, 0.0030 * np.sqrt(1.05 - t[:, 0] ** 2),
                          0.0042 * np.sqrt(1.05 - t[:, 0] ** 2), out, sides=12))  # fmt: skip
        return found


def _eyelet(at: np.ndarray, out: np.ndarray) -> Piece:
    across = unit(np.cross(out, np.array([0.0, 0.0, 1.0])))
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    up = np.cross(out, across)
    line = at + 0.0030 * (np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * up)
    return tube(line, 0.0008, 0.0008, out, closed=True, sides=5)


def _stack(levels: Sequence[tuple[float, float]], lift: bool = True) -> Piece:
    """The outline at heights, each moved out by so much (height, out), closed above and below; the
    toes' end is lifted a little off the ground."""
    edge, out = _plan(_around())
    out = _outwards2(edge, out)
    spring = 0.007 * np.clip((-0.150 - edge[:, 1]) / 0.075, 0, 1) ** 1.6
    v = np.stack([
        np.column_stack([edge + by * out, high + spring * (lift and high < 0.02)])
        for high, by in levels
    ])  # fmt: skip
    middle = [v[k : k + 1].mean(1, keepdims=True) + 0 * v[:1] for k in (0, -1)]
    v = np.concatenate([middle[0], v, middle[1]])
    core = np.stack([np.full(24, 0.008), np.linspace(-0.19, 0.04, 24), np.full(24, 0.012)], axis=-1)
    return outwards(grid(v, np.full((len(v), _COLUMNS + 1, 2), 0.5), True), core)


def _sole(model: Shoe) -> list[Piece]:
    """The white middle of it: hollowed a little all around, and a bead where it meets the upper."""
    h, w = model.sole_m, model.welt_m
    return [_stack([
        (0.0042, w - 0.0010), (0.0050, w), (0.35 * h, w - 0.0006), (0.60 * h, w - 0.0011),
        (0.66 * h, w - 0.0022), (0.70 * h, w - 0.0011), (0.92 * h, w - 0.0010), (h, w - 0.0024),
        (h + 0.0004, w - 0.0058), (h - 0.0012, -0.0050),
    ])]  # fmt: skip


def _tread(model: Shoe) -> Piece:
    w = model.welt_m
    return _stack([(0.0, w - 0.0035), (0.0006, w - 0.0012), (0.0028, w - 0.0004),
                   (0.0048, w - 0.0006)])  # fmt: skip
