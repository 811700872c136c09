"""Values of pictures between their pixels."""

from __future__ import annotations

import cv2
import numpy as np

_ROWS = 4096


def sampled(picture: np.ndarray, xy: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """A picture's values at pixels (points, 2); beyond its edges the edge's."""
    many = -(-len(xy) // _ROWS)  # OpenCV's remap takes pictures of at most 32,767 rows
    padded = np.full((many * _ROWS, 2), -1, np.float32)
    padded[: len(xy)] = xy
    grid = padded.reshape(many, _ROWS, 2)
    found = [
        cv2.remap(picture, part[..., 0], part[..., 1], how, borderMode=cv2.BORDER_REPLICATE)
        for part in np.array_split(grid, -(-many // 8192))
    ]
    return np.concatenate(found).reshape(many * _ROWS, *picture.shape[2:])[: len(xy)]
