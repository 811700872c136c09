"""What a camera sees of a person, as an ideal pinhole camera of its own.

The lens is taken out while the crop is cut, so that all that follows is linear: a point of the
world lies at ``projection @ (x, y, z, 1)`` of the crop, whose pixel centres are at integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.types import Camera
from studio.perception.crops import smoothed
from studio.vision.camera import distort, normalise, pixels_per_unit, to_pixels

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of a picture."""

ASPECT = 0.75
"""Width over height of what a person's box is widened to."""
LOOSE = 1.4
"""The height of a loose crop in heights of such a box."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A crop of ``size_px`` (width, height) of a camera's picture: the ideal camera matrix of its
    pixels, and where each of them lies in the picture (two maps, x and y)."""

    camera: Camera
    size_px: tuple[int, int]
    matrix: Float[np.ndarray, "3 3"]
    where: tuple[np.ndarray, np.ndarray]

    @property
    def projection(self) -> Float[np.ndarray, "3 4"]:
        """From the world (metres) to pixels of the crop; the third coordinate is the depth."""
        return self.matrix @ np.column_stack([self.camera.rotation, self.camera.translation_m])

    def in_picture(self, xy_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Pixels of the crop as pixels of the picture, as the lens bends them."""
        plane = (xy_px - self.matrix[:2, 2]) / self.matrix[0, 0]
        return to_pixels(self.camera, distort(self.camera, plane))

    @property
    def step_px(self) -> float:
        """How many pixels of the picture a pixel of the crop is, on average."""
        x, y = self.where
        return float(np.hypot(np.diff(x, axis=1).mean(), np.diff(y, axis=1).mean()))

    def take(self, rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "h w 3"]:
        """The crop of a picture. What lies outside the picture shows its mirror image; finer
        detail than a crop's pixel is smoothed first."""
        x, y = self.where
        smoother = smoothed(rgb, self.step_px)
        return cv2.remap(smoother, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def widened(box: Box) -> tuple[float, float, float]:
    """The middle (x, y) and the height of a box widened to the aspect of a person's crop."""
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2, max(bottom - top, (right - left) / ASPECT, 8.0)


def crop_at(camera: Camera, box: Box, size_px: tuple[int, int], margin: float) -> Crop:
    """The crop around a box, ``margin`` times as high as the box widened."""
    x, y, tall = widened(box)
    middle = normalise(camera, np.array([[x, y]]))[0]
    if not np.isfinite(middle).all():
        middle = np.zeros(2)
    scale = size_px[1] / (tall * margin)
    focal = scale * float(pixels_per_unit(camera, middle[None])[0])
    width, height = size_px
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.array([
        [focal, 0, centre[0] - focal * middle[0]], [0, focal, centre[1] - focal * middle[1]],
        [0, 0, 1],
    ])  # fmt: skip
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    plane = (np.stack([columns, rows], -1) - matrix[:2, 2]) / focal
    at = to_pixels(camera, distort(camera, plane)).astype(np.float32)
    return Crop(camera, size_px, matrix, (at[..., 0].copy(), at[..., 1].copy()))


def loose_crop(camera: Camera, box: Box, side_px: int) -> Crop:
    """A square crop with room around the person, to cut others from."""
    return crop_at(camera, box, (side_px, side_px), LOOSE)
