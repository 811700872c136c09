"""The dark rims of glasses that somebody wears already are painted out before new ones are put on.

In a picture of the eyes, upright and of one size, dark lines stand out by a black hat (Serra
1982). Around each eye the closed path along which they are darkest is found by dynamic programming.
Glasses are believed where there is such a path and a dark bridge on the nose; what they cover is
filled from around (Telea 2004). Thin wires, and eyes behind dark lenses, are left as they are.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from studio.live.wearing.glanced import Glanced

WIDTH, HEIGHT = 176, 80
"""The upright picture of the eyes."""
_OUTER, _AT = (33, 263), ((48.0, 34.0), (128.0, 34.0))
_NOSE = 168
_LIDS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
_HATS_PX = (5, 9, 13)
_RADII = np.arange(10.0, 34.0, 0.5)
_ANGLES = np.linspace(0, 2 * np.pi, 48, endpoint=False)
_STEPS, _BEND = 2, 3.0
_BRIDGE, _RING, _CLEAR = 22.0, 30.0, 0.45
"""How dark the bridge and the lower half of a rim are, in hundredths of the skin's brightness, and
how bright it is inside, in shares of it. Of 12 bare faces none has a bridge above 15."""
_LINE, _NEAR_PX = 9.0, 5
_LOOK_S, _CALM, _SURE = 0.2, 0.4, 0.5


class OldRims:
    """Remembers who wears glasses. For one thread."""

    def __init__(self) -> None:
        self._worn: dict[int, Glanced] = {}

    def painted_out(
        self, rgb: UInt8[np.ndarray, "height width 3"], faces: dict[int, np.ndarray], time_s: float
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The picture without the dark rims of its wearers' glasses; ``faces`` are points of faces
        (478, 2 or more; pixels) by wearer. The same picture where nobody wears any."""
        self._worn = {k: v for k, v in self._worn.items() if k in faces}
        for number, face_px in faces.items():
            known = self._worn.setdefault(number, Glanced(_LOOK_S, _CALM))
            into = upright(face_px)
            eyes = cv2.warpAffine(rgb, into, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR,
                                  borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
            marks = face_px[:, :2] @ into[:, :2].T + into[:, 2]
            dark, skin = lines(eyes, marks)
            near = known.at(time_s, partial(near_rims, eyes, dark, skin, marks))
            mask = (near > _SURE) & (dark > _LINE)
            if mask.any():
                rgb = _filled(rgb, mask, into)
        return rgb


def upright(face_px: np.ndarray) -> Float[np.ndarray, "2 3"]:
    """From a picture's pixels to the upright picture of the eyes."""
    a, b = (complex(*face_px[k, :2]) for k in _OUTER)
    to, other = (complex(*at) for at in _AT)
    turn = (other - to) / (b - a if b != a else 1)
    shift = to - turn * a
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def lines(
    eyes: UInt8[np.ndarray, "80 176 3"], marks: Float[np.ndarray, "marks 2"]
) -> tuple[Float32[np.ndarray, "80 176"], float]:
    """How much darker than what is around it each pixel of the eyes' picture is, in hundredths of
    the skin's brightness, nothing at the eyes themselves; and that brightness (levels)."""
    grey = cv2.cvtColor(eyes, cv2.COLOR_RGB2GRAY)
    skin = max(float(np.percentile(grey[52:76, 40:136], 70)), 20.0)
    dark = np.zeros(grey.shape, np.float32)
    for side in _HATS_PX:
        shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        hat = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, shape)
        dark = np.maximum(dark, hat.astype(np.float32))
    for lids in _LIDS:
        outline = marks[list(lids)]
        middle = outline.mean(0)
        wide = middle + (outline - middle) * (1.25, 1.5)
        cv2.fillConvexPoly(dark, cv2.convexHull(wide.astype(np.int32)), 0.0)
    face = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(marks.astype(np.int32)), 1)
    dark[face == 0] = 0
    return dark * np.float32(100 / skin), skin


