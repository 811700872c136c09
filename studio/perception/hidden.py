"""Whether something lies before a part of a face: a mask, a hand, a book.

Told by colours. Lips are redder than the skin about them, whoever it is; and where parts of a face
have another colour than most of it, though not only another light, they are not its skin. A hand
beside the mouth is not told, nor is anything in a picture without colours.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

PARTS = {
    "cheek": ((117, 118, 101, 36, 205, 187, 147, 123), (346, 347, 330, 266, 425, 411, 376, 352)),
    "jaw": ((205, 187, 147, 213, 192, 214, 216, 207), (425, 411, 376, 433, 416, 434, 436, 427)),
    "chin": ((43, 106, 182, 83, 18, 313, 406, 335, 273, 364, 394, 395, 369, 396, 175, 171, 140,
              170, 169, 135),),
    "nose": ((168, 193, 417, 220, 440, 4, 48, 278),),
    "brows": ((107, 336, 337, 108),),
    "upper lip": ((97, 2, 326, 391, 393, 164, 167, 165),),
}  # fmt: skip
"""Parts of the face that are skin, by the points around them."""
_LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
REDDER = 2.5
"""Lips that are hardly so much redder than the skin about them are no lips."""
OTHER, STRONG, BETWEEN_BROWS = 16.0, 0.37, 22.0
"""Parts whose colour is so far from that of most, and by such a share of its strength, are no skin:
two, or that between the brows."""
_SHADE = 1.0
"""What is so much darker or lighter (of its logarithm) may be skin in another light."""
_PALE = 8.0
"""Faces of so little colour tell nothing."""
_NEAR, _GAP, _SOFT = 0.05, 0.015, 0.008
_LIGHT = 150.0


def hidden(rgb: UInt8[np.ndarray, "height width 3"], xyz_px: Float[np.ndarray, "478 3"]) -> bool:
    """Whether something lies before a part of the face that has these points."""
    tall = float(np.ptp(xyz_px[:, 1]))
    (left, top), (right, bottom) = (
        np.rint(edge).astype(int)
        for edge in (xyz_px[:, :2].min(0) - 0.1 * tall, xyz_px[:, :2].max(0) + 0.1 * tall)
    )
    left, top = max(int(left), 0), max(int(top), 0)
    part = rgb[top : int(bottom), left : int(right)]
    xy = xyz_px[:, :2] - (left, top)
    soft = cv2.GaussianBlur(part, (0, 0), max(_SOFT * tall, 0.5))
    lab = cv2.cvtColor(soft, cv2.COLOR_RGB2LAB).astype(float)
    found = {name: [_middle(lab, xy, list(ring)) for ring in rings]
             for name, rings in PARTS.items()}  # fmt: skip
    every = np.array([one for rings in found.values() for one in rings])
    colours = every[:, 1:]
    middle = np.median(colours, axis=0)
    if np.hypot(*colours.T).max() < _PALE:
        return False
    strong = float(np.hypot(*middle))
    other = np.linalg.norm(colours - middle, axis=1)
    lit = np.abs(every[:, 0] - np.median(every[:, 0])) < _SHADE
    between = np.linalg.norm(found["brows"][0][1:] - middle)
    if ((other > max(OTHER, STRONG * strong)) & lit).sum() >= 2 or between > BETWEEN_BROWS:
        return True
    return _redder(lab, xy, tall) < REDDER


def _inside(shape: tuple[int, ...], ring: np.ndarray) -> Bool[np.ndarray, "rows columns"]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(ring).astype(np.int32)], 1)
    return mask > 0


def _colour(lab: np.ndarray) -> np.ndarray:
    """The logarithm of how light pixels are, and their colour by that."""
    light = np.fmax(lab[:, :1], 20.0)
    return np.column_stack([np.log(light), (lab[:, 1:] - 128) / light * _LIGHT])


def _middle(lab: np.ndarray, xy: np.ndarray, ring: list[int]) -> np.ndarray:
    hull = cv2.convexHull(np.rint(xy[ring]).astype(np.int32))[:, 0]
    inside = _inside(lab.shape, hull)
    if not inside.any():
        return np.array([np.log(_LIGHT), 0.0, 0.0])
    return np.median(_colour(lab[inside]), axis=0)


def _redder(lab: np.ndarray, xy: np.ndarray, tall: float) -> float:
    """How much redder lips are than the skin about them."""
    lips = _inside(lab.shape, xy[list(_LIPS)]).astype(np.uint8)
    near, gap = (np.ones((2 * int(share * tall) + 1,) * 2, np.uint8) for share in (_NEAR, _GAP))
    ring = (cv2.dilate(lips, near) > 0) & (cv2.dilate(lips, gap) == 0)
    if not lips.any() or not ring.any():
        return np.inf
    on, about = (np.median(_colour(lab[where]), axis=0) for where in (lips > 0, ring))
    return float(on[1] - about[1])
