"""Animals' ears on a band that goes over the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.items import Item
from studio.core.types import Material
from studio.synth.items.paint import furry
from studio.synth.items.parts import Colour, Made, assembled, near, one_of, painted, picked, plain
from studio.synth.items.skull import CENTRE_M, reach
from studio.synth.items.turned import swept
from studio.synth.solids import Piece, grid, outwards, unit


@dataclass(frozen=True)
class Ears:
    """One model. ``tall_m`` and ``wide_m`` are an ear's, ``apart_deg`` how far from the middle each
    stands, ``fold`` how far the tip of the left one hangs over (0 stands)."""

    title: str
    tall_m: float = 0.185
    wide_m: float = 0.062
    apart_deg: float = 21.0
    fold: float = 0.0
    fur: Colour = (0.93, 0.91, 0.88)
    inside: Colour = (0.92, 0.62, 0.66)
    band: Colour = (0.93, 0.91, 0.88)


EARS: dict[str, Ears] = {
    "bunny": Ears("Bunny ears", fold=1.0),
    "dark bunny": Ears("Dark bunny ears", 0.165, fur=(0.13, 0.11, 0.11), band=(0.08, 0.08, 0.08)),
}
"""Two models."""


def varied(rng: np.random.Generator) -> Ears:
    """A random model."""
    model = one_of(rng, EARS)
    furs: tuple[Colour, ...] = (
        (0.93, 0.91, 0.88), (0.13, 0.11, 0.11), (0.56, 0.42, 0.30), (0.62, 0.62, 0.64),
    )  # fmt: skip
    return replace(
        model, tall_m=near(rng, model.tall_m, 0.2), wide_m=near(rng, model.wide_m, 0.15),
        apart_deg=near(rng, model.apart_deg, 0.25), fold=float(rng.choice([0.0, 0.5, 1.0])),
        fur=picked(rng, furs), band=picked(rng, furs),
    )  # fmt: skip


def ears(model: Ears) -> Item:
    """The model as a thing to try on, for a head of the reference width."""
    made = [Made(stuff, {"head": pieces}) for stuff, pieces in _makings(model)]
    return assembled(model.title, "ears", made, "wearer")


def _makings(model: Ears) -> Sequence[tuple[Material, Sequence[Piece]]]:
    fur = painted("fur", furry(model.fur, model.inside), 0.95)
    both = [_ear(model, -1.0, 0.0), _ear(model, 1.0, model.fold)]
    return [(fur, both), (plain("band", model.band, 0.8), [_band()])]


def _over(angle: np.ndarray, away_m: float) -> np.ndarray:
    """The line over the head from ear to ear; an angle of 0 is on top, the left comes after it."""
    lean = np.array([0.0, -0.004, 0.0])
    way = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)
    return CENTRE_M + lean + (reach(CENTRE_M + lean, way) + away_m)[..., None] * way


def _band() -> Piece:
    """Flat and padded, narrower towards its ends behind the ears."""
    angle = np.linspace(-np.radians(104), np.radians(104), 73)
    line = _over(angle, 0.0034)
    for _ in range(4):
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    out = unit(line - CENTRE_M)
    share = np.abs(angle) / np.radians(104)
    line[:, 1] += 0.010 * np.clip((share - 0.6) / 0.4, 0, 1) ** 2
    round_ = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    c, s = np.cos(round_), np.sin(round_)
    c, s = np.sign(c) * np.abs(c) ** 0.8, np.sign(s) * np.abs(s) ** 0.6
    end = np.clip((1 - share) / 0.05, 0.35, 1)
    thick = (0.0026 - 0.0010 * share) * end
    half = (0.0075 - 0.0028 * share) * end
    return swept(line, np.stack([thick[:, None] * c, half[:, None] * s], axis=-1), out)


_ROWS, _ACROSS = 36, 19


def _ear(model: Ears, side: float, fold: float) -> Piece:
    """An ear like a spoon, hollow in front, on the wearer's left (``side`` 1) or right; its tip
    hangs forward by ``fold``."""
    t = np.linspace(0, 1, _ROWS)
    wide = 0.5 * model.wide_m * _leaf(t)
    spine, ahead = _spine(model.tall_m * t, 0.58 * model.tall_m, fold)
    s = np.linspace(-1, 1, _ACROSS)
    cup = 0.22 * model.wide_m * _leaf(t) * np.clip(4 * t, 0.25, 1)
    thick = 0.0035 + 0.0065 * np.clip(1 - 1.6 * t, 0, 1)
    hollow = cup[:, None] * (1 - s**2)
    round_ = np.sqrt(np.clip(1 - s**2, 0, 1)) * thick[:, None]
    front, back = -hollow + 0.5 * round_, -hollow - round_
    section = np.concatenate([front, back[:, -2:0:-1]], axis=1)
    places = np.concatenate([s, s[-2:0:-1]])
    x = wide[:, None] * places
    local = spine[:, None] + x[..., None] * [1.0, 0, 0] + section[..., None] * ahead[:, None]
    foot = np.radians(side * model.apart_deg)
    top = _over(np.array([foot]), 0.0)[0]
    lean = np.radians(side * (0.62 * model.apart_deg))
    turn = np.array([[np.cos(lean), 0, np.sin(lean)], [0, 1, 0], [-np.sin(lean), 0, np.cos(lean)]])
    spin = np.radians(14.0) * side
    yaw = np.array([[np.cos(spin), -np.sin(spin), 0], [np.sin(spin), np.cos(spin), 0], [0, 0, 1]])
    v = local @ (turn @ yaw).T + top
    ends = (v[:1].mean(1, keepdims=True) + 0 * v[:1], v[-1:].mean(1, keepdims=True) + 0 * v[-1:])
    core = (spine - 0.3 * cup[:, None] * ahead) @ (turn @ yaw).T + top
    columns = len(places)
    u = np.concatenate([0.25 + 0.25 * s, 0.75 - 0.25 * s[-2:0:-1], [0.0]])
    u[_ACROSS:columns] = 0.5 + 0.5 * (np.arange(columns - _ACROSS) + 1) / (columns - _ACROSS + 1)
    u[-1] = 1.0
    uv = np.stack(np.broadcast_arrays(u[None], np.concatenate([[0], t, [1]])[:, None]), axis=-1)
    return outwards(grid(np.concatenate([ends[0], v, ends[1]]), uv, True), core)


def _leaf(t: np.ndarray) -> np.ndarray:
    """How wide an ear is from its root to its tip; 1 at most."""
    swell = np.interp(t, (0, 0.10, 0.3, 0.55, 0.75, 0.9, 0.97, 1.0),
                      (0.50, 0.58, 0.84, 1.0, 0.92, 0.62, 0.34, 0.06))  # fmt: skip
    for _ in range(2):
        swell[1:-1] = 0.5 * swell[1:-1] + 0.25 * (swell[:-2] + swell[2:])
    return swell


def _spine(run: np.ndarray, from_m: float, fold: float) -> tuple[np.ndarray, np.ndarray]:
    """The middle line of an ear in its own axes (x beside, -y ahead, z up), and which way its
    hollow looks there."""
    pitch = np.radians(-4.0) + fold * np.radians(138) * _smooth((run - from_m) / 0.042)
    way = np.stack([0 * pitch, -np.sin(pitch), np.cos(pitch)], axis=-1)
    step = np.diff(run, prepend=run[0])[:, None]
    return np.cumsum(way * step, axis=0), np.stack(
        [0 * pitch, -np.cos(pitch), -np.sin(pitch)], axis=-1
    )


def _smooth(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
