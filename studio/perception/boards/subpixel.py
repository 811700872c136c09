"""Corners of a board to a hundredth of a pixel, from the edges that cross there and nothing else.

As in Förstner and Gülch (1987): every edge pixel's gradient is at right angles to the way to the
corner. The window is not a square of the picture but a cross in the board's own axes, as wide as
the blank margin between a square's edge and its marker allows; so a marker seen at a slant never
gets into it, and the edges may be followed far.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

_ALONG = np.linspace(-1.0, 1.0, 25)
_ACROSS = np.linspace(-1.0, 1.0, 7)
_WEIGHT = np.tile(np.exp(-2 * np.tile(_ACROSS, len(_ALONG)) ** 2), 2)
_REACH = 0.42
_LONGEST_PX, _WIDEST_PX = 14.0, 4.0
_STEPS = 12
_SETTLED_PX = 2e-3
_ASTRAY = 0.4
_BOTH_EDGES = 0.05
_STEADY_PX = 0.3


def to_crossings(
    gray: UInt8[np.ndarray, "height width"],
    plane: Float[np.ndarray, "corners 2"],
    xy: Float[np.ndarray, "corners 2"],
    margin: float,
) -> tuple[Float[np.ndarray, "corners 2"], Bool[np.ndarray, " corners"]]:
    """Corners moved onto their crossings, and which of them are sure.

    ``plane`` are their places on the board in squares, ``xy`` where they are about (pixels);
    ``margin`` is the blank strip beside each edge, in squares. A corner is unsure, and left where
    the others say it is, where only one edge shows, or where the edges lead away from there.
    """
    start, axes = _local(plane, xy)
    told = np.isfinite(start).all(1) & np.isfinite(axes).all((1, 2))
    told &= np.linalg.norm(start - xy, axis=1) < _ASTRAY * np.linalg.norm(axes, axis=2).min(1)
    found, sure = xy.copy(), np.zeros(len(xy), bool)
    if told.any():
        found[told], sure[told] = _moved(gray, start[told], axes[told], margin)
    return found, sure


def _moved(
    gray: np.ndarray, start: np.ndarray, axes: np.ndarray, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    length = np.linalg.norm(axes, axis=1)
    upright = np.abs(np.linalg.det(axes))[:, None] / np.fmax(length[:, ::-1], 1e-9)
    strip = margin * upright
    along = np.fmin(_REACH, _LONGEST_PX / np.fmax(length, 1e-9))
    across = np.clip(0.6 * strip, 1.2, _WIDEST_PX) / np.fmax(upright, 1e-9)
    offsets = np.concatenate([_arm(axes, along, across, 0), _arm(axes, along, across, 1)], 1)
    reach = np.abs(offsets).max((0, 1)).max() + 2 * _WIDEST_PX
    size = np.array(gray.shape[::-1])
    low = np.clip(np.floor(start.min(0) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(start.max(0) + reach) + 1, 0, size).astype(int)
    part = gray[low[1] : high[1], low[0] : high[0]]
    if min(part.shape, default=0) < 3:
        return start, np.zeros(len(start), bool)
    slopes = [cv2.Scharr(part, cv2.CV_32F, *way) for way in ((1, 0), (0, 1))]
    allowed = np.fmax(1.5 * strip.min(1), 2.0)
    at, normal = start - low, np.zeros((len(start), 2, 2))
    far, going = np.zeros(len(start)), np.arange(len(start))
    for _ in range(_STEPS):
        around = offsets[going]
        where = (at[going, None] + around).astype(np.float32)
        x, y = (
            cv2.remap(s, where[..., 0], where[..., 1], cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_CONSTANT).astype(np.float64) for s in slopes
        )  # fmt: skip
        lever = x * around[..., 0] + y * around[..., 1]
        xw, yw = x * _WEIGHT, y * _WEIGHT
        sums = np.stack([xw, yw], 1) @ np.stack([x, y, lever], 2)
        normal[going], pull = sums[..., :2], sums[..., 2]
        trace = np.trace(sums, axis1=1, axis2=2)
        steady = sums[..., :2] + (1e-9 * trace + 1e-9)[:, None, None] * np.eye(2)
        step = np.linalg.solve(steady, pull[..., None])[..., 0]
        far[going] = length = np.linalg.norm(step, axis=1)
        at[going] += step * np.fmin(1.0, 2.0 / np.fmax(length, 1e-9))[:, None]
        going = going[length >= _SETTLED_PX]
        if not len(going):
            break
    trace = np.trace(normal, axis1=1, axis2=2)
    found = at + low
    both = np.linalg.det(normal) > _BOTH_EDGES * trace**2 / 4
    sure = both & (np.linalg.norm(found - start, axis=1) < allowed) & (far < _STEADY_PX)
    return np.where(sure[:, None], found, start), sure


def _arm(
    axes: np.ndarray, along: np.ndarray, across: np.ndarray, edge: int
) -> Float[np.ndarray, "corners samples 2"]:
    """Samples beside one of the two edges, in pixels from the corner; as many on either side."""
    long = along[:, edge, None] * np.repeat(_ALONG, len(_ACROSS))
    wide = across[:, 1 - edge, None] * np.tile(_ACROSS, len(_ALONG))
    return long[..., None] * axes[:, None, edge] + wide[..., None] * axes[:, None, 1 - edge]


def _local(plane: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each corner's neighbourhood puts it, and the board's axes there (pixels a square).

    A homography by corner, the nearer ones counting for more: lenses bend only slowly.
    """
    ones = np.ones(len(plane))
    centre, size = xy.mean(0), max(float(np.ptp(xy)), 1.0)
    middle, span = plane.mean(0), max(float(np.ptp(plane)), 1.0)
    a, b = (plane - middle) / span, (xy - centre) / size
    home = np.column_stack([a, ones])
    nil = np.zeros_like(home)
    rows = np.stack(
        [np.hstack([home, nil, -b[:, :1] * home]), np.hstack([nil, home, -b[:, 1:] * home])], 1
    )
    away = np.square(plane[:, None] - plane).sum(-1)
    near = np.exp(-away / 8) + 1e-3
    squares = (rows[:, :, :, None] * rows[:, :, None]).sum(1)
    system = (near @ squares.reshape(len(plane), -1)).reshape(-1, 9, 9)
    h = np.linalg.eigh(system)[1][..., 0].reshape(-1, 3, 3)
    top = np.einsum("cij,cj->ci", h, home)
    scale = np.where(np.abs(top[:, 2:]) < 1e-9, 1e-9, top[:, 2:])
    place = top[:, :2] / scale
    jacobian = (h[:, :2, :2] - place[:, :, None] * h[:, 2:, :2]) / scale[..., None]
    return place * size + centre, np.swapaxes(jacobian, 1, 2) * size / span
