"""Whether somebody wears glasses: a rim crosses the cheek below both eyes, and the nose.

Told by edges that run across in the upright face, where faces have next to none. Rims of thin wire
are not seen.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

WORN = 0.55
"""From so strong an edge on somebody wears glasses."""
_SIDE = 96
"""The face is looked at in a square of so many pixels, half of it from eye to eye."""
_CORNERS = 33, 263
_BROWS, _BRIDGE, _NOSE = 8, (168, 6), 195
_BELOW = ((145, 144, 153), (374, 373, 380))
"""Middles and both sides of the lower lids."""
_HALF = 3
_DARK = 12.0
_FROM, _TO = 0.05, 0.30
"""Where rims lie below the lids, by the square's side."""


def rims(
    rgb: UInt8[np.ndarray, "height width 3"], xyz_px: Float[np.ndarray, "478 3"]
) -> float:  # fmt: skip
    """How strong the edges are that rims make (logarithm of brightness): that on the nose and,
    twice, the weaker of those below the eyes."""
    a, b = xyz_px[list(_CORNERS), :2]
    across = b - a
    apart = max(float(np.linalg.norm(across)), 1e-6)
    scale = _SIDE / 2 / apart
    x, y = scale * across / apart
    turn = np.array([[x, y], [-y, x]])
    shift = np.full(2, _SIDE / 2) - turn @ (a + b) / 2
    soft = cv2.GaussianBlur(rgb, (0, 0), 0.35 / scale) if scale < 0.7 else rgb
    face = cv2.warpAffine(soft, np.column_stack([turn, shift]), (_SIDE, _SIDE),
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    bright = cv2.GaussianBlur(np.log(face.astype(np.float32).mean(-1) + _DARK), (0, 0), 0.8)
    at = xyz_px[:, :2] @ turn.T + shift
    middle = int(at[list(_BRIDGE), 0].mean())
    nose = _edge(bright, at[_BROWS, 1], at[_NOSE, 1], middle - _HALF, middle + _HALF)
    below = [
        _edge(bright, at[lid, 1] + _FROM * _SIDE, at[lid, 1] + _TO * _SIDE,
              min(at[left, 0], at[right, 0]) - 2, max(at[left, 0], at[right, 0]) + 2)
        for lid, left, right in _BELOW
    ]  # fmt: skip
    return nose + 2 * min(below)


def _edge(bright: np.ndarray, top: float, bottom: float, left: float, right: float) -> float:
    """The strongest edge that runs all across a part of the picture."""
    rows = slice(*np.clip([int(top), int(bottom)], 0, _SIDE))
    columns = slice(*np.clip([int(left), int(right) + 1], 0, _SIDE))
    part = bright[rows, columns]
    if min(part.shape) < 3:
        return 0.0
    along = np.median(part, axis=1)
    return float(np.abs(along[2:] - along[:-2]).max())