def near_rims(
    eyes: np.ndarray, dark: np.ndarray, skin: float, marks: np.ndarray
) -> Float32[np.ndarray, "80 176"]:
    """Where dark lines are rims, if the face wears glasses: 1 about their paths, bridge and
    temples, 0 elsewhere and where there are none."""
    near = np.zeros(dark.shape, np.float32)
    across, down = (int(v) for v in marks[_NOSE])
    nose = dark[max(down - 12, 0) : down + 16, max(across - 3, 0) : across + 4]
    if not nose.size or np.median(nose.max(0)) < _BRIDGE:
        return near
    rings = [_ring(dark, marks[list(lids)].mean(0) + np.array([0, 3])) for lids in _LIDS]
    if max(strength for strength, _ in rings) < _RING:
        return near
    if max(_bright(eyes, path) for _, path in rings) < _CLEAR * skin:
        return near
    for strength, path in rings:
        if strength < _RING / 2:
            continue
        cv2.polylines(near, [path.astype(np.int32)], True, 1.0, 2 * _NEAR_PX + 1)
        outermost = path[np.abs(path[:, 0] - across).argmax()]
        edge = 4 if outermost[0] < across else WIDTH - 5
        level = int(path[:, 1].min() * 0.6 + path[:, 1].max() * 0.4)
        cv2.line(near, (int(outermost[0]), level), (edge, level - 4), 1.0, 15)
    row = down - 12 + int(np.median(nose.argmax(0)))
    cv2.line(near, (across - 14, row + 2), (across + 14, row + 2), 1.0, 2 * _NEAR_PX + 3)
    return near


def _bright(eyes: np.ndarray, path: np.ndarray) -> float:
    """How bright what a path encloses is (levels)."""
    inside = np.zeros(eyes.shape[:2], np.uint8)
    cv2.fillPoly(inside, [path.astype(np.int32)], 1)
    cv2.polylines(inside, [path.astype(np.int32)], True, 0, 2 * _NEAR_PX)
    grey = cv2.cvtColor(eyes, cv2.COLOR_RGB2GRAY)[inside > 0]
    return float(np.median(grey)) if grey.size else 0.0


def _ring(dark: np.ndarray, middle: np.ndarray) -> tuple[float, Float[np.ndarray, "48 2"]]:
    """The closed path around an eye along which it is darkest, and how dark its lower half is."""
    cos, sin = np.cos(_ANGLES)[:, None], np.sin(_ANGLES)[:, None]
    x = (middle[0] + 1.15 * cos * _RADII).astype(np.float32)
    y = (middle[1] + 0.85 * sin * _RADII).astype(np.float32)
    polar = cv2.remap(dark, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    count, radii = polar.shape
    twice = np.vstack([polar, polar])  # around twice: the middle of it is closed
    best, came = twice[0], np.zeros(twice.shape, int)
    shifts = np.arange(-_STEPS, _STEPS + 1)
    cost = (_BEND * np.abs(shifts))[:, None]
    at = np.arange(radii) + shifts[:, None]
    for k in range(1, len(twice)):
        padded = np.pad(best, _STEPS, constant_values=-np.inf)
        each = padded[at + _STEPS] - cost
        chosen = each.argmax(0)
        came[k] = at[chosen, np.arange(radii)]
        best = each.max(0) + twice[k]
    place, path = int(best.argmax()), np.zeros(2 * count, int)
    for k in range(2 * count - 1, -1, -1):
        path[k], place = place, came[k, place]
    closed = np.roll(path[count // 2 : count // 2 + count], count // 2)
    rows = np.arange(count)
    strength = float(np.median(polar[rows, closed][sin.ravel() > 0.2]))
    return strength, np.column_stack([x[rows, closed], y[rows, closed]])


def _filled(rgb: np.ndarray, mask: np.ndarray, into: np.ndarray) -> np.ndarray:
    """A picture, what a mask of the eyes' picture covers filled from around."""
    scale = 1 / float(np.hypot(into[0, 0], into[1, 0]))
    corners = np.array([[0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT]], float)
    back = cv2.invertAffineTransform(into)
    corners = corners @ back[:, :2].T + back[:, 2]
    height, width = rgb.shape[:2]
    left, top = np.clip(corners.min(0).astype(int), 0, (width, height))
    right, bottom = np.clip(corners.max(0).astype(int) + 1, 0, (width, height))
    if right - left < 8 or bottom - top < 8:
        return rgb
    back[:, 2] -= left, top
    wide = cv2.dilate(mask.astype(np.uint8) * 255, np.ones((3, 3), np.uint8))
    wide = cv2.warpAffine(wide, back, (int(right - left), int(bottom - top)))
    out = rgb.copy()
    part = np.ascontiguousarray(rgb[top:bottom, left:right])
    filled = cv2.inpaint(part, (wide > 100).astype(np.uint8), 3 * scale, cv2.INPAINT_TELEA)
    soft = cv2.GaussianBlur(wide, (0, 0), max(0.6 * scale, 0.6)).astype(np.float32)[..., None] / 255
    out[top:bottom, left:right] = (part + soft * (filled.astype(np.float32) - part) + 0.5).astype(
        np.uint8
    )
    return out
