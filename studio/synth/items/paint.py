"""Pictures of what things are made of: horn, felt, knitting, denim, straps, dials."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.synth.items.parts import Colour

SIZE = 256
Picture = UInt8[np.ndarray, "height width channels"]


def grain(size: int, wide_px: float, seed: int) -> np.ndarray:
    """Noise of blots so wide, about -1 to 1, that goes on over the picture's edges."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.fft2(rng.standard_normal((size, size)))
    f = np.fft.fftfreq(size)
    away = f[:, None] ** 2 + f[None] ** 2
    blots = np.real(np.fft.ifft2(spectrum * np.exp(-2 * (np.pi * wide_px) ** 2 * away)))
    return blots / (2 * blots.std() + 1e-12)


def bytes_of(colour: np.ndarray) -> Picture:
    """Colours from 0 to 1 as bytes."""
    return np.clip(255 * colour + 0.5, 0, 255).astype(np.uint8)


def tortoise(light: Colour, dark: Colour) -> Picture:
    """Horn: dark blots in what shines through."""
    blots = 0.7 * grain(SIZE, 13, 3) + 0.45 * grain(SIZE, 5, 4)
    share = 1 / (1 + np.exp(-5 * blots))[..., None]
    warm = np.array(light) * (1 + 0.25 * grain(SIZE, 8, 5)[..., None])
    return bytes_of(warm + share * (np.array(dark) - warm))


def gradient(tint: Colour, top: float, bottom: float) -> UInt8[np.ndarray, "64 8 4"]:
    """A lens's tint, whose alpha goes from top to bottom."""
    rgba = np.zeros((64, 8, 4))
    rgba[..., :3] = tint
    rgba[..., 3] = np.linspace(top, bottom, 64)[:, None]
    return cv2.convertScaleAbs(255 * rgba)


def _toned(colour: Colour, tone: np.ndarray) -> Picture:
    return bytes_of(np.array(colour) * tone[..., None])


def panels(colour: Colour, count: int) -> Picture:
    """Twill with the seams of so many panels side by side."""
    y, x = np.mgrid[:SIZE, : 2 * SIZE].astype(float)
    twill = 0.96 + 0.05 * np.sin((x + y) * np.pi / 2.5)
    away = np.abs((x / (2 * SIZE) * count + 0.5) % 1 - 0.5) * 2 * SIZE / count
    seam = 1 - 0.40 * np.exp(-((away / 1.2) ** 2))
    stitches = 1 + 0.16 * (np.abs(away - 5) < 1.2) * ((y % 7) < 4)
    worn = 1 + 0.05 * np.tile(grain(SIZE, 12, 8), (1, 2))
    return _toned(colour, twill * seam * stitches * worn)


def knitted(colour: Colour) -> Picture:
    """Ribs of knitting."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    rib = np.abs(np.sin(np.pi * x / 32))
    leg = np.abs(((x / 16) % 1) - 0.5)
    loop = np.abs(((y / 12.8 + 0.9 * leg) % 1) - 0.5) * 2
    height = (0.35 + 0.65 * rib**0.7) * (0.62 + 0.38 * loop)
    return _toned(colour, 0.42 + 0.62 * height + 0.04 * grain(SIZE, 1.0, 9))


def felt(colour: Colour) -> Picture:
    """Felt, or the nap of silk."""
    tone = 1 + 0.05 * grain(SIZE, 9, 10) + 0.07 * grain(SIZE, 1.0, 11)
    return _toned(colour, tone)


def straw(colour: Colour) -> Picture:
    """Plaited straw."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    over = ((x // 8 + y // 8) % 2).astype(bool)
    across, along = np.sin(np.pi * (x % 8) / 8), np.sin(np.pi * (y % 8) / 8)
    bend = np.where(over, across, along)
    return _toned(colour, 0.70 + 0.32 * bend + 0.06 * grain(SIZE, 2, 12))
