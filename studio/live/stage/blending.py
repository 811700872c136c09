"""Pictures laid over each other. Canvases hold sRGB with alpha, which is multiplied in."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8

Canvas = UInt8[np.ndarray, "height width 4"]


def empty(size_px: tuple[int, int]) -> Canvas:
    """A transparent canvas."""
    return np.zeros((size_px[1], size_px[0], 4), np.uint8)


def filled(size_px: tuple[int, int], rgb: tuple[int, int, int]) -> Canvas:
    """A canvas of one colour."""
    return np.tile(np.array([*rgb, 255], np.uint8), (size_px[1], size_px[0], 1))


def opaque(rgb: UInt8[np.ndarray, "height width 3"]) -> Canvas:
    """A picture as a canvas that hides what is behind."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)


def multiplied(rgba: UInt8[np.ndarray, "height width 4"]) -> Canvas:
    """A picture with alpha as a canvas."""
    alpha = np.repeat(rgba[..., 3:], 4, axis=2)
    alpha[..., 3] = 255
    return cv2.multiply(rgba, alpha, scale=1 / 255)


def straight(canvas: Canvas) -> UInt8[np.ndarray, "height width 4"]:
    """A canvas as a picture whose alpha is not multiplied in."""
    alpha = canvas[..., 3]
    if bool((alpha == 255).all()):
        return canvas
    colour = cv2.divide(canvas, cv2.merge([alpha] * 4), scale=255)
    colour[..., 3] = alpha
    return colour


def faded(canvas: Canvas, share: float) -> Canvas:
    """A canvas with only a share of its opacity."""
    return canvas if share >= 1 else cv2.convertScaleAbs(canvas, alpha=max(share, 0.0))


def masked(canvas: Canvas, mask: np.ndarray) -> Canvas:
    """A canvas where a mask (height, width; 0 to 255) is, only."""
    return cv2.multiply(canvas, np.repeat(mask[..., None], 4, axis=2), scale=1 / 255)


def laid_over(behind: Canvas, front: Canvas) -> Canvas:
    """One canvas over another, in place where ``front`` covers anything; returns ``behind``."""
    rows = np.flatnonzero(front[..., 3].any(1))
    if not len(rows):
        return behind
    columns = np.flatnonzero(front[..., 3].any(0))
    part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    over = np.ascontiguousarray(front[part])
    rest = cv2.bitwise_not(np.repeat(over[..., 3:], 4, axis=2))
    under = cv2.multiply(np.ascontiguousarray(behind[part]), rest, scale=1 / 255)
    behind[part] = cv2.add(under, over)
    return behind


def cover(size: tuple[int, int], size_px: tuple[int, int]) -> np.ndarray:
    """The affine matrix (2, 3) that lets a picture of ``size`` (width, height) fill a stage."""
    width, height = size
    scale = max(size_px[0] / width, size_px[1] / height)
    across = (size_px[0] - scale * width) / 2 + (scale - 1) / 2
    down = (size_px[1] - scale * height) / 2 + (scale - 1) / 2
    return np.array([[scale, 0, across], [0, scale, down]])


def fitted(picture: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """A picture that fills the stage, cut where its shape differs."""
    height, width = picture.shape[:2]
    if (width, height) == size_px:
        return picture
    matrix = cover((width, height), size_px)
    shrinks = matrix[0, 0] < 1
    if shrinks:
        picture = cv2.resize(picture, None, fx=matrix[0, 0], fy=matrix[0, 0],
                             interpolation=cv2.INTER_AREA)  # fmt: skip
        matrix = cover((picture.shape[1], picture.shape[0]), size_px)
    return cv2.warpAffine(picture, matrix, size_px, flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip


def blurred(picture: np.ndarray, share: float) -> np.ndarray:
    """A picture blurred by a share of its height, quickly: shrunk, blurred and enlarged."""
    height, width = picture.shape[:2]
    sigma = share * height
    if sigma < 0.5:
        return picture
    shrink = max(int(sigma / 2), 1)
    small = cv2.resize(picture, (max(width // shrink, 4), max(height // shrink, 4)),
                       interpolation=cv2.INTER_AREA)  # fmt: skip
    small = cv2.GaussianBlur(small, (0, 0), max(sigma / shrink, 0.5))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
