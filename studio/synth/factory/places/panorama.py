"""A place seen once all around, and what a camera anywhere in it sees of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from studio.core.types import Camera
from studio.render.environment import directions
from studio.render.raster import Renderer
from studio.synth.factory.places.scenery import Scenery

EYE_M = np.array([0.0, 0.0, 1.35], np.float32)
_FACE_PX = 640
_HIGH_PX = 1280
_LIT_M = 14.0
_AXES = {  # right, down, forward of each face of the cube
    "front": ((1, 0, 0), (0, 0, -1), (0, 1, 0)), "back": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    "left": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)), "right": ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
    "up": ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "down": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}  # fmt: skip


def tone(radiance: np.ndarray) -> np.ndarray:
    """The tone curve of the rasteriser: linear radiance to sRGB, 0 to 255."""
    c = radiance * (2.51 * radiance + 0.03) / (radiance * (2.43 * radiance + 0.59) + 0.14)
    c = np.clip(c, 0, 1)
    srgb = np.where(c > 0.0031308, 1.055 * c ** (1 / 2.4) - 0.055, 12.92 * c)
    return np.clip(255 * srgb + 0.5, 0, 255).astype(np.uint8)


def look_around(scenery: Scenery) -> np.ndarray:
    """The place from its middle, equirectangular (see :mod:`studio.render.environment`)."""
    way = directions(_HIGH_PX, 2 * _HIGH_PX).astype(np.float32)
    out = np.zeros((*way.shape[:2], 3), np.uint8)
    sky = None
    if scenery.sky is not None:
        sky = cv2.resize(
            tone(0.7 * scenery.sky), (2 * _HIGH_PX, _HIGH_PX), interpolation=cv2.INTER_CUBIC
        )
    light = replace(scenery.lighting, radius_m=_LIT_M) if sky is not None else replace(
        scenery.lighting, radius_m=5.0
    )  # fmt: skip
    drawn = (*scenery.shown, *scenery.floors)
    focal = _FACE_PX / 2 / 1.02  # faces overlap a little, so that no seam is looked up outside
    middle = (_FACE_PX - 1) / 2
    matrix = np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
    with Renderer((_FACE_PX, _FACE_PX)) as renderer:
        for axes in _AXES.values():
            rotation = np.array(axes, float)
            camera = Camera("cube", (_FACE_PX, _FACE_PX), matrix, np.zeros(0), rotation,
                            -rotation @ EYE_M)  # fmt: skip
            seen = renderer.render(drawn, camera, light, near_m=0.1, far_m=250.0)
            local = way @ rotation.T.astype(np.float32)
            ahead = local[..., 2]
            mine = ahead >= np.abs(local).max(axis=-1) - 1e-6
            u, v = np.zeros_like(ahead), np.zeros_like(ahead)
            u[mine] = local[mine, 0] / ahead[mine] * focal + middle
            v[mine] = local[mine, 1] / ahead[mine] * focal + middle
            rgb = cv2.remap(seen.rgb, u, v, cv2.INTER_LINEAR)
            if sky is not None:
                alpha = cv2.remap(seen.alpha, u, v, cv2.INTER_LINEAR)[..., None] / 255.0
                rgb = (rgb * alpha + sky * (1 - alpha)).astype(np.uint8)
            out[mine] = rgb[mine]
    return out


@dataclass(eq=False)
class Panorama:
    """A picture all around ``EYE_M``, of what lies on a box (half sides and height, metres).

    ``look`` gives the picture; it is asked when a camera first looks.
    """

    look: Callable[[], np.ndarray]
    reach_m: tuple[float, float, float]

    @cached_property
    def rgb(self) -> np.ndarray:
        """The picture, equirectangular (see :mod:`studio.render.environment`)."""
        return self.look()

    def seen_by(self, camera: Camera, size_px: tuple[int, int]) -> np.ndarray:
        """The place as an ideal camera anywhere in it sees it, in a picture of that size.

        What lies on the box is where it belongs; what stands before it is seen flat on it.
        """
        width, height = size_px
        inverse = np.linalg.inv(camera.matrix @ camera.rotation).astype(np.float32)
        v, u = np.mgrid[:height, :width].astype(np.float32)
        way = np.stack([u, v, np.ones_like(u)], axis=-1) @ inverse.T
        start = camera.centre_m.astype(np.float32)
        x, y, z = self.reach_m
        low, high = np.array([-x, -y, 0], "f4"), np.array([x, y, z], "f4")
        with np.errstate(divide="ignore"):
            along = np.maximum((low - start) / way, (high - start) / way).min(axis=-1)
        place = start + way * np.maximum(along, 0.01)[..., None] - EYE_M
        turn = np.arctan2(place[..., 0], place[..., 1])
        down = np.arctan2(np.hypot(place[..., 0], place[..., 1]), place[..., 2])
        rows, columns = self.rgb.shape[:2]
        at_x = ((turn / (2 * np.pi) + 0.5) * columns - 0.5).astype(np.float32)
        at_y = (down / np.pi * rows - 0.5).astype(np.float32)
        return cv2.remap(self.rgb, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
