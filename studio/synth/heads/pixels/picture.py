"""A photograph as heads are compared with it: soft linear light, its slopes, where skin is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float

from studio.human.heads.shown import Portrait
from studio.perception.faces.lit import GAMMA
from studio.perception.portraits import Looked

FACE_PX = 80.0
"""How high faces are where they are compared."""
_SOFT, _EDGE = 0.6, 1.2
"""How soft pictures are made, and how far from its edges skin is not compared (pixels of a face so
high)."""
_AROUND = 0.3
_LEAST = 0.05
"""How much of the square of the face's height is skin at least that tells something."""
Places = Float[np.ndarray, "places 2"]


@dataclass(frozen=True, eq=False)
class Pictured:
    """A photograph that is compared: linear ``light`` and how it changes to the right and down (a
    pixel), where its ``skin`` is away from all edges (0 to 1), where it shows ``bare`` skin and
    where the ground behind the head, and how light skin is."""

    one: Portrait
    light: np.ndarray
    right: np.ndarray
    down: np.ndarray
    skin: np.ndarray
    bare: Bool[np.ndarray, "height width"]
    ground: Bool[np.ndarray, "height width"]
    level: float

    @classmethod
    def of(cls, looked: Looked, one: Portrait) -> Pictured:
        """As it was looked at."""
        pixel = one.tall_px / FACE_PX
        rgb = (looked.rgb.astype(np.float32) / 255) ** GAMMA
        light = cv2.GaussianBlur(rgb, (0, 0), max(_SOFT * pixel, _SOFT))
        right = cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=3) / 8
        down = cv2.Sobel(light, cv2.CV_32F, 0, 1, ksize=3) / 8
        side = 2 * max(round(_EDGE * pixel), 1) + 1
        bare = looked.bare.astype(np.uint8)
        skin = cv2.erode(bare, np.ones((side, side), np.uint8)).astype(np.float32)
        seen = rgb[looked.bare].mean(-1)
        level = float(np.median(seen)) if len(seen) else 0.0
        return cls(one, light, right, down, skin, looked.bare, _ground(looked), max(level, 1e-3))

    @property
    def tells(self) -> bool:
        """Whether it shows enough skin to be compared."""
        return float(self.skin.sum()) > _LEAST * self.one.tall_px**2

    @cached_property
    def box(self) -> tuple[np.ndarray, float, tuple[int, int]]:
        """The part of the picture about the head: its corner, how many of its pixels make one of
        the picture, and its width and height in those."""
        xy = self.one.xyz_px[:, :2]
        room = _AROUND * self.one.tall_px
        low, high = xy.min(0) - room, xy.max(0) + room
        scale = FACE_PX / self.one.tall_px
        wide, tall = np.ceil((high - low) * scale).astype(int).tolist()
        return low, scale, (wide, tall)


def at(values: np.ndarray, places_px: Places) -> np.ndarray:
    """Values of a picture between its pixels, one row a place."""
    where = places_px.astype(np.float32)[:, None]
    found = cv2.remap(values, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found[:, 0]


def _ground(looked: Looked) -> np.ndarray:
    """What is neither skin nor hair, and not enclosed by them as shade under a chin is."""
    other = (~(looked.bare | looked.hair)).astype(np.uint8)
    _, labels = cv2.connectedComponents(other)
    rim = np.unique(np.concatenate([labels[0], labels[:, 0], labels[:, -1]]))
    return np.isin(labels, rim[rim > 0])
