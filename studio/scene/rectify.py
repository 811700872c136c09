"""Pictures without lens distortion, as the image planes of cameras show them.

Making one takes milliseconds, and the first of a camera much longer; both are kept, so that a
worker may call :func:`rectified` ahead of drawing.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.types import Camera, Frame
from studio.vision.camera import distort

Maps = tuple[np.ndarray, np.ndarray]

_maps: WeakKeyDictionary[Camera, dict[tuple[int, ...], Maps]] = WeakKeyDictionary()
_made: WeakKeyDictionary[Frame, tuple[Camera, int, np.ndarray]] = WeakKeyDictionary()


def rectified(camera: Camera, frame: Frame, widest_px: int) -> UInt8[np.ndarray, "height width 3"]:
    """The picture as an ideal camera would have taken it, shrunk to a largest side."""
    made = _made.get(frame)
    if made is not None and made[0] is camera and made[1] == widest_px:
        return made[2]
    height, width = frame.rgb.shape[:2]
    shrink = min(1.0, widest_px / max(width, height))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    known = _maps.setdefault(camera, {})
    key = (width, height, *size)
    if key not in known:
        known[key] = _map(camera, (width, height), size)
    picture = cv2.remap(frame.rgb, *known[key], cv2.INTER_LINEAR)
    _made[frame] = (camera, widest_px, picture)
    return picture


def _map(camera: Camera, source: tuple[int, int], size: tuple[int, int]) -> Maps:
    seen, made = (_scaled(camera.matrix, camera.size_px, px) for px in (source, size))
    u, v = np.meshgrid(np.arange(size[0], dtype=np.float64), np.arange(size[1]))
    rays = np.stack([u, v, np.ones_like(u)], -1).reshape(-1, 3) @ np.linalg.inv(made).T
    bent = distort(camera, rays[:, :2] / rays[:, 2:])
    xy = bent @ seen[:2, :2].T + seen[:2, 2]
    xy = xy.astype(np.float32).reshape(size[1], size[0], 2)
    return cv2.convertMaps(xy[..., 0], xy[..., 1], cv2.CV_16SC2)


def _scaled(matrix: np.ndarray, old: tuple[int, int], new: tuple[int, int]) -> np.ndarray:
    """Intrinsics of a resized picture (pixel centres at integers)."""
    sx, sy = new[0] / old[0], new[1] / old[1]
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    return np.linalg.inv(shift) @ np.diag([sx, sy, 1.0]) @ shift @ matrix
