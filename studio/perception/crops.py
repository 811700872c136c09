"""Looking closer: upright, enlarged, possibly mirrored crops, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8


def smoothed(
    rgb: UInt8[np.ndarray, "height width 3"], step_px: float
) -> UInt8[np.ndarray, "height width 3"]:
    """A picture without detail finer than ``step_px``, the pixels between which it will be looked
    at. The mean is over an odd number of pixels: an even one would move the picture by half."""
    side = 2 * int(0.35 * step_px) + 1
    return cv2.blur(rgb, (side, side)) if side > 1 else rgb


@dataclass(frozen=True, eq=False)
class Crop:
    """A square cut out of a picture: ``to_crop`` maps picture pixels to crop pixels."""

    to_crop: Float[np.ndarray, "2 3"]
    side_px: int

    @classmethod
    def around(
        cls,
        centre_px: Float[np.ndarray, " 2"],
        size_px: float,
        *,
        angle: float = 0.0,
        mirror: bool = False,
        side_px: int = 512,
    ) -> Crop:
        """A square of ``size_px`` turned by ``angle`` (radians, clockwise as seen)."""
        scale = side_px / size_px
        cos, sin = np.cos(angle), np.sin(angle)
        turn = scale * np.array([[cos, sin], [-sin, cos]])
        if mirror:
            turn = np.diag([-1.0, 1.0]) @ turn
        middle = np.full(2, (side_px - 1) / 2)
        return cls(np.column_stack([turn, middle - turn @ np.asarray(centre_px)]), side_px)

    def cut(self, rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "side side 3"]:
        """The pixels; what lies outside the picture is black."""
        side = (self.side_px, self.side_px)
        shrink = 1 / np.sqrt(abs(np.linalg.det(self.to_crop[:, :2])))
        if shrink < 2:
            return cv2.warpAffine(rgb, self.to_crop, side, flags=cv2.INTER_LINEAR)
        # Far too many source pixels for bilinear sampling: average them first.
        step = int(shrink)
        small = cv2.resize(rgb, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
        matrix = self.to_crop.copy()
        matrix[:, 2] += matrix[:, :2] @ np.full(2, (step - 1) / 2)
        matrix[:, :2] *= step
        return cv2.warpAffine(small, matrix, side, flags=cv2.INTER_LINEAR)

    def back(self, xy_crop: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points 2"]:
        """Points of the crop in the picture."""
        inverse = cv2.invertAffineTransform(self.to_crop)
        return xy_crop @ inverse[:, :2].T + inverse[:, 2]


def upright_angle(up: Float[np.ndarray, " 2"]) -> float:
    """How far a direction in the picture leans from straight up (radians, clockwise)."""
    return float(np.arctan2(up[0], -up[1]))


def bounds(xy_px: Float[np.ndarray, "points 2"]) -> tuple[np.ndarray, float]:
    """Centre and longer side of the smallest box around the points."""
    low, high = np.nanmin(xy_px, axis=0), np.nanmax(xy_px, axis=0)
    return (low + high) / 2, float(max((high - low).max(), 1.0))
