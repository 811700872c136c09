"""What is printed: rectangles, true to size, from which sheets, textures and pictures are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8


@dataclass(frozen=True, eq=False)
class Artwork:
    """Dark rectangles on a light ground (``inverted``: light on dark), in metres.

    Origin at the top left corner of the pattern, x right, y down, as who looks at the print sees
    it; a rectangle is x, y, width, height. ``quiet_m`` of plain ground is wanted around it.
    ``origin_m`` is where the target's own origin lies on the print.
    """

    width_m: float
    height_m: float
    rectangles_m: Float[np.ndarray, "rectangles 4"]
    inverted: bool = False
    quiet_m: float = 0.0
    origin_m: tuple[float, float] = (0.0, 0.0)

    def mirrored(self) -> Artwork:
        """The same, left and right exchanged."""
        turned = self.rectangles_m.copy()
        turned[:, 0] = self.width_m - turned[:, 0] - turned[:, 2]
        origin = (self.width_m - self.origin_m[0], self.origin_m[1])
        return replace(self, rectangles_m=turned, origin_m=origin)


def rasterise(
    artwork: Artwork, pixels_per_m: float, border_m: float | None = None
) -> UInt8[np.ndarray, "height width"]:
    """The print as a picture: 0 dark, 255 light; ``border_m`` of ground around it.

    Areas are exact: a pixel that an edge crosses gets its share of both.
    """
    border = artwork.quiet_m if border_m is None else border_m
    width = round((artwork.width_m + 2 * border) * pixels_per_m)
    height = round((artwork.height_m + 2 * border) * pixels_per_m)
    cover = np.zeros((height, width), np.float32)
    for x, y, w, h in (artwork.rectangles_m + np.array([border, border, 0, 0])) * pixels_per_m:
        columns, left = _shares(x, x + w, width)
        rows, top = _shares(y, y + h, height)
        cover[rows, columns] += top[:, None] * left
    light = np.clip(cover, 0, 1) if artwork.inverted else 1 - np.clip(cover, 0, 1)
    return np.rint(255 * light).astype(np.uint8)


def _shares(start: float, end: float, count: int) -> tuple[slice, np.ndarray]:
    """The cells that an interval touches, and how much of each it covers."""
    start, end = max(start, 0.0), min(end, float(count))
    first, last = int(np.floor(start + 1e-9)), int(np.ceil(end - 1e-9))
    cells = np.arange(first, max(last, first))
    return slice(first, max(last, first)), np.fmin(end, cells + 1) - np.fmax(start, cells)
