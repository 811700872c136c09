"""How large things of a kind are, and where they sit on their anchor point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.items import ItemKind

USUAL_M: dict[ItemKind, tuple[float, float, float]] = {
    "glasses": (0.110, 0.142, 0.172), "sunglasses": (0.110, 0.145, 0.180),
    "hat": (0.14, 0.184, 0.25), "ears": (0.12, 0.165, 0.24), "earrings": (0.004, 0.030, 0.12),
    "necklace": (0.10, 0.150, 0.30), "watch": (0.045, 0.068, 0.10), "shoes": (0.20, 0.290, 0.36),
    "top": (0.35, 0.50, 0.90), "bag": (0.10, 0.30, 0.60), "logo": (0.02, 0.10, 0.35),
}  # fmt: skip
"""The least, the usual and the largest size (as :func:`worn_size` measures it), metres."""


def worn_size(kind: ItemKind, stood: np.ndarray, pair: bool) -> float:
    """The size by which a thing of a kind is known, in the model's unit: an earring's height, a
    shoe's length, the width of a hat's opening; of all others the width.
    """
    wide, deep, high = (float(v) for v in np.ptp(stood, axis=0))
    if kind == "hat":
        return _opening(stood).wide
    if kind == "earrings":
        return high
    if kind == "shoes":
        return deep if pair or deep >= wide else wide
    return wide


@dataclass(frozen=True)
class _Opening:
    """Where a hat goes onto the head: the middle of its opening, and how wide it is inside."""

    middle: tuple[float, float, float]
    wide: float


_SECTORS, _LEVELS = 16, 40
_CHEST_M = 0.15
"""How far before the middle of the shoulders a shirt's chest is."""


def _opening(stood: np.ndarray) -> _Opening:
    """The lowest level at which something goes all the way around, evenly."""
    low, high = stood.min(0), stood.max(0)
    tall = float(high[2] - low[2])
    for level in np.linspace(low[2], high[2] - 0.3 * tall, _LEVELS):
        ring = stood[np.abs(stood[:, 2] - level) < 0.03 * tall][:, :2]
        found = _inside(ring, np.median(stood[:, :2], axis=0))
        if found is not None:
            (x, y), wide = found
            return _Opening((x, y, float(level)), wide)
    x, y = (float(v) for v in 0.5 * (low + high)[:2])
    return _Opening((x, y, float(low[2])), float(0.5 * (high - low)[:2].sum()))


def _inside(ring: np.ndarray, centre: np.ndarray) -> tuple[tuple[float, float], float] | None:
    """The middle and the width of what points leave free around a centre; None if they do not go
    around it."""
    if len(ring) < 4 * _SECTORS:
        return None
    turn = 2 * np.pi * (np.arange(_SECTORS) + 0.5) / _SECTORS
    ways = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    wide = 0.0
    for _ in range(3):
        away = ring - centre
        sector = ((np.arctan2(away[:, 1], away[:, 0]) / (2 * np.pi) % 1) * _SECTORS).astype(int)
        near = np.full(_SECTORS, np.inf)
        np.minimum.at(near, sector % _SECTORS, np.linalg.norm(away, axis=1))
        seen = np.isfinite(near)
        if (~seen).sum() > 1 or near.min() < 0.25 * np.median(near):
            return None
        edge = centre + near[seen, None] * ways[seen]
        centre = 0.5 * (edge.min(0) + edge.max(0))
        wide = float(0.5 * np.ptp(edge, axis=0).sum())
        if np.std(near[seen]) > 0.35 * wide:
            return None
    return (float(centre[0]), float(centre[1])), wide


def offset_of(kind: ItemKind, metres: np.ndarray, pair: bool) -> tuple[float, float, float]:
    """Where the origin of a model that stands upright, in metres, comes to lie so that it is worn
    where such things are."""
    low, high = metres.min(0), metres.max(0)
    middle = 0.5 * (low + high)
    x, y, z = (float(v) for v in -middle)
    if pair:
        x = 0.0
    if kind in ("glasses", "sunglasses"):
        return (x, *_bridge(metres, float(middle[0])))
    if kind == "hat":
        hole = _opening(metres)
        return -hole.middle[0], 0.024 - hole.middle[1], 0.042 - hole.middle[2]
    if kind == "ears":
        return x, y + 0.022, 0.022 - float(low[2])
    if kind == "earrings":
        top = metres[metres[:, 2] > high[2] - 0.12 * (high[2] - low[2])]
        hook = 0.5 * (top.min(0) + top.max(0))
        side = x if not pair else 0.0
        return side, -float(hook[1]), 0.004 - float(high[2])
    if kind == "necklace":
        return x, 0.004 + y, 0.045 - float(high[2])
    if kind == "shoes":
        return x, 0.055 - float(high[1]), -float(low[2])
    if kind == "top":
        return x, y, 0.06 - float(high[2])
    if kind == "bag":  # its strap on the left shoulder
        return 0.15 + x, y, 0.085 - float(high[2])
    if kind == "logo":  # its back on the heart's side of the chest
        return 0.06 + x, -_CHEST_M - float(high[1]), z - 0.10
    return x, y, z


def _bridge(metres: np.ndarray, middle: float) -> tuple[float, float]:
    """Glasses rest where the bridge's back is, a little before the skin."""
    wide = float(np.ptp(metres[:, 0]))
    front = metres[metres[:, 1] < metres[:, 1].min() + 0.35 * np.ptp(metres[:, 1])]
    for share in (0.015, 0.03, 0.06, 0.12):
        near = front[np.abs(front[:, 0] - middle) < share * wide]
        if len(near) >= 4:
            return (-0.0025 - float(near[:, 1].max()),
                    0.0025 - 0.5 * float(near[:, 2].min() + near[:, 2].max()))  # fmt: skip
    return -0.004 - float(metres[:, 1].min()), -float(np.median(front[:, 2]))


EAR_M = (0.101, 0.0095)
"""How far behind the bridge of the nose the ears' tops are, and how high over it."""
_MOST_TILT = np.radians(9.0)


def tilt_of(metres: np.ndarray) -> Float[np.ndarray, "3 3"]:
    """The turn about the wearer's left that brings glasses' temples to the height of the ears."""
    low, high = metres.min(0), metres.max(0)
    deep, wide = float(high[1] - low[1]), float(high[0] - low[0])
    if deep < 0.5 * wide:
        return np.eye(3)
    beside = np.abs(metres[:, 0] - 0.5 * (low[0] + high[0])) > 0.34 * wide
    back = (metres[:, 1] - low[1]) / deep
    hinge, arm = (metres[beside & (back > a) & (back < b)] for a, b in ((0.05, 0.2), (0.45, 0.6)))
    if min(len(hinge), len(arm)) < 8:
        return np.eye(3)
    bridge = -_bridge(metres, 0.5 * float(low[0] + high[0]))[1]
    first, second = (
        (float(np.median(p[:, 1]) - low[1]), 0.5 * float(p[:, 2].min() + p[:, 2].max()) - bridge)
        for p in (hinge, arm)
    )
    first = (first[0], max(first[1], second[1] - 0.01))
    wanted = (EAR_M[1] - first[1]) / (EAR_M[0] - first[0])
    have = (second[1] - first[1]) / max(second[0] - first[0], 1e-6)
    tilt = float(np.clip(np.arctan(wanted) - np.arctan(have), -_MOST_TILT, _MOST_TILT))
    return np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
