"""How sharp, how noisy and how deep a camera's pictures are, told from a face in them.

Noise: Immerkær, "Fast noise variance estimation" (1996), by the median. Blur: Zhuo and Sim,
"Defocus map estimation from a single image" (2011): how much an edge loses when it is blurred once
more tells how blurred it was.
"""

from __future__ import annotations

import cv2
import numpy as np

from studio.live.wearing.laying import CameraLook

AGAIN_PX = 1.0
EVERY_S = 0.5
SHARP_PX = 0.5
"""What an item is blurred by its own drawing."""
MOST_BLACK = 24.0
"""What shows nothing black is not thought to be veiled more than this (levels)."""
_CALM = 0.3
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_FLAT = 4.0
"""A picture of fewer levels tells nothing of its camera."""


class LookFinder:
    """Follows a camera's look, calmly. For one thread."""

    def __init__(self) -> None:
        self._look: CameraLook | None = None
        self._time_s = -np.inf

    def find(self, rgb: np.ndarray, face_px: np.ndarray, time_s: float) -> CameraLook:
        """The look at a moment, measured anew now and then."""
        if self._look is not None and 0 <= time_s - self._time_s < EVERY_S:
            return self._look
        found = camera_look(rgb, face_px)
        if found is None:
            return self._look or CameraLook()
        old = self._look
        if old is not None:
            found = CameraLook(*(
                a + _CALM * (b - a)
                for a, b in zip((old.blur_px, old.noise, old.black, old.white),
                                (found.blur_px, found.noise, found.black, found.white), strict=True)
            ))  # fmt: skip
        self._look, self._time_s = found, time_s
        return found


def camera_look(rgb: np.ndarray, face_px: np.ndarray) -> CameraLook | None:
    """The look of the part of a picture around some points; None where too little is seen."""
    height, width = rgb.shape[:2]
    low = np.clip(face_px[:, :2].min(0).astype(int), 0, (width, height))
    high = np.clip(face_px[:, :2].max(0).astype(int) + 1, 0, (width, height))
    if (high - low).min() < 24:
        return None
    part = rgb[low[1] : high[1], low[0] : high[0]]
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY).astype(np.float32)
    if np.ptp(grey) < _FLAT:
        return None
    edges = np.abs(cv2.filter2D(grey, cv2.CV_32F, _KERNEL))
    noise = float(np.median(edges)) / 0.6745 / 6
    few = rgb[::4, ::4]
    # A veil over the picture is in every colour; what is merely not black is not.
    black = float(np.percentile(few.min(-1), 0.1))
    white = float(np.percentile(few.max(-1), 99.7))
    return CameraLook(_blur(grey), noise, min(black, MOST_BLACK), white)


def _blur(grey: np.ndarray) -> float:
    again = cv2.GaussianBlur(grey, (0, 0), AGAIN_PX)
    before, after = _slope(grey), _slope(again)
    strong = before > np.percentile(before, 95)
    ratio = np.percentile(before[strong] / np.maximum(after[strong], 1e-3), 75)
    if ratio <= 1.02:
        return 3.0
    sigma = AGAIN_PX / np.sqrt(ratio**2 - 1)
    return float(np.clip(np.sqrt(max(sigma**2 - SHARP_PX**2, 0.0)), 0.0, 3.0))


def _slope(grey: np.ndarray) -> np.ndarray:
    x, y = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
    return cv2.magnitude(x, y)
