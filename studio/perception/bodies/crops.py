"""Squares of a picture that the networks look at, and how masks are told."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from studio.perception.bodies.parts import FEATURES, MARKS, Kind

SIDE_PX: dict[Kind, int] = {"body": 256, "head": 160}
"""How large the squares are."""
FINE = 2
"""Masks are that much finer."""
LOOSE: dict[Kind, float] = {"body": 1.16, "head": 1.6}
"""How much larger than the person's box (the face's points' box, for heads) they are."""
FAR_PX = 32.0
"""How far from the mask's edge distances are told."""
_SPREAD_PX = 3.0


def square(points_px: np.ndarray, loose: float) -> tuple[float, float, float]:
    """The square (left, top, side) about points (n, 2), their box's longer side times ``loose``;
    pixels whose centres are whole numbers."""
    low, high = points_px.min(0), points_px.max(0)
    side = float(loose * (high - low).max())
    left, top = (low + high) / 2 - side / 2
    return float(left), float(top), side


def window(left: float, top: float, side: float, side_px: int) -> np.ndarray:
    """What takes pixels of a picture to those of a square of it (3, 3)."""
    scale = side_px / side
    return np.array([[scale, 0, -scale * left], [0, scale, -scale * top], [0, 0, 1.0]])


def cut(picture: np.ndarray, into: np.ndarray, side_px: int) -> np.ndarray:
    """A square of a picture, smoothly made smaller where it is."""
    shrunk = 1 / max(float(into[0, 0]), 1e-6)
    if shrunk > 2:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 * shrunk)
    return cv2.warpAffine(picture, into[:2], (side_px, side_px), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_CONSTANT)  # fmt: skip


def edge_px(mask: UInt8[np.ndarray, "fine fine"]) -> Float32[np.ndarray, "fine fine"]:
    """How far inside a mask's edge the pixels of a fine mask are, in pixels of the square, up to
    ``FAR_PX``; negative outside."""
    on = (mask > 127).astype(np.uint8)
    inner = cv2.distanceTransform(on, cv2.DIST_L2, 3) - 0.5 * on
    outer = cv2.distanceTransform(1 - on, cv2.DIST_L2, 3) - 0.5 * (1 - on)
    return np.clip((inner - outer) / FINE, -FAR_PX, FAR_PX).astype(np.float32)


def heat(marks_px: np.ndarray, side_px: int) -> Float32[np.ndarray, "features side side"]:
    """Maps that are 1 at the points of each feature of the face and fall to 0 around them;
    ``marks_px`` (marks, 2) are those of ``MARKS``, NaN where unknown."""
    lines = np.arange(side_px, dtype=np.float32)
    found = np.zeros((len(FEATURES), side_px, side_px), np.float32)
    owners = [k for k, points in enumerate(FEATURES.values()) for _ in points]
    assert len(owners) == len(MARKS) == len(marks_px)
    for owner, (x, y) in zip(owners, marks_px, strict=True):
        if np.isfinite(x + y):
            across = np.exp(-((lines - x) ** 2) / (2 * _SPREAD_PX**2))
            down = np.exp(-((lines - y) ** 2) / (2 * _SPREAD_PX**2))
            np.maximum(found[owner], down[:, None] * across, out=found[owner])
    return found
