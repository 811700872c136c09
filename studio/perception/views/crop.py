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
_LEVEL = 0.3


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
        return to_pixels(self.camera, distort(self.camera, _plane(self.matrix, xy_px)))

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


def _plane(matrix: np.ndarray, xy_px: np.ndarray) -> np.ndarray:
    """Pixels of a crop on the normalised plane."""
    return (xy_px - matrix[:2, 2]) @ np.linalg.inv(matrix[:2, :2]).T


def _towards_up(camera: Camera, middle: np.ndarray) -> np.ndarray:
    """The turn of the normalised plane (2, 2) that brings the world's up to the picture's, at a
    place on it; none where the camera looks almost straight down or up."""
    x, y, z = camera.rotation[:, 2]
    way = np.array([x, y]) - z * middle
    length = float(np.linalg.norm(way))
    if length < _LEVEL:
        return np.eye(2)
    a, b = way / length
    return np.array([[-b, a], [-a, -b]])


def crop_at(
    camera: Camera, box: Box, size_px: tuple[int, int], margin: float, upright: bool = False
) -> Crop:
    """The crop around a box, ``margin`` times as high as the box widened; ``upright``, the crop is
    turned until the world's up is up in it, however the camera is held."""
    left, top, right, bottom = box
    middle = normalise(camera, np.array([[(left + right) / 2, (top + bottom) / 2]]))[0]
    if not np.isfinite(middle).all():
        middle = np.zeros(2)
    turn = _towards_up(camera, middle) if upright else np.eye(2)
    across, down = np.abs(turn) @ [right - left, bottom - top]
    scale = size_px[1] / (max(down, across / ASPECT, 8.0) * margin)
    focal = scale * float(pixels_per_unit(camera, middle[None])[0])
    width, height = size_px
    matrix = np.eye(3)
    matrix[:2, :2] = focal * turn
    matrix[:2, 2] = np.array([(width - 1) / 2, (height - 1) / 2]) - matrix[:2, :2] @ middle
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    plane = _plane(matrix, np.stack([columns, rows], -1))
    at = to_pixels(camera, distort(camera, plane)).astype(np.float32)
    return Crop(camera, size_px, matrix, (at[..., 0].copy(), at[..., 1].copy()))


def loose_crop(camera: Camera, box: Box, side_px: int) -> Crop:
    """A square crop with room around the person, to cut others from."""
    return crop_at(camera, box, (side_px, side_px), LOOSE)
