"""Surfaces as pictures that can be repeated: grass, asphalt, stone, boards, fronts of houses."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Rng = np.random.Generator
Colour = tuple[float, float, float]


def clouded(rng: Rng, size: int, falls: float, finest: float = 1.0) -> np.ndarray:
    """Noise of unit spread that can be repeated; its power falls with frequency (0 is white)."""
    white = np.fft.rfft2(rng.standard_normal((size, size)))
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    f[0, 0] = 1.0
    shaped = white * f ** (-falls) * (f < 0.5 * finest)
    shaped[0, 0] = 0
    out = np.fft.irfft2(shaped, (size, size))
    return (out / out.std()).astype(np.float32)


def _picture(colour: np.ndarray) -> np.ndarray:
    return np.clip(255 * colour, 0, 255).astype(np.uint8)


def _tinted(base: Colour, shade: np.ndarray) -> np.ndarray:
    return _picture(np.array(base) * shade[..., None])


def grass(rng: Rng, size: int = 512) -> np.ndarray:
    """A lawn."""
    blades = clouded(rng, size, 0.35) * 0.22 + clouded(rng, size, 1.4) * 0.12
    dry = np.clip(clouded(rng, size, 1.6) * 0.5 + rng.uniform(-0.3, 0.6), 0, 1)[..., None]
    green, straw = np.array([0.30, 0.37, 0.17]), np.array([0.50, 0.45, 0.27])
    return _picture((green + dry * 0.6 * (straw - green)) * (1 + blades[..., None]))


def asphalt(rng: Rng, size: int = 512) -> np.ndarray:
    """A road."""
    shade = 1 + 0.10 * clouded(rng, size, 0.1) + 0.05 * clouded(rng, size, 1.5)
    return _tinted((0.40, 0.40, 0.41), rng.uniform(0.75, 1.2) * shade)


def sand(rng: Rng, size: int = 512) -> np.ndarray:
    """Sand or dry earth."""
    shade = 1 + 0.06 * clouded(rng, size, 0.2) + 0.06 * clouded(rng, size, 1.2)
    return _tinted((0.76, 0.66, 0.49), rng.uniform(0.7, 1.1) * shade)


def concrete(rng: Rng, size: int = 512) -> np.ndarray:
    """Poured concrete with joints."""
    shade = 1 + 0.035 * clouded(rng, size, 0.3) + 0.06 * clouded(rng, size, 1.5)
    shade[:3], shade[:, :3] = 0.72, 0.72
    warm = rng.uniform(0.94, 1.03)
    return _tinted((0.62 * warm, 0.61, 0.59 / warm), rng.uniform(0.75, 1.15) * shade)


def paving(rng: Rng, size: int = 512) -> np.ndarray:
    """Stones in rows, every second one shifted."""
    rows, columns = int(rng.choice([4, 6, 8])), int(rng.choice([2, 4, 6]))
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    row = (y * rows).astype(int)
    at = (x * columns + 0.5 * (row % 2)) % columns
    tone = rng.uniform(0.82, 1.12, (rows, columns))[row, at.astype(int)]
    down, along = np.abs(y * rows % 1 - 0.5) / rows, np.abs(at % 1 - 0.5) / columns
    joint = (0.5 / rows - down < 0.006) | (0.5 / columns - along < 0.006)
    shade = tone * (1 + 0.06 * clouded(rng, size, 0.4)) * np.where(joint, 0.6, 1)
    base = [(0.60, 0.57, 0.52), (0.55, 0.40, 0.33), (0.50, 0.50, 0.51)][int(rng.integers(3))]
    return _tinted(base, shade)


def brick(rng: Rng, size: int = 512) -> np.ndarray:
    """A brick wall, sixteen courses high."""
    rows, columns = 16, 6
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    row = (y * rows).astype(int)
    at = (x * columns + 0.5 * (row % 2)) % columns
    tone = rng.uniform(0.72, 1.15, (rows, columns))[row, at.astype(int)]
    joint = (np.abs(y * rows % 1 - 0.5) > 0.43) | (np.abs(at % 1 - 0.5) > 0.46)
    shade = (tone * (1 + 0.1 * clouded(rng, size, 0.4)))[..., None]
    red = [(0.55, 0.29, 0.22), (0.66, 0.50, 0.40), (0.86, 0.84, 0.80)][int(rng.integers(3))]
    mortar = np.array([0.70, 0.67, 0.62])
    return _picture(np.where(joint[..., None], mortar, np.array(red) * shade))


def plaster(rng: Rng, colour: Colour, size: int = 256) -> np.ndarray:
    """A painted wall."""
    shade = 1 + 0.012 * clouded(rng, size, 0.5) + 0.02 * clouded(rng, size, 1.6)
    return _tinted(colour, shade)


def panelled(rng: Rng, size: int = 512) -> np.ndarray:
    """Upright boards of wood."""
    boards = 8
    y, x = np.mgrid[:size, :size]
    board = x * boards // size
    edge = np.abs(x * boards % size - size / 2) / size
    streaks = cv2.resize(rng.standard_normal((8, size)).astype(np.float32), (size, size))
    shade = rng.uniform(0.85, 1.1, boards)[board] * (1 + 0.06 * streaks)
    base = [(0.55, 0.40, 0.27), (0.72, 0.60, 0.45), (0.36, 0.26, 0.19)][int(rng.integers(3))]
    return _tinted(base, shade * np.where(edge > 0.485, 0.55, 1) + 0 * y)


def tiles(rng: Rng, size: int = 512) -> np.ndarray:
    """Floor tiles, perhaps in two colours."""
    count = int(rng.choice([4, 6, 8]))
    y, x = np.mgrid[:size, :size].astype(np.float32) / size * count
    number = x.astype(int) + y.astype(int)
    joint = np.maximum(np.abs(x % 1 - 0.5), np.abs(y % 1 - 0.5)) > 0.485
    grey = rng.uniform(0.45, 0.85)
    other = grey * (rng.uniform(0.45, 0.8) if rng.random() < 0.3 else 1.0)
    shade = np.where(number % 2 == 0, grey, other) * (1 + 0.05 * clouded(rng, size, 1.3))
    return _tinted((1.0, 0.98, 0.95), np.where(joint, 0.55 * grey, shade))


def wool(rng: Rng, size: int = 256) -> np.ndarray:
    """A plain fitted carpet."""
    hue = rng.uniform(0.6, 1.0, 3) * rng.uniform(0.3, 0.75)
    return _tinted(
        (float(hue[0]), float(hue[1]), float(hue[2])), 1 + 0.12 * clouded(rng, size, 0.1)
    )


_FRONTS = ((0.86, 0.80, 0.68), (0.70, 0.69, 0.67), (0.62, 0.40, 0.31), (0.90, 0.89, 0.86),
           (0.74, 0.58, 0.38), (0.55, 0.57, 0.60), (0.80, 0.66, 0.58))  # fmt: skip


def front(rng: Rng, floors: int, bays: int, size: int = 512) -> np.ndarray:
    """The front of a house: windows in a wall."""
    wall = np.array(_FRONTS[int(rng.integers(len(_FRONTS)))]) * rng.uniform(0.75, 1.1)
    canvas = np.tile(wall, (size, size, 1)) * (1 + 0.03 * clouded(rng, size, 1.0))[..., None]
    high, wide = size / floors, size / bays
    tall, broad = rng.uniform(0.5, 0.75), rng.uniform(0.4, 0.75)
    frame = np.array([0.9, 0.9, 0.88]) * rng.choice([0.25, 1.0])
    for floor in range(floors):
        for bay in range(bays):
            top, left = (floor + 0.5 * (1 - tall)) * high, (bay + 0.5 * (1 - broad)) * wide
            y0, y1 = int(top), int(top + tall * high)
            x0, x1 = int(left), int(left + broad * wide)
            canvas[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2] = frame
            up = np.linspace(1.0, 0.55, y1 - y0)[:, None, None]
            glass = np.array([0.32, 0.40, 0.48]) * rng.uniform(0.4, 1.2)
            canvas[y0:y1, x0:x1] = glass * up
            if rng.random() < 0.4:
                drop = int((y1 - y0) * rng.uniform(0.2, 0.7))
                canvas[y0 : y0 + drop, x0:x1] = rng.uniform(0.6, 0.9)
            canvas[y0:y1, (x0 + x1) // 2 - 1 : (x0 + x1) // 2 + 1] = frame
            canvas[y1 : y1 + 4, x0 - 3 : x1 + 3] = 0.8 * wall
    return _picture(canvas)


OUTSIDE: dict[str, tuple[Callable[[Rng], np.ndarray], float]] = {
    "grass": (grass, 2.2), "asphalt": (asphalt, 2.5), "sand": (sand, 2.5),
    "concrete": (concrete, 2.4), "paving": (paving, 1.6),
}  # fmt: skip
"""Grounds, and how many metres one picture of each covers."""
