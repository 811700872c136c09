"""What a camera operator watches: is the picture sharp, and is it exposed well."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

BRIGHT = 250
DARK = 5
BINS = 64


def sharpness(rgb: UInt8[np.ndarray, "height width 3"], share: float = 0.5) -> float:
    """How sharp the middle of a picture is: larger is sharper, for one and the same scene.

    The energy of the Sobel gradient (Tenengrad; Krotkov 1987) relative to that of the picture's
    own brightness, in the middle ``share`` of each side, so that more light is not more sharpness.
    0 for a picture of one colour. Comparable between moments of one camera, not between cameras.
    """
    height, width = rgb.shape[:2]
    top, left = round(height * (1 - share) / 2), round(width * (1 - share) / 2)
    middle = rgb[top : max(height - top, top + 1), left : max(width - left, left + 1)]
    gray = cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = float(gray.mean())
    if light < 1:
        return 0.0
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    return float(np.sqrt((across * across + down * down).mean())) / light


@dataclass(frozen=True, eq=False)
class Exposure:
    """How bright a picture is. ``histogram`` are shares of the pixels (sum 1), dark to bright;
    ``clipped`` and ``crushed`` the shares that hold no detail any more: a channel at its top, all
    three at the bottom. ``mean`` brightness is 0..1."""

    histogram: Float[np.ndarray, " bins"]
    clipped: float
    crushed: float
    mean: float

    @property
    def words(self) -> str:
        """A judgement an operator can act on; empty when nothing is wrong."""
        if self.clipped > 0.02:
            return f"{100 * self.clipped:.0f} % burnt out: shorten the exposure"
        if self.mean < 0.15 or self.crushed > 0.3:
            return "Too dark: add light"
        return ""


def exposure(rgb: UInt8[np.ndarray, "height width 3"], step: int = 4) -> Exposure:
    """The exposure of a picture, from every ``step``-th pixel of every ``step``-th row."""
    some = np.ascontiguousarray(rgb[::step, ::step])
    gray = cv2.cvtColor(some, cv2.COLOR_RGB2GRAY)
    counts = np.bincount(gray.ravel() // (256 // BINS), minlength=BINS)
    brightest = some.max(-1)
    return Exposure(
        counts / gray.size,
        float((brightest >= BRIGHT).mean()),
        float((brightest <= DARK).mean()),
        float(gray.mean()) / 255,
    )
