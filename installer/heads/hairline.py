"""Where hair begins on the average person."""

from __future__ import annotations

import numpy as np

# The hairline on the average person, seen from the side: at depth y, hair grows above z (metres).
_LINE_Y = (
    -0.155,
    -0.142,
    -0.125,
    -0.105,
    -0.088,
    -0.076,
    -0.066,
    -0.060,
    -0.028,
    -0.016,
    0.0,
    0.06,
)
_LINE_Z = (
    0.7610,
    0.7560,
    0.7520,
    0.7450,
    0.7240,
    0.7030,
    0.6950,
    0.7230,
    0.7220,
    0.6870,
    0.655,
    0.625,
)


def hairline(points: np.ndarray) -> np.ndarray:
    """How far above the hairline points of the average person are (metres)."""
    return points[:, 2] - np.interp(points[:, 1], _LINE_Y, _LINE_Z)
