"""The person before the camera, cut out: the newest mask there is, found on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.live.relay import Lane
from studio.perception.person_mask import PersonMask
from studio.weights.store import find

FEATHER = 0.006
"""How soft the edge is, as a share of the picture's height."""
NETWORK_HEIGHT_PX = 256
MakeMask = Callable[[], PersonMask]


def person_mask() -> PersonMask:
    """The mask's network. Raises StudioError if it is not installed."""
    return PersonMask(find("pose_landmarker_lite"))


class Matte:
    """Finds masks of pictures. With ``live`` it never waits: what is returned is the mask of a
    picture a moment ago. For one thread."""

    def __init__(self, make: MakeMask = person_mask, *, live: bool = True) -> None:
        self._make, self._mask = make, None
        self._newest: np.ndarray | None = None
        self._lane: Lane[np.ndarray] | None = Lane("matte", self._find) if live else None

    def close(self) -> None:
        """Free the network."""
        if self._lane is not None:
            self._lane.close()
        if self._mask is not None:
            self._mask.close()
            self._mask = None

    def of(self, rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
        """How much of each pixel is the person's; nothing where nobody is found.

        Raises StudioError if the network is not installed.
        """
        if self._lane is None:
            self._find(rgb)
        else:
            if self._lane.error is not None:
                raise self._lane.error
            self._lane.put(rgb)
        height, width = rgb.shape[:2]
        if self._newest is None:
            return np.zeros((height, width), np.uint8)
        return cv2.resize(self._newest, (width, height), interpolation=cv2.INTER_LINEAR)

    def _find(self, rgb: np.ndarray) -> None:
        if self._mask is None:
            self._mask = self._make()
        shrink = min(NETWORK_HEIGHT_PX / rgb.shape[0], 1.0)
        small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        found = self._mask.find(small)
        if found is None:
            self._newest = np.zeros(small.shape[:2], np.uint8)
            return
        soft = cv2.GaussianBlur(found.astype(np.float32), (0, 0), FEATHER * rgb.shape[0])
        self._newest = (np.clip((soft - 0.2) / 0.6, 0, 1) * 255).astype(np.uint8)
