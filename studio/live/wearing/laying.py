"""Items laid into a picture so that they look taken with it: colours, shadow, blur and noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from studio.live.wearing.drawing import DrawnItem
from studio.live.wearing.wear_settings import WearSettings

Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class CameraLook:
    """How a camera sees: its blur (sigma, pixels), its noise (standard deviation, levels), and
    the darkest and the lightest that it shows (levels)."""

    blur_px: float = 0.0
    noise: float = 0.0
    black: float = 0.0
    white: float = 255.0


def adjusted(
    rgba: UInt8[np.ndarray, "height width 4"], settings: WearSettings, look: CameraLook, *,
    tinted: bool,
) -> UInt8[np.ndarray, "height width 4"]:  # fmt: skip
    """An item's colours as wanted, and no darker or lighter than the picture is. ``tinted`` items
    have lenses, whose tint is strengthened."""
    levels = np.arange(256) / 255
    span = levels**settings.gamma
    span = (span - 0.5) * settings.contrast + 0.5 + settings.brightness
    low, high = look.black / 255, max(look.white / 255, 0.5)
    span = low + np.clip(span, 0, 1) * (high - low)
    table = np.clip(np.rint(255 * span), 0, 255).astype(np.uint8)
    plain = bool((table == np.arange(256)).all())
    strengthened = tinted and settings.lens != 1.0
    if plain and not strengthened:
        return rgba
    alpha = rgba[..., 3]
    colour = cv2.divide(rgba, cv2.merge([alpha] * 4), scale=255)
    colour = cv2.LUT(colour, table)
    if strengthened:
        more = np.arange(256.0)
        more = np.where(more < 247, np.minimum(settings.lens * more, 255), more)
        alpha = cv2.LUT(alpha, np.rint(more).astype(np.uint8))
    colour[..., 3] = 255
    return cv2.multiply(colour, cv2.merge([alpha] * 4), scale=1 / 255)


def shaded(
    under: Picture, covered: Float32[np.ndarray, "height width"], way_px: tuple[float, float],
    strength: float,
) -> Picture:  # fmt: skip
    """A picture with a soft shadow of what covers it (0 to 1), thrown so far."""
    if strength <= 0:
        return under
    size = float(np.hypot(*way_px))
    height, width = covered.shape
    matrix = np.array([[1.0, 0, way_px[0]], [0, 1.0, way_px[1]]])
    thrown = cv2.warpAffine(covered, matrix, (width, height), flags=cv2.INTER_LINEAR)
    thrown = cv2.GaussianBlur(thrown, (0, 0), max(0.6 * size, 0.8))
    dark = 1 - (0.55 * strength) * thrown
    return cv2.multiply(under, cv2.merge([dark, dark, dark]), dtype=cv2.CV_8U)


def laid(
    under: Picture, drawn: DrawnItem, rgba: np.ndarray, seen: Float32[np.ndarray, "height width"],
    opacity: float,
) -> Picture:  # fmt: skip
    """A picture's crop with an item over it where it is seen."""
    share = cv2.convertScaleAbs(seen, alpha=255 * opacity)
    front = cv2.multiply(rgba, cv2.merge([share] * 4), scale=1 / 255)
    rest = 255 - front[..., 3]
    behind = cv2.multiply(under, cv2.merge([rest] * 3), scale=1 / 255)
    return cv2.add(behind, np.ascontiguousarray(front[..., :3]))


def like_camera(
    rgba: UInt8[np.ndarray, "height width 4"], look: CameraLook, noise: np.ndarray
) -> UInt8[np.ndarray, "height width 4"]:
    """An item as blurred and as noisy as the camera's pictures; ``noise`` is a tile of deviations
    of standard deviation 1, at least as large."""
    if look.blur_px > 0.25:
        rgba = cv2.GaussianBlur(rgba, (0, 0), look.blur_px)
    if look.noise > 0.4:
        height, width = rgba.shape[:2]
        alpha = rgba[..., 3]
        share = cv2.multiply(alpha, look.noise / 255, dtype=cv2.CV_32F)
        grain = cv2.multiply(noise[:height, :width], cv2.merge([share] * 3))
        colour = cv2.add(np.ascontiguousarray(rgba[..., :3]), grain, dtype=cv2.CV_8U)
        rgba = cv2.merge([*cv2.split(cv2.min(colour, cv2.merge([alpha] * 3))), alpha])
    return rgba
