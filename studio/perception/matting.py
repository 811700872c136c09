"""A person cut out of a photograph, edges true to a pixel, from a network's coarse mask.

Near the coarse edge a graph cut decides by the colours on both sides (GrabCut: Rother et al. 2004),
then the matte follows the picture's own edges (guided filter: He et al. 2010).
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

CUT_PX = 640
"""People are cut out at about so many pixels of height."""
_BAND, _ROUNDS = 0.018, 3
_SOFT_PX, _EPS = 3, 1e-3 * 255**2
_SPECK = 0.02


def matte(
    rgb: UInt8[np.ndarray, "height width 3"], coarse: Float[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width"]:
    """The matte (0 to 255) of the one person whom a mask of shares (0 to 1) shows roughly.

    Empty where the mask is.
    """
    sure = coarse > 0.5
    if not sure.any():
        return np.zeros(coarse.shape, np.uint8)
    rows, columns = np.flatnonzero(sure.any(1)), np.flatnonzero(sure.any(0))
    tall = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    room = int(0.08 * tall) + 4
    top, left = max(rows[0] - room, 0), max(columns[0] - room, 0)
    part = slice(top, rows[-1] + room), slice(left, columns[-1] + room)
    cut = _cut(np.ascontiguousarray(rgb[part]), np.ascontiguousarray(coarse[part]), tall)
    out = np.zeros(coarse.shape, np.uint8)
    out[part] = cut
    return out


def _cut(rgb: np.ndarray, coarse: np.ndarray, tall: float) -> np.ndarray:
    """The matte of a picture that the person fills."""
    scale = min(1.0, CUT_PX / tall)
    size = max(int(rgb.shape[1] * scale), 8), max(int(rgb.shape[0] * scale), 8)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    band = max(int(_BAND * tall * scale), 3)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1,) * 2)
    inner = cv2.erode((share > 0.5).astype(np.uint8), kernel)
    outer = cv2.dilate((share > 0.3).astype(np.uint8), kernel)
    labels = np.full(share.shape, cv2.GC_BGD, np.uint8)
    labels[outer > 0] = np.where(share > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD)[outer > 0]
    labels[(inner > 0) & (share > 0.9)] = cv2.GC_FGD
    told = (labels == cv2.GC_BGD).any() and (labels == cv2.GC_FGD).any()
    if told:
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.setRNGSeed(1)
        cv2.grabCut(small, labels, (0, 0, 1, 1), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = _without_specks(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)))
    whole = cv2.resize(found.astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if scale < 1.0:
        radius = max(int(_SOFT_PX / scale), 2)
        whole = cv2.ximgproc.guidedFilter(rgb, whole, radius, _EPS)
    return np.rint(np.clip(whole, 0, 1) * 255).astype(np.uint8)


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The mask without parts, and without holes, that are far smaller than the person."""
    least = _SPECK * mask.sum() / 4
    out = mask.copy()
    for value in (True, False):
        _, labels, stats, _ = cv2.connectedComponentsWithStats((out == value).astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] < least * (1.0 if value else 0.1)
        small[0] = False
        out = np.where(small[labels], not value, out)
    return out
