"""The picture on every hair ribbon: strands as brightness and alpha, tinted by the material."""

from __future__ import annotations

import cv2
import numpy as np

SIZE = 1024
COLUMNS = 16
CAP_PX, STUBBLE_PX = 224, 96
"""The lowest rows hold the cap, which is the skin under the hair, and over it the same as stubble;
the hairline is at their upper edges."""
EDGE_M, DEEP_M, EDGE_SHARE = 0.016, 0.165, 0.45
"""Caps are drawn this far inwards from their edge; the first metres have that share of the rows."""
CAP_MARGIN_M = 0.004
"""How far outside the hairline caps begin."""
DENSE, OPEN, WISPY, CURLY = (0, 1, 2, 3, 4, 5), (6, 7, 8, 9), (10, 11), (12, 13, 14, 15)
_SCALE = 2
_SHIFT = 4


def _lines(
    rng: np.random.Generator, shape: tuple[int, int], count: int, tone: tuple[float, float],
    wander: float, curl: float, ends: tuple[float, float], starts: float, thick: tuple[int, int],
    gather: float = 0.3,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Strands drawn downwards in a canvas: brightness and alpha, 0 to 1."""
    height, width = shape
    light = np.zeros(shape, np.float32)
    alpha = np.zeros(shape, np.float32)
    t = np.linspace(0, 1, 40)
    for k in range(count):
        x0 = rng.uniform(0.07, 0.93) if k >= 8 else (k + 0.5) / 8 * 0.86 + 0.07
        bend, phase = rng.normal(0, wander), rng.uniform(0, 2 * np.pi)
        x = x0 + bend * t * (1 - 0.3 * t) + 0.3 * wander * np.sin(phase + rng.uniform(2, 6) * t)
        x += curl * np.sin(phase + 2 * np.pi * rng.uniform(5.0, 6.2) * t)
        x += (0.5 - x0) * gather * t**2.2
        x = 0.5 + (x - 0.5) * min(1.0, 0.47 / max(1e-6, float(np.abs(x - 0.5).max())))
        start, end = rng.uniform(0, starts), rng.uniform(*ends)
        y = start + (end - start) * t
        line = np.stack([x * width, y * height], axis=-1)
        points = np.rint(line * 2**_SHIFT).astype(np.int32)
        wide = int(rng.integers(thick[0], thick[1] + 1))
        shade = float(rng.uniform(*tone))
        cv2.polylines(light, [points], False, shade, wide, cv2.LINE_AA, _SHIFT)
        cv2.polylines(alpha, [points], False, 1.0, wide, cv2.LINE_AA, _SHIFT)
    return light, alpha


def _column(rng: np.random.Generator, column: int, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    canvas = (height * _SCALE, width * _SCALE)
    if column in DENSE:
        base = 0.66 + 0.32 * column / 5
        ragged = column >= 3
        light, alpha = _lines(
            rng, canvas, 66 if ragged else 95, (0.62 * base, 1.08 * base), 0.07, 0.0,
            (0.2 if ragged else 0.38, 1.0), 0.05, (3, 5), 0.12 + 0.25 * (column % 2),
        )  # fmt: skip
    elif column in OPEN:
        base = 0.70 + 0.28 * (column - 6) / 3
        light, alpha = _lines(
            rng, canvas, 34, (0.75 * base, 1.12 * base), 0.11, 0.0, (0.4, 1.0), 0.1, (3, 4)
        )
    elif column in WISPY:
        light, alpha = _lines(rng, canvas, 9, (0.75, 1.0), 0.16, 0.0, (0.5, 1.0), 0.2, (2, 3))
    else:
        base = 0.58 + 0.38 * (column - 12) / 3
        count = 46 if column < 14 else 22
        light, alpha = _lines(
            rng, canvas, count, (0.7 * base, 1.12 * base), 0.08, 0.13, (0.75, 1.0), 0.06, (3, 5)
        )
    seen = alpha > 0.02
    tone = np.where(seen, light / np.maximum(alpha, 0.02), 0)
    tone = _bled(tone.astype(np.float32), seen)
    t = np.linspace(0, 1, canvas[0])[:, None]
    tone = tone * (0.68 + 0.32 * np.clip(t / 0.16, 0, 1) ** 0.8) * (0.97 + 0.1 * t)
    both = np.dstack([tone, np.clip(alpha * 1.15, 0, 1)]).astype(np.float32)
    return cv2.resize(both, (width, height), interpolation=cv2.INTER_AREA)


def _bled(tone: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Brightness spread into the empty places, so that edges do not darken when filtered."""
    known = seen.astype(np.float32)
    spread, weight = tone.copy(), known.copy()
    for sigma in (2, 6, 18, 60):
        blurred = cv2.GaussianBlur(tone * known, (0, 0), sigma)
        count = cv2.GaussianBlur(known, (0, 0), sigma)
        fill = (weight < 0.5) & (count > 1e-4)
        spread[fill] = (blurred / np.maximum(count, 1e-6))[fill]
        weight[fill] = 1
    return spread


def _cap(rng: np.random.Generator, rows: int, count: int, solid: float) -> np.ndarray:
    """Around the head from left to right, and from the hairline inwards from top to bottom: hairs
    that begin the closer together the further inside, none in a line; ``solid`` is how much is
    covered at last."""
    shape = (rows * _SCALE, SIZE * _SCALE)
    light = np.full(shape, 0.6, np.float32)
    alpha = np.zeros(shape, np.float32)
    edge = EDGE_SHARE * shape[0]
    wave = _ragged(rng, shape[1])
    for _ in range(count):
        x = rng.uniform(0, shape[1])
        late = rng.random() < 0.4
        start = rng.uniform(edge, shape[0]) if late else edge * rng.beta(1.7, 1.5)
        y0 = start + 0.30 * edge * wave[int(x)] * (not late)
        long = rng.uniform(0.16, 0.5) * edge * (0.4 if late else 1.0)
        lean = rng.normal(0, 0.16) * long
        a, b = (round(16 * x), round(16 * y0)), (round(16 * (x + lean)), round(16 * (y0 + long)))
        wide = 1 if y0 < 0.5 * edge else 2
        cv2.line(alpha, a, b, 1.0, wide, cv2.LINE_AA, _SHIFT)
        cv2.line(light, a, b, float(rng.uniform(0.5, 0.86)), 2, cv2.LINE_AA, _SHIFT)
    row = np.linspace(0, 1, shape[0])[:, None] / EDGE_SHARE - 0.30 * wave[None]
    alpha = np.maximum(alpha, solid * np.clip((row - 0.55) / 0.25, 0, 1))
    light = cv2.GaussianBlur(light, (0, 0), 0.7)
    both = np.dstack([light, alpha]).astype(np.float32)
    return cv2.resize(both, (SIZE, rows), interpolation=cv2.INTER_AREA)


def _ragged(rng: np.random.Generator, count: int) -> np.ndarray:
    """How much further in or out the hairline is, around the head, about -1 to 1."""
    total = np.zeros(count)
    for waves, size in ((13, 0.35), (37, 0.4), (90, 0.35), (210, 0.3)):
        values = rng.normal(0, size, waves)
        total += np.interp(
            np.arange(count) / count * waves, np.arange(waves + 1), [*values, values[0]]
        )
    return np.clip(total, -1.2, 1.2)


def picture(seed: int = 11) -> np.ndarray:
    """The atlas (SIZE, SIZE, 4) uint8: COLUMNS kinds of ribbon, roots up, above the cap's band."""
    rng = np.random.default_rng(seed)
    tall, wide = SIZE - CAP_PX - STUBBLE_PX, SIZE // COLUMNS
    columns = [_column(rng, k, (tall, wide)) for k in range(COLUMNS)]
    stubble = _cap(rng, STUBBLE_PX, 9000, 0.0)
    both = np.vstack([np.hstack(columns), stubble, _cap(rng, CAP_PX, 12000, 1.0)])
    rgba = np.empty((SIZE, SIZE, 4), np.uint8)
    rgba[..., :3] = np.clip(255 * both[..., :1], 0, 255)
    rgba[..., 3] = np.clip(255 * both[..., 1], 0, 255)
    return rgba


def ribbon_uv(column: np.ndarray, t: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Texture coordinates (origin bottom left) at ``t`` from root 0 to tip 1, ``across`` 0..1."""
    u = (column + 0.02 + 0.96 * across) / COLUMNS
    low = (CAP_PX + STUBBLE_PX) / SIZE
    v = low + (1 - low) * (1 - np.clip(t, 0.004, 0.996))
    return np.stack(np.broadcast_arrays(u, v), axis=-1)


def cap_uv(around: np.ndarray, inside_m: np.ndarray, stubble: bool = False) -> np.ndarray:
    """Texture coordinates of the cap: ``around`` 0..1, and how far inside the hairline."""
    away = inside_m + CAP_MARGIN_M
    deep = EDGE_SHARE + (1 - EDGE_SHARE) * (away - EDGE_M) / (DEEP_M - EDGE_M)
    share = np.where(away < EDGE_M, EDGE_SHARE * away / EDGE_M, deep)
    low, rows = (CAP_PX, STUBBLE_PX) if stubble else (0, CAP_PX)
    v = (low + rows * (1 - np.clip(share, 0.02, 0.98))) / SIZE
    return np.stack(np.broadcast_arrays(around, v), axis=-1)
