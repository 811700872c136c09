"""The rims of glasses are whole where their lenses are seen."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

TEMPLES_M = 0.03
"""So far behind its anchor point what belongs to glasses is beside the head."""
RIM_M = 0.008
"""So wide rims are."""
_SOLID = 245
"""Alpha of what is no lens."""


def whole_rims(
    seen: Float32[np.ndarray, "height width"], alpha: UInt8[np.ndarray, "height width"],
    inwards_m: Float32[np.ndarray, "height width"], rim_px: float,
) -> Float32[np.ndarray, "height width"]:  # fmt: skip
    """A map in which the rims of glasses are seen where the lens beside them is: what stands before
    a rim stands before the lens too, and no rim sinks into a cheek or a brow.

    ``alpha`` is the item's, ``inwards_m`` how far behind its anchor point it lies, ``rim_px`` how
    wide ``RIM_M`` is.
    """
    lens = ((alpha > 8) & (alpha < _SOLID)).astype(np.uint8)
    lens = cv2.morphologyEx(lens, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    if not lens.any():
        return seen
    there = lens.astype(np.float32)
    share = cv2.GaussianBlur(there, (0, 0), 1.5)
    smooth = cv2.GaussianBlur(seen * there, (0, 0), 1.5) / np.maximum(share, 1e-3)
    away_px, labels = cv2.distanceTransformWithLabels(
        1 - lens, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.asarray(labels, np.intp)
    by_label = np.zeros(int(nearest.max()) + 1, np.float32)
    by_label[nearest[lens > 0]] = smooth[lens > 0]
    near = by_label[nearest] * np.clip(5 - 4 * away_px / rim_px, 0, 1)
    rim = (lens == 0) & (alpha > 0) & (inwards_m < TEMPLES_M)
    return np.where(rim, np.maximum(seen, near), seen).astype(np.float32)
