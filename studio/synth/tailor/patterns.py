"""What all patterns share: measures of the average person, easing, cards, common bands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from studio.human.rig import HAND, bones_of
from studio.human.wardrobe.asset import Card
from studio.human.wardrobe.fitting import share_of
from studio.render.scene import vertex_normals
from studio.synth import cloth
from studio.synth.tailor.cutting import Cut, dummy
from studio.synth.tailor.draping import Body, Cloth, drape
from studio.synth.tailor.sewing import Shell, loops

KNEE_Z = -0.35
"""Height of the knees on the average person, whose hips are at the origin (metres)."""
WAIST_Z = 0.114
"""Where trousers end."""


def card(title: str, kind: str, main: str) -> Card:
    """A card of the starter set: ``main`` is the colour that may be changed."""
    return Card(title, kind, "CC0-1.0", "Doppel", "", {"main": main})


@cache
def body() -> Body:
    """The dummy's skin."""
    figure = dummy()
    return Body.of(figure.vertices_m, figure.surface.faces["skin"])


def loosened(
    piece: Cut, ease_m: Callable[[np.ndarray], np.ndarray], rounds: int = 10
) -> np.ndarray:
    """A cut, smoothed and as far from the dummy as ``ease_m`` says (of places on the average
    person)."""
    rest = piece.at(dummy().vertices_m)
    mean = cloth.neighbour_mean(piece.faces, len(rest))
    pattern = cloth.smooth(rest, mean, rounds)
    return pattern + ease_m(piece.coat_m)[:, None] * vertex_normals(pattern, piece.faces)


def hung(
    piece: Cut,
    pattern_m: np.ndarray,
    fabric: Cloth,
    pinned: np.ndarray | None = None,
    seed: int = 0,
) -> np.ndarray:
    """A cut draped over the dummy."""
    held = np.zeros(len(pattern_m)) if pinned is None else pinned
    return drape(pattern_m, pattern_m, piece.faces, body(), fabric, held, seed)


@cache
def _hands() -> np.ndarray:
    return share_of(dummy().weights[:13_380], bones_of(HAND)) > 0.1


def deleted(inside_m: np.ndarray, margin_m: float = 0.035) -> np.ndarray:
    """Base vertices of the skin well inside a region. Never a hand's: at rest hands hang beside
    the hips, as high as a skirt."""
    return np.flatnonzero((inside_m[:13_380] > margin_m) & ~_hands())


def step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 at ``low``, 1 at ``high``, smoothly; ``low`` may be the greater."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def top_ring(piece: Cut) -> np.ndarray:
    """The edge that lies highest: the neck of a top, the waist of trousers."""
    return max(loops(piece.faces), key=lambda ring: piece.coat_m[ring, 2].mean())


def rib_rows(count: int, high_m: float, lean: float = 0.1, thick_m: float = 0.003) -> np.ndarray:
    """A ribbed band's profile: up over the edge and turned back inside."""
    out = np.array([
        0.0005, 0.0018, 0.0018 - 0.5 * lean * high_m, -lean * high_m, -lean * high_m - thick_m,
        -thick_m - 0.5 * lean * high_m,
    ])  # fmt: skip
    up = np.array([-0.002, 0.25 * high_m, 0.6 * high_m, high_m, 0.98 * high_m, 0.4 * high_m])
    return np.repeat(np.stack([out, up], -1)[:, None], count, axis=1)


def around(of: Shell, ring: np.ndarray) -> np.ndarray:
    """Where each vertex of a ring about the neck lies: 0 at the back, pi at the front, either
    side."""
    at = of.coat_m[ring]
    middle = at.mean(axis=0)
    return np.abs(np.arctan2(at[:, 0] - middle[0], at[:, 1] - middle[1]))


def box(x: np.ndarray, y: np.ndarray, half_x: float, half_y: float, round_m: float) -> np.ndarray:
    """How far inside a rounded rectangle about the origin (negative outside)."""
    dx, dy = np.abs(x) - half_x + round_m, np.abs(y) - half_y + round_m
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return round_m - outside - np.minimum(np.maximum(dx, dy), 0)


def evened(values: np.ndarray, rounds: int = 6) -> np.ndarray:
    """Values along a ring, smoothed."""
    for _ in range(rounds):
        values = 0.5 * values + 0.25 * (np.roll(values, 1) + np.roll(values, -1))
    return values
