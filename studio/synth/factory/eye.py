"""The camera's eye: what happens to a picture between the lens and the file."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from studio.render.lens import Sensor

_WANTED = 112.0
"""What a camera's automatic exposure makes of the people's mean, in levels of 8 bits."""

_BRIGHTEST = 246.0
"""What it leaves the brightest of them at most, so that pale hands beside dark cloth keep form."""


@dataclass(frozen=True)
class Eye:
    """A camera's habits in one picture.

    ``sensor`` is how it answers; ``steady`` how much of a wrong exposure it corrects (0 to 1);
    ``shake_px`` the way that the picture moves while it is taken, right and down; ``flicker`` how
    much lamps on the mains brighten and darken its rows, ``bands`` times from top to bottom;
    ``jpeg`` the quality it is kept with, 0 as it is.
    """

    sensor: Sensor
    steady: float = 0.7
    shake_px: tuple[float, float] = (0.0, 0.0)
    flicker: float = 0.0
    bands: float = 2.0
    jpeg: int = 0

    def take(self, rgb: np.ndarray, subject: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The picture as it is kept; ``subject`` says where what it is exposed for is."""
        seen = rgb[subject] if subject.mean() > 0.005 else rgb.reshape(-1, 3)
        mean = float(seen.mean()) + 4.0
        bright = float(np.percentile(seen.max(axis=1), 98)) + 1.0
        gain = float(np.clip(min((_WANTED / mean) ** self.steady, _BRIGHTEST / bright), 0.75, 1.5))
        r, g, b = (gain * c for c in self.sensor.gain)
        moved = shaken(rgb, self.shake_px)
        out = replace(self.sensor, gain=(r, g, b)).expose(moved, rng)
        if self.flicker:
            rows = np.linspace(0, 2 * np.pi * self.bands, len(out)) + rng.uniform(0, 2 * np.pi)
            wave = 1 + self.flicker * np.sin(rows)[:, None, None]
            out = np.clip(out * wave, 0, 255).astype(np.uint8)
        return compressed(out, self.jpeg) if self.jpeg else out


def shaken(rgb: np.ndarray, way_px: tuple[float, float]) -> np.ndarray:
    """A picture that moved by so much while it was taken, its middle where it was."""
    length = float(np.hypot(*way_px))
    if length < 0.5:
        return rgb
    side = 2 * int(np.ceil(length / 2)) + 3
    kernel = np.zeros((side, side), np.float32)
    middle = (side - 1) / 2
    for t in np.linspace(-0.5, 0.5, 4 * side):
        x, y = middle + t * way_px[0], middle + t * way_px[1]
        i, j = int(y), int(x)
        for di, dj in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = (1 - abs(y - i - di)) * (1 - abs(x - j - dj))
            if share > 0:
                kernel[i + di, j + dj] += share
    return cv2.filter2D(rgb, -1, kernel / kernel.sum())


def compressed(rgb: np.ndarray, quality: int) -> np.ndarray:
    """A picture after it has been a JPEG file."""
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(np.asarray(data), cv2.IMREAD_COLOR)
    assert back is not None
    return np.ascontiguousarray(back[..., ::-1])


def random_eye(rng: np.random.Generator, scale: float = 1.0) -> Eye:
    """Any camera's; ``scale`` is the picture's side over 256 px, with which blur grows."""
    warm, green = rng.normal(0, 0.035), rng.normal(0, 0.012)
    gain = rng.normal(1.0, 0.06) * np.array([1 + warm, 1 + green, 1 - warm])
    r, g, b = (float(c) for c in gain)
    dark = float(rng.uniform(0.4, 2.6))
    blur = 0.25 + 1.1 * rng.beta(1.2, 4)
    sensor = Sensor((r, g, b), float(rng.uniform(0, 0.22)), scale * float(blur),
                    (dark, dark + float(rng.uniform(0, 2))))  # fmt: skip
    turn, far = rng.uniform(0, 2 * np.pi), scale * rng.uniform(1, 4.5) * (rng.random() < 0.15)
    return Eye(
        sensor,
        steady=float(rng.uniform(0.5, 0.95)),
        shake_px=(float(far * np.cos(turn)), float(far * np.sin(turn))),
        flicker=float(rng.uniform(0.01, 0.06)) if rng.random() < 0.1 else 0.0,
        bands=float(rng.uniform(1, 4)),
        jpeg=int(rng.integers(55, 96)) if rng.random() < 0.6 else 0,
    )
