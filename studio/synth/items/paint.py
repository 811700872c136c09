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


def facets(colour: Colour) -> Picture:
    """Eight tones of a stone: what its facets mirror and let through."""
    tones = np.array([0.62, 1.25, 0.85, 1.45, 0.48, 1.05, 0.74, 1.7])
    tint = np.array(colour) * tones[:, None] + 0.10 * np.clip(tones - 1, 0, 1)[:, None]
    return bytes_of(np.repeat(np.repeat(tint[None], 8, 0), 8, 1))


def dial(face: Colour, marks: Colour, dots: bool, bezel: bool = False) -> Picture:
    """A watch's face, or the ring of minutes around it: 12 o'clock on top, the picture as wide as
    the dial."""
    size = 1024
    picture = np.full((size, size, 3), face, np.float32)
    y, x = np.mgrid[:size, :size] / (size / 2) - 1
    away = np.hypot(x, y)
    if not bezel:
        picture *= (1.03 - 0.16 * away**2)[..., None]
    ink = tuple(float(v) for v in marks)
    for minute in range(60):
        turn = minute * np.pi / 30
        way = np.array([np.sin(turn), -np.cos(turn)])
        big = minute % 5 == 0
        ends = ((0.84, 0.96) if big else (0.88, 0.92)) if bezel else (
            (0.74, 0.92) if big else (0.885, 0.92))  # fmt: skip
        if bezel and not big and minute > 15:
            continue
        wide = 16 if big and bezel else 20 if big else 5
        start, end = (tuple(int(v) for v in 0.5 * size * (1 + e * way)) for e in ends)
        if dots and big and not bezel:
            centre = tuple(int(v) for v in 0.5 * size * (1 + 0.78 * way))
            if minute % 15:
                cv2.circle(picture, centre, 40, ink, -1, cv2.LINE_AA)
            else:
                cv2.line(picture, start, tuple(int(v) for v in 0.5 * size * (1 + 0.60 * way)), ink,
                         60, cv2.LINE_AA)  # fmt: skip
        else:
            cv2.line(picture, start, end, ink, wide, cv2.LINE_AA)
    if not bezel:
        cv2.circle(picture, (size // 2, size // 2), int(0.475 * size), ink, 2, cv2.LINE_AA)
    return cv2.resize(bytes_of(picture), (512, 512), interpolation=cv2.INTER_AREA)


def leather(colour: Colour, stitched: bool) -> Picture:
    """A strap: across its section from left to right, along it from top to bottom; a seam along
    both edges of its outside where it is stitched."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    tone = 1 + 0.10 * grain(SIZE, 2.2, 21) + 0.08 * grain(SIZE, 14, 22)
    found = np.array(colour) * tone[..., None]
    if stitched:
        for place in (0.135, 0.865):
            seam = np.abs(x / SIZE - place) < 0.012
            found[seam & ((y % 12) < 8)] = np.clip(1.5 * np.array(colour) + 0.18, 0, 1)
    return bytes_of(found)


def furry(fur: Colour, inside: Colour) -> Picture:
    """Fur, and at the left half of the picture, down its middle, the bare inside of an ear: its
    root is at the top."""
    y, x = np.mgrid[:SIZE, : 2 * SIZE].astype(float) / SIZE
    hair = (
        1
        + 0.10 * np.tile(grain(SIZE, 1.0, 31), (1, 2))
        + 0.06 * np.tile(grain(SIZE, 4, 32), (1, 2))
    )
    soft = np.tile(grain(SIZE, 2, 33), (1, 2))
    edge = 0.30 * np.sqrt(np.clip(np.sin(np.pi * np.clip((y - 0.10) / 0.80, 0, 1)), 0, 1))
    bare = 1 / (1 + np.exp(-((edge - np.abs(x - 0.5)) * 40 + 0.9 * soft)))
    bare[(y < 0.10) | (y > 0.90)] = 0
    tint = np.array(inside) * (0.94 + 0.10 * np.abs(x - 0.5) / 0.3 + 0.03 * soft)[..., None]
    bare = bare[..., None]
    return bytes_of(np.array(fur) * hair[..., None] * (1 - bare) + tint * bare)


def sneaker(colour: Colour, panel: Colour, stripe: Colour) -> Picture:
    """A sneaker's upper, from the heel round the outer side, the toes (in the middle) and the inner
    side; the sole is at the top of the picture. Mesh, with panels at toes, heel and eyelets, and
    two stripes."""
    high, wide = 512, 1024
    rows, columns = np.mgrid[:high, :wide]
    y, x = rows / high, columns / wide
    away = np.abs(x - 0.5)
    mesh = 1 - 0.13 * (((rows + columns) // 3) % 2)
    tone = np.array(colour) * mesh[..., None]
    smooth = 1 + 0.02 * np.tile(grain(512, 2, 41), (1, 2))

    def laid(inside: np.ndarray, tint: Colour) -> None:
        """A panel whose signed distance is given (0 at its edge, 1 the picture's height), with its
        seam."""
        nonlocal tone
        cover = np.clip(inside * high, 0, 1)[..., None]
        tone = tone * (1 - cover) + cover * np.array(tint) * smooth[..., None]
        edge = np.exp(-((inside * high / 2.2) ** 2)) * 0.35
        tone = tone * (1 - edge[..., None])
        seam = (np.abs(inside * high - 9) < 1.2) & ((rows + columns) % 12 < 8)
        tone[seam] = np.clip(1.25 * tone[seam] + 0.10, 0, 1)

    for place in (0.262, 0.312):
        bar = 0.016 - np.abs(away - place - 0.14 * (y - 0.5))
        cover = np.clip(bar * wide / 2, 0, 1)[..., None]
        tone = tone * (1 - cover) + cover * np.array(stripe)
    laid(0.40 - y - 9.0 * np.clip(away - 0.055, 0, 1) ** 1.2, panel)  # toes
    laid(0.9 * (away - 0.415) - 0.20 * (y - 0.4), panel)  # heel
    laid(np.minimum(0.8 * (0.105 - away), y - 0.54), panel)  # eyelets
    laid(np.minimum(0.8 * (0.020 - away), y - 0.57), tuple(0.8 * v for v in colour))  # pyright: ignore[reportArgumentType]
    laid(y - 0.935, panel)  # the ankle's edge
    return bytes_of(tone)
