"""Is this a place where two dark and two light squares meet? And does the pattern go on?"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

_RAYS = 16
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
    flat = at.reshape(len(grid), -1, 2).astype(np.float32)
    seen = cv2.remap(gray, flat[..., 0], flat[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return np.where(inside, seen.reshape(inside.shape).astype(np.float64), np.nan)


def _likeness(rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much opposite sides are alike (1: a crossing, under 0: none), and the contrast."""
    off = rings - rings.mean(-1, keepdims=True)
    power = np.square(off).mean(-1)
    alike = (off * np.roll(off, _RAYS // 2, axis=-1)).mean(-1) / np.fmax(power, 1e-9)
    return alike, np.sqrt(power)


def crossing(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> Bool[np.ndarray, "rows columns"]:
    """Where dark and light alternate twice around the corner, half a turn leaving it the same."""
    alike, contrast = _likeness(_around(gray, grid))
    return (alike > 0.4) & (contrast > _LEAST_CONTRAST * np.nanmedian(contrast))


def dark_first(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> bool:
    """Whether the squares before the first corner, and their kind all over, are dark."""
    rings = _around(gray, grid)
    quarter = _RAYS // 4
    sectors = rings.reshape(*rings.shape[:2], 4, quarter).mean(-1)
    # Sectors run from the lower right: lower right, lower left, upper left, upper right.
    slant = sectors[..., 0] + sectors[..., 2] - sectors[..., 1] - sectors[..., 3]
    y, x = np.indices(slant.shape)
    return bool(np.nanmean(np.where((x + y) % 2, -slant, slant)) < 0)


def beyond(
    gray: UInt8[np.ndarray, "height width"], grid: Float[np.ndarray, "rows columns 2"]
) -> bool:
    """Whether the pattern goes on past one of the grid's sides: then this is part of another.

    The next row is foretold from the last three; at a true end, half of each ring is the margin.
    """
    inner = float(np.nanmedian(_likeness(_around(gray, grid))[1]))
    for turn in range(4):
        way = np.rot90(grid, turn)
        following = 3 * way[0] - 3 * way[1] + way[2]
        strip = np.stack([2 * following - way[0], following, way[0]])
        alike, contrast = _likeness(_around(gray, strip)[1:2])
        known = np.isfinite(alike)
        if not known.any():
            continue
        more = (alike > 0.4) & (contrast > 0.5 * inner)
        if more[known].mean() > 0.5:
            return True
    return False
