"""What stands between an ideal picture and a video frame: the lens's distortion and the sensor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from studio.core.types import Camera
from studio.vision.camera import normalise


class Lens:
    """Bends ideal pinhole pictures exactly as a calibrated camera's lens does.

    ``ideal`` is the pinhole camera to render with (a little wider than the real one, so that the
    bent picture has no empty corners; ``oversample`` times its resolution).
    """

    def __init__(self, camera: Camera, oversample: float = 1.0) -> None:
        width, height = camera.size_px
        u, v = np.meshgrid(np.arange(width), np.arange(height))
        rays = normalise(camera, np.stack([u, v], axis=-1).astype(np.float64))
        focal = camera.matrix[[0, 1], [0, 1]] * oversample
        low = rays.min(axis=(0, 1)) * focal - 2
        high = rays.max(axis=(0, 1)) * focal + 2
        size = np.ceil(high - low).astype(int) + 1
        matrix = np.diag([*focal, 1.0])
        matrix[:2, 2] = -low
        self.camera = camera
        self.ideal = replace(
            camera,
            size_px=(int(size[0]), int(size[1])),
            matrix=matrix,
            distortion=np.zeros(0),
            lens="pinhole",
        )
        where = (rays * focal - low).astype(np.float32)
        self._x, self._y = where[..., 0].copy(), where[..., 1].copy()

    def bend(self, rgb: np.ndarray) -> np.ndarray:
        """A picture of ``ideal`` as the real camera sees it."""
        return cv2.remap(rgb, self._x, self._y, cv2.INTER_LINEAR)

    def pick(self, plane: np.ndarray) -> np.ndarray:
        """A map of ``ideal`` (labels, depth ...) as the real camera sees it, nothing mixed."""
        return cv2.remap(plane, self._x, self._y, cv2.INTER_NEAREST)


@dataclass(frozen=True)
class Sensor:
    """A camera's response: ``gain`` per channel, vignette (share lost in the corners), blur
    (standard deviation in px) and noise (standard deviations of 8-bit levels, dark and white).
    """

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignette: float = 0.12
    blur_px: float = 0.5
    noise: tuple[float, float] = (1.0, 2.0)

    def expose(self, rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The 8-bit frame that the sensor delivers."""
        height, width = rgb.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        fall = 1 - self.vignette * ((x * x + y * y) / 2) ** 1.5
        seen = rgb.astype(np.float32)
        if self.blur_px > 0:
            seen = cv2.GaussianBlur(seen, (0, 0), self.blur_px)
        seen = seen * fall[..., None] * np.array(self.gain, np.float32)
        dark, white = self.noise
        spread = np.sqrt(dark**2 + (white**2 - dark**2) * np.clip(seen, 0, 255) / 255)
        noise = rng.standard_normal((height, width, 1), np.float32) * np.float32(0.8)
        noise = noise + rng.standard_normal((height, width, 3), np.float32) * np.float32(0.6)
        return np.clip(seen + spread * noise + 0.5, 0, 255).astype(np.uint8)
