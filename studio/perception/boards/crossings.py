"""Is this a place where two dark and two light squares meet? And does the pattern go on?"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.perception.boards.grid import brightness

_RAYS = 16
_ALIKE = 0.6
_LEAST_CONTRAST = 0.35


def _around(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> Float[np.ndarray, "rows columns rays"]:
    """Brightness on a ring around each corner, in the grid's own axes; NaN off the picture."""
    right = np.gradient(grid, axis=1)
    down = np.gradient(grid, axis=0)
    angle = (np.arange(_RAYS) + 0.5) * 2 * np.pi / _RAYS
    ring = 0.33 * (
        right[:, :, None] * np.cos(angle)[:, None] + down[:, :, None] * np.sin(angle)[:, None]
    )
    at = grid[:, :, None] + ring
    height, width = gray.shape
    inside = ((at >= 0) & (at <= [width - 1, height - 1])).all(-1)
    return np.where(inside, brightness(gray, at), np.nan)


def _likeness(rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much opposite sides are alike (1: a crossing, under 0: none), and the contrast."""
    off = rings - rings.mean(-1, keepdims=True)
    power = np.square(off).mean(-1)
    alike = (off * np.roll(off, _RAYS // 2, axis=-1)).mean(-1) / np.fmax(power, 1e-9)
    return alike, np.sqrt(power)


def _slant(rings: np.ndarray) -> np.ndarray:
    """Positive where the lower right and upper left are the light ones, negative if dark."""
    lower_right, lower_left, upper_left, upper_right = np.moveaxis(
        rings.reshape(*rings.shape[:2], 4, -1).mean(-1), -1, 0
    )
    return lower_right + upper_left - lower_left - upper_right


def _in_turn(rings: np.ndarray) -> np.ndarray:
    """The slant, its sign changed from corner to corner as a chessboard's does."""
    slant = _slant(rings)
    y, x = np.indices(slant.shape)
    return np.where((x + y) % 2, -slant, slant)


def crossing(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> Bool[np.ndarray, "rows columns"]:
    """Where dark and light meet crosswise, the other way round at each neighbour."""
    rings = _around(gray, grid)
    alike, contrast = _likeness(rings)
    turn = _in_turn(rings)
    agreed = turn * np.nanmedian(turn) > 0
    return (alike > _ALIKE) & (contrast > _LEAST_CONTRAST * np.nanmedian(contrast)) & agreed


def dark_first(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> bool:
    """Whether the square before the first corner, and so every second one, is dark."""
    return bool(np.nanmedian(_in_turn(_around(gray, grid))) < 0)


def beyond(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> bool:
    """Whether the pattern goes on past one of the grid's sides: then this is part of another.

    The next row is foretold from the last two and moved onto what is there; at a true end, half
    of what surrounds it is the margin.
    """
    inner = float(np.nanmedian(_likeness(_around(gray, grid))[1]))
    for turn in range(4):
        way = np.rot90(grid, turn)
        step = float(np.linalg.norm(way[0] - way[1], axis=-1).mean())
        following = _settled(gray, 2 * way[0] - way[1], step)
        strip = np.stack([2 * following - way[0], following, way[0]])
        alike, contrast = _likeness(_around(gray, strip)[1:2])
        known = np.isfinite(alike)
        more = (alike > _ALIKE) & (contrast > 0.5 * inner)
        if known.any() and more[known].mean() > 0.5:
            return True
    return False


def _settled(gray: np.ndarray, row: np.ndarray, step: float) -> np.ndarray:
    """Foretold corners moved onto the crossings beside them; those that fly off stay."""
    window = int(np.clip(0.3 * step, 2, 15))
    height, width = gray.shape
    inside = ((row > window) & (row < np.array([width, height]) - 1 - window)).all(-1)
    if not inside.any():
        return row
    moved = row.copy()
    fine = cv2.cornerSubPix(
        gray, row[inside][:, None].astype(np.float32), (window, window), (-1, -1),
        (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01),
    )[:, 0]  # fmt: skip
    near = np.linalg.norm(fine - row[inside], axis=-1) < 0.4 * step
    moved[np.flatnonzero(inside)[near]] = fine[near]
    return moved
