"""Turning pictures as the camera was held."""

from __future__ import annotations

import numpy as np


def upright(rgb: np.ndarray, rotation: int, mirror: bool = False) -> np.ndarray:
    """A picture turned by ``rotation`` (0, 90, 180, 270) degrees counter-clockwise, then mirrored
    left to right. The picture itself where nothing is to be done."""
    if rotation % 360:
        rgb = np.rot90(rgb, rotation // 90)
    if mirror:
        rgb = rgb[:, ::-1]
    return np.ascontiguousarray(rgb)
