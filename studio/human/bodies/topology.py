"""Surfaces that keep the topology of a body: no holes through them, nothing joined that is apart.

The inside of a field is grown out of that of another, whose topology is right, a place of the grid
at a time, and none whose change would open or close a hole. Where places are left over, the field
has a hole or a bridge: there the other field is believed.

Sources: Bertrand and Malandain, A new characterization of three-dimensional simple points (1994);
Han, Xu and Prince, A Topology Preserving Level Set Method (2003).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter

ROUNDS = 4
_SOFT_M, _WHOLE = 0.015, 0.1
"""How softly the other field takes over, and how much of the weight of one place is all of it."""
_SURE_M = (0.02, 0.01, 0.005, 0.0025, 0.0)
"""What is surer (further from the field's surface) changes first."""
_EPSILON = 1e-4
_WAYS = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)
                  if (x, y, z) != (0, 0, 0)])  # fmt: skip


def _beside(most: int) -> list[np.uint32]:
    """Of each of the 26 places around one, as bits, which of them it touches: by faces (``most``
    1), or by edges, too (2)."""
    apart = np.abs(_WAYS[:, None] - _WAYS[None])
    touch = (apart.max(-1) == 1) & (apart.sum(-1) <= most)
    return [np.uint32(sum(1 << int(k) for k in np.flatnonzero(row))) for row in touch]


def _near(most: int) -> np.uint32:
    return np.uint32(sum(1 << k for k, way in enumerate(_WAYS) if np.abs(way).sum() <= most))


_INSIDE = (_near(1), _beside(1))
_OUTSIDE = (_near(2), _beside(2))
"""Marching cubes joins what is outside over the edges of cells, and what is inside over faces
alone."""


def kept(
    values: Float[np.ndarray, "x y z"], like: Float[np.ndarray, "x y z"], spacing_m: float
) -> Float[np.ndarray, "x y z"]:
    """A grid of a field (metres, above 0 inside) whose surface has the topology that ``like`` has.

    Where it would not, ``like`` takes over, softly; what is left then has its sign.
    """
    start, found = like > 0, values
    share = np.zeros(values.shape, np.float32)
    for _ in range(ROUNDS):
        left = left_over(start, found)
        if not len(left):
            return found
        odd = np.zeros(values.size, np.float32)
        odd[left] = 1
        sigma = _SOFT_M / spacing_m
        soft = gaussian_filter(odd.reshape(values.shape), sigma, mode="constant")
        peak = (2 * np.pi) ** -1.5 / sigma**3
        share = np.maximum(share, np.clip(soft / (_WHOLE * peak), 0, 1))
        found = values + share * (like - values)
    out = found.copy()
    for k in left_over(start, found):
        out.flat[k] = _EPSILON if start.flat[k] else -_EPSILON
    return out


def left_over(
    start: Bool[np.ndarray, "x y z"], values: Float[np.ndarray, "x y z"]
) -> Int[np.ndarray, " places"]:
    """The places (flat) that cannot change sides when what is inside at the ``start`` is turned
    into what a field says, none changing the topology."""
    now, wanted = start.ravel().copy(), (values > 0).ravel()
    sure = np.abs(values).ravel()
    shape = np.array(values.shape)
    steps = _WAYS @ np.array([shape[1] * shape[2], shape[2], 1])
    differ = np.flatnonzero(now != wanted)
    places = np.array(np.unravel_index(differ, values.shape))
    within = ((places > 0) & (places < shape[:, None] - 1)).all(0)
    differ, places = differ[within], places[:, within]
    kind = (places % 2 * np.array([[4], [2], [1]])).sum(0)
    for level in _SURE_M:
        while True:
            changed = 0
            for one in range(8):
                # Two of a kind never touch: they may change at once.
                some = differ[(kind == one) & (sure[differ] >= level)]
                some = some[now[some] != wanted[some]]
                some = some[_simple(now, some, steps)]
                now[some] = wanted[some]
                changed += len(some)
            if not changed:
                break
    return np.flatnonzero(now != wanted)


def _simple(now: np.ndarray, places: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Which places may change sides without changing the topology."""
    bits = np.zeros(len(places), np.uint32)
    for k, step in enumerate(steps):
        bits |= now[places + step].astype(np.uint32) << np.uint32(k)
    some = (bits != 0) & (bits != 0x03FF_FFFF)
    found = some.copy()
    found[some] = _one(bits[some], *_INSIDE) & _one(~bits[some], *_OUTSIDE)
    return found


def _one(bits: np.ndarray, near: np.uint32, beside: list[np.uint32]) -> np.ndarray:
    """Whether what is set of the places around is of one piece, of what touches the middle."""
    bits = bits & np.uint32(0x03FF_FFFF)
    touch = bits & near
    piece = touch & (~touch + np.uint32(1))
    while True:
        more = piece.copy()
        for k, around in enumerate(beside):
            more |= (np.uint32(0) - ((piece >> np.uint32(k)) & np.uint32(1))) & around
        more &= bits
        if np.array_equal(more, piece):
            return (touch != 0) & ((touch & ~piece) == 0)
        piece = more
