"""Painting a map of labels over a picture: brush, lasso, filling, and undo for each stroke.

The map is UInt8 (height, width): class numbers, or for an occlusion map 0 (the item is seen) to
255 (what is in front of it is seen). Coordinates are pixels, centres at integers, and may lie
outside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

LIMIT = 200
_SUBPIXEL = 4  # bits behind the point in the coordinates that OpenCV draws at

Point = tuple[float, float]
Region = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class _Patch:
    """What one stroke changed: where, and the values before and after."""

    region: Region
    before: np.ndarray
    after: np.ndarray


class Painting:
    """A map that is being painted. ``labels`` is the map as it is now; it is changed in place.

    A stroke begins with :meth:`begin`, grows with :meth:`line`, :meth:`fill` or :meth:`flood`,
    and ends with :meth:`end`, which makes it one step of undo.
    """

    def __init__(self, labels: UInt8[np.ndarray, "height width"]) -> None:
        self.labels = np.array(labels, np.uint8)
        self._before = self.labels.copy()
        self._done: list[_Patch] = []
        self._undone: list[_Patch] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def line(self, start: Point, end: Point, radius_px: float, value: int) -> Region:
        """Draw a round stroke between two points; what it may have changed."""
        cv2.line(
            self.labels, _fixed(start), _fixed(end), int(value), max(1, round(2 * radius_px)),
            cv2.LINE_8, _SUBPIXEL,
        )  # fmt: skip
        return self._around([start, end], radius_px + 1)

    def fill(self, outline: Sequence[Point], value: int) -> Region:
        """Fill a closed outline of at least three points (a lasso)."""
        if len(outline) < 3:
            return np.s_[0:0, 0:0]
        corners = np.array([_fixed(point) for point in outline], np.int32)
        cv2.fillPoly(self.labels, [corners], int(value), cv2.LINE_8, _SUBPIXEL)
        return self._around(outline, 1)

    def flood(self, at: Point, value: int) -> Region:
        """Fill the area of one label around a point."""
        x, y = round(at[0]), round(at[1])
        height, width = self.labels.shape
        if not (0 <= x < width and 0 <= y < height) or self.labels[y, x] == value:
            return np.s_[0:0, 0:0]
        _, _, _, (left, top, wide, high) = cv2.floodFill(self.labels, None, (x, y), int(value))
        return np.s_[top : top + high, left : left + wide]

    def snap(self, rgb: UInt8[np.ndarray, "height width 3"], value: int, band_px: float) -> Region:
        """Move the border of the last stroke's area to the picture's own edges.

        Only pixels within ``band_px`` of the border change: GrabCut (Rother et al. 2004) decides
        between the label and what was there before the stroke. Call it before :meth:`end`.
        """
        changed = (self.labels != self._before) & (self.labels == value)
        if not changed.any():
            return np.s_[0:0, 0:0]
        region = _bounds(changed, margin=round(4 * band_px) + 8)
        inside = changed[region].astype(np.uint8)
        deep = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        away = cv2.distanceTransform(np.pad(1 - inside, 1, constant_values=1), cv2.DIST_L2, 3)
        away = away[1:-1, 1:-1]
        trimap = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        trimap[deep > band_px] = cv2.GC_FGD
        trimap[away > band_px] = cv2.GC_BGD
        if not ((trimap == cv2.GC_FGD).any() and (trimap == cv2.GC_BGD).any()):
            return np.s_[0:0, 0:0]
        models = np.zeros((1, 65)), np.zeros((1, 65))
        picture = np.ascontiguousarray(rgb[region][..., ::-1])
        cv2.grabCut(picture, trimap, None, *models, 3, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
        chosen = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
        # One calm area: crumbs go, pinholes close.
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        chosen = cv2.morphologyEx(chosen.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0
        chosen |= deep > band_px
        self.labels[region] = np.where(chosen, value, self._before[region])
        return region

    def replace(self, labels: UInt8[np.ndarray, "height width"]) -> None:
        """Take another map (a suggestion) as one step of undo."""
        self.labels[...] = labels
        self.end()

    def end(self) -> bool:
        """End the stroke: what it changed becomes one step of undo. False if it changed nothing."""
        changed = self.labels != self._before
        if not changed.any():
            return False
        region = _bounds(changed)
        self._done.append(_Patch(region, self._before[region].copy(), self.labels[region].copy()))
        del self._done[:-LIMIT]
        self._undone.clear()
        self._before[region] = self.labels[region]
        return True

    def undo(self) -> bool:
        """Take the last stroke back; False if there is none."""
        return self._step(self._done, self._undone, back=True)

    def redo(self) -> bool:
        """Paint the stroke that was taken back again; False if there is none."""
        return self._step(self._undone, self._done, back=False)

    def _step(self, source: list[_Patch], target: list[_Patch], back: bool) -> bool:
        self.end()
        if not source:
            return False
        patch = source.pop()
        target.append(patch)
        self.labels[patch.region] = self._before[patch.region] = (
            patch.before if back else patch.after
        )
        return True

    def _around(self, points: Sequence[Point], margin_px: float) -> Region:
        xy = np.array(points)
        low = np.maximum(np.floor(xy.min(0) - margin_px), 0).astype(int)
        high = np.maximum(np.ceil(xy.max(0) + margin_px) + 1, 0).astype(int)
        return np.s_[low[1] : high[1], low[0] : high[0]]


def composite(
    rgb: UInt8[np.ndarray, "height width 3"],
    item: UInt8[np.ndarray, "height width 4"],
    occlusion: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "height width 3"]:
    """A picture with an item laid over it, except where the map says that something hides it.

    Alpha is straight (not premultiplied).
    """
    shown: Float[np.ndarray, "height width 1"] = (
        item[..., 3:].astype(np.float32) / 255 * (1 - occlusion[..., None].astype(np.float32) / 255)
    )
    return np.rint(rgb * (1 - shown) + item[..., :3] * shown).astype(np.uint8)


def _fixed(point: Point) -> tuple[int, int]:
    scale = 1 << _SUBPIXEL
    return round(point[0] * scale), round(point[1] * scale)


def _bounds(where: np.ndarray, margin: int = 0) -> Region:
    """The smallest rectangle that holds all that is true, grown by a margin."""
    rows, columns = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    return np.s_[
        max(rows[0] - margin, 0) : rows[-1] + 1 + margin,
        max(columns[0] - margin, 0) : columns[-1] + 1 + margin,
    ]
