"""What covers a head in a photograph, to the pixel: hair, or a hat, a scarf, a veil.

Where a person is neither skin nor far from the head is a first guess; colours then decide between
what covers the head and what is around it (GrabCut: Rother, Kolmogorov, Blake 2004), and what hangs
down in the same colours is followed beside the neck.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

_FACE_PX, _ROOM = 110, 2.5
"""Faces are looked at so high, in a square so many times as wide."""
_ROUNDS = 3
_AROUND, _WITHIN, _CORE = 0.05, 0.035, 0.02
"""How far outside of the person nothing is hair, so far inside of skin, and how far inside of what
is neither all is, by the face's height."""
_HANGING = 0.06
"""What hangs beside the mouth and is thinner is a collar's edge or a shadow."""
_UNLIKE, _AHEAD = 0.05, 0.12
"""So much more may cover one side of a head than the other that looks ahead: whose nose is off the
middle of the face by no more than the second, by its width."""
_CHIN, _BROW, _TOP, _NOSE, _CHEEKS = 152, 9, 10, 4, (234, 454)
_NO, _SURE, _MAYBE_NO, _MAYBE = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD


def covering(
    rgb: UInt8[np.ndarray, "height width 3"],
    xyz_px: Float[np.ndarray, "478 3"],
    bare: Bool[np.ndarray, "height width"],
    face: Bool[np.ndarray, "height width"],
    person: Bool[np.ndarray, "height width"] | None,
) -> Bool[np.ndarray, "height width"]:
    """Where something covers the head. ``face`` is what surely is face, ``person`` where the person
    is; nothing is found where that is not known."""
    if person is None:
        return np.zeros_like(bare)
    tall = float(np.linalg.norm(xyz_px[_TOP, :2] - xyz_px[_CHIN, :2]))
    scale = _FACE_PX / max(tall, 1.0)
    side = int(_ROOM * _FACE_PX)
    middle = xyz_px[_BROW, :2] + 0.12 * (xyz_px[_CHIN, :2] - xyz_px[_BROW, :2])
    matrix = np.column_stack([scale * np.eye(2), side / 2 - scale * middle])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    soft = cv2.GaussianBlur(rgb, (0, 0), 0.35 / scale) if scale < 0.6 else rgb
    small = cv2.warpAffine(soft, matrix, (side, side), flags=way, borderMode=cv2.BORDER_REPLICATE)

    def cut(mask: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(mask.astype(np.float32), matrix, (side, side)) > 0.5

    told = _told(cut(bare), cut(face), cut(person), scale * xyz_px[:, :2] + matrix[:, 2])
    if not (told == _MAYBE).any() or not (told == _NO).any():
        return np.zeros_like(bare)
    cv2.setRNGSeed(0)
    cv2.grabCut(small, told, (0, 0, side, side), np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS,
                cv2.GC_INIT_WITH_MASK)  # fmt: skip
    found = ((told == _MAYBE) | (told == _SURE)).astype(np.uint8)
    thick = cv2.morphologyEx(found, cv2.MORPH_OPEN, _disc(_HANGING))
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, _disc(0.01))
    low = int(np.rint(scale * (0.45 * xyz_px[_BROW, 1] + 0.55 * xyz_px[_CHIN, 1]) + matrix[1, 2]))
    found[low:] = thick[low:]
    both = _on_both(found > 0, scale * xyz_px[:, :2] + matrix[:, 2])
    found = _joined(np.where(both, found, 0).astype(np.uint8), cut(face))
    back = cv2.warpAffine(
        cv2.GaussianBlur(found.astype(np.float32), (0, 0), 0.8), matrix, rgb.shape[1::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )  # fmt: skip
    return back > 0.5


def _told(bare: np.ndarray, face: np.ndarray, person: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """What is known of each pixel before colours are asked."""
    side = len(bare)
    rows, columns = np.mgrid[:side, :side]
    out = np.full(bare.shape, _MAYBE_NO, np.uint8)
    chin, brow = xy[_CHIN, 1], xy[_BROW, 1]
    tall = chin - xy[_TOP, 1]
    cover = person & ~bare & ~face
    cover &= _on_both(cover, xy)
    out[cover & (rows < chin - 0.25 * (chin - brow))] = _MAYBE
    aside = np.abs(columns - float(xy[:, 0].mean())) / tall
    core = cv2.erode(cover.astype(np.uint8), _disc(_CORE)) > 0
    out[core & (rows < brow) & (aside < 0.75)] = _SURE
    near = cv2.dilate(person.astype(np.uint8), _disc(_AROUND)) > 0
    out[~near] = _NO
    out[cv2.erode(bare.astype(np.uint8), _disc(_WITHIN)) > 0] = _NO
    out[face] = _NO
    out[(rows > chin + 0.75 * tall) | (aside > 1.2)] = _NO
    return out


def _on_both(cover: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Where what covers a head that looks ahead covers its other side too, about."""
    x = float((xy[_CHEEKS[0], 0] + xy[_CHEEKS[1], 0]) / 2)
    if abs(float(xy[_NOSE, 0]) - x) > _AHEAD * abs(float(np.ptp(xy[list(_CHEEKS), 0]))):
        return np.ones_like(cover)
    twin = cv2.dilate(cover.astype(np.uint8), _disc(_UNLIKE)) > 0
    across = np.rint(2 * x - np.arange(cover.shape[1])).astype(int)
    inside = (across >= 0) & (across < cover.shape[1])
    return twin[:, across.clip(0, cover.shape[1] - 1)] & inside


def _disc(share: float) -> np.ndarray:
    wide = 2 * max(int(share * _FACE_PX), 1) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide))


def _joined(found: np.ndarray, face: np.ndarray) -> np.ndarray:
    """The pieces that reach up beside the face or above it; specks and what lies below are none."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    rows = np.flatnonzero(face.any(1))
    middle = (rows[0] + rows[-1]) / 2 if len(rows) else len(found) / 2
    kept = [
        k for k in range(1, count)
        if stats[k, cv2.CC_STAT_AREA] > 0.01 * _FACE_PX**2 and stats[k, cv2.CC_STAT_TOP] < middle
    ]  # fmt: skip
    return np.isin(labels, kept)
