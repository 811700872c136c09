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
