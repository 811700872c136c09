"""Ribbons of strands along curves that grow from the scalp, combed, and fall over the body."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.synth.solids import Piece, unit

from .body import Scalp, body
from .strands import cap_uv, ribbon_uv

Flow = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(places (n, 3), share of the length 0..1 (n,), roots (n, 3)) -> where hair is combed to."""
DOWN = np.array([0.0, 0.0, -1.0])
STEP_M = 0.005
"""How far hair grows at a time, at most."""
EARLY = 1.35
"""Ribbons have more rows near the root, where they turn: this power of even shares."""


def grow(
    roots: np.ndarray, normals: np.ndarray, length_m: np.ndarray, flow: Flow, steps: int,
    height_m: np.ndarray, lift: float | np.ndarray = 0.6, bend_m: float = 0.015, hug: float = 0.25,
    weight: float = 1.0,
) -> np.ndarray:  # fmt: skip
    """Curves (n, steps + 1, 3) from roots: they leave along ``normals`` by ``lift``, turn into the
    flow over ``bend_m``, keep ``height_m`` above the skin, drawn to it by ``hug``, and fall by
    their ``weight`` where they hang free.
    """
    solid = body()
    count = len(roots)
    lift = np.broadcast_to(lift, (count,))[:, None]
    p = roots - 0.001 * normals
    way = unit(unit(flow(p, np.zeros(count), roots)) + lift * normals)
    path = [p]
    small = steps * max(3, int(np.ceil(length_m.max(initial=0.0) / steps / STEP_M)))
    kept = {round(small * (k / steps) ** EARLY) for k in range(1, steps + 1)}
    for k in range(small):
        t = np.full(count, (k + 1) / small)
        high, out = solid.near(p)
        want = unit(flow(p, t, roots))
        own = np.minimum(height_m, 0.0015 + 0.8 * t * length_m)
        free = weight * np.clip((high - own - 0.004) / 0.02, 0, 1)[:, None]
        want = unit((1 - free) * want + free * DOWN)
        low = high < own + 0.002
        inward = np.minimum((want * out).sum(axis=1), 0)
        want = np.where(low[:, None], unit(want - 0.97 * inward[:, None] * out), want)
        share = 1 - np.exp(-length_m / small / bend_m)[:, None]
        way = unit((1 - share) * way + share * want)
        p = p + way * (length_m / small)[:, None]
        high, out = solid.near(p)
        up = np.maximum(own - high, 0)
        near = np.clip((p[:, 2] - 0.665) / 0.05, 0, 1) * hug * np.clip(1 - high / 0.05, 0, 1)
        near = near * length_m / small / 0.01
        p = p + out * (0.8 * up - np.minimum(near, 0.5) * np.maximum(high - own, 0))[:, None]
        if k + 1 in kept:
            path.append(p)
    return np.stack(path, axis=1)


def _sides(path: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """The way across each ribbon, flat on the body, turned by ``roll`` (radians)."""
    way = unit(np.gradient(path, axis=1))
    _, out = body().near(path)
    side = unit(np.cross(way, out))
    for k in range(1, path.shape[1]):
        flip = (side[:, k] * side[:, k - 1]).sum(axis=1) < 0
        side[flip, k] *= -1
    smooth = side.copy()
    smooth[:, 1:-1] = unit(0.5 * side[:, 1:-1] + 0.25 * (side[:, :-2] + side[:, 2:]))
    up = unit(np.cross(smooth, way))
    return np.cos(roll)[:, None, None] * smooth + np.sin(roll)[:, None, None] * up


def _along(path: np.ndarray) -> np.ndarray:
    """How far along its curve each place lies (n, rows), 0 to 1."""
    away = np.linalg.norm(np.diff(path, axis=1), axis=-1).cumsum(axis=1)
    away = np.concatenate([np.zeros((len(path), 1)), away], axis=1)
    return away / np.maximum(away[:, -1:], 1e-9)


def ribbons(
    path: np.ndarray, width_m: np.ndarray, column: np.ndarray, roll: np.ndarray,
    taper: float = 0.55, ends: tuple[float, float] = (0.0, 1.0), arch: float = 0.0,
    sides: np.ndarray | None = None,
) -> Piece:  # fmt: skip
    """Two-sided ribbons along curves; ``taper`` is the tip's width in shares of the root's.

    With ``arch`` a third row of vertices runs along the middle, raised by that share of the width.
    """
    count, rows = path.shape[:2]
    t = _along(path)
    side = _sides(path, roll) if sides is None else sides
    wide = width_m[:, None] * (0.75 + 0.25 * np.sin(np.pi * np.clip(t * 2, 0, 1) / 2))
    wide = wide * (1 - (1 - taper) * t**1.5)
    across = np.array([-0.5, 0.0, 0.5]) if arch else np.array([-0.5, 0.5])
    n = len(across)
    v = path[:, :, None] + across[:, None] * (side * wide[..., None])[:, :, None]
    if arch:
        way = unit(np.gradient(path, axis=1))
        up = np.cross(side, way)
        _, out = body().near(path)
        up *= np.sign((up * out).sum(axis=-1, keepdims=True) + 1e-9)
        v[:, :, 1] += up * (arch * wide)[..., None]
    at = ends[0] + (ends[1] - ends[0]) * t
    uv = ribbon_uv(column[:, None, None], at[:, :, None], across[None, None, :] + 0.5)
    index = np.arange(count * rows * n).reshape(count, rows, n)
    a, b = index[:, :-1, :-1], index[:, :-1, 1:]
    c, d = index[:, 1:, 1:], index[:, 1:, :-1]
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], -2).reshape(-1, 3)
    return Piece(v.reshape(-1, 3), faces, uv.reshape(-1, 2)[faces])


def cap(ground: Scalp, height_m: float = 0.0009, stubble: bool = False) -> Piece:
    """The skin under the hair, painted with it, so that no bare scalp shines through; as
    ``stubble``, short hairs with gaps between them."""
    v = ground.vertices + height_m * ground.normals
    around = 0.5 + np.arctan2(v[:, 0], -(v[:, 1] + 0.05)) / (2 * np.pi)
    turn = around[ground.faces]
    wraps = np.ptp(turn, axis=1) > 0.5
    turn[wraps] = np.where(turn[wraps] < 0.5, turn[wraps] + 1, turn[wraps])
    return Piece(v, ground.faces, cap_uv(turn * 0.998, ground.inside[ground.faces], stubble))
