"""The light in which a face was photographed, told by its own shading, and taken out of it.

A face's skin is much the same all over, so what of its brightness goes with the surface's direction
is light: spherical harmonics of degree 2 (Ramamoorthi and Hanrahan, 2001), those of its colour of
degree 1. How bright the skin itself is no photograph tells; it is taken to look as bright by the
light that people are shown by here as it does in the photograph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

EXPOSED = 1.15
"""How brightly a face is lit, on the mean, by the light that people are shown by here
(:mod:`studio.synth.portrait`)."""
_A, _B, _C, _D, _E = 2.51, 0.03, 2.43, 0.59, 0.14
"""The curve by which cameras, and this rasteriser, make pictures of light (Narkowicz, 2015)."""
_BRIGHTEST = 0.955
_ROUNDS, _FAR = 4, 0.25
_CALM, _CALM_COLOUR = 0.02, 0.1
_TAKEN, _TAKEN_COLOUR = 0.85, 0.6
"""How much of the light is taken out: the rest may be the skin's own."""
_RANGE = (0.3, 2.2)
_PLAUSIBLE = (0.07, 0.46)
"""How bright faces' skin is at least and at most (linear)."""
_ENOUGH = 200


def scene_linear(rgb: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """How much light made the colours of a picture (0 to 255)."""
    p = np.clip(np.asarray(rgb, np.float32) / 255, 0, 1)
    y = np.where(p <= 0.04045, p / 12.92, ((p + 0.055) / 1.055) ** 2.4)
    y = np.minimum(y, _BRIGHTEST)
    a, b = _A - _C * y, _B - _D * y
    return ((-b + np.sqrt(b * b + 4 * a * _E * y)) / (2 * a)).astype(np.float32)


def stored(albedo: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Shares of light that are sent back, as textures hold them (0 to 255)."""
    a = np.clip(albedo, 0, 1)
    return 255 * np.where(a <= 0.0031308, 12.92 * a, 1.055 * a ** (1 / 2.4) - 0.055)


def harmonics(normals: Float[np.ndarray, "places 3"], degree: int = 2) -> np.ndarray:
    """The real spherical harmonics up to a degree of 1 or 2, without their factors."""
    x, y, z = normals.T
    first = [np.ones_like(x), x, y, z]
    second = [x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    return np.stack(first + (second if degree == 2 else []), axis=1)


@dataclass(frozen=True, eq=False)
class Light:
    """Light from all around: brightness (harmonics of degree 2) and by how much each channel is
    stronger than it (of degree 1), of mean 1 on the face that told it; and the middle of that
    face's colours."""

    grey: Float[np.ndarray, "9"]
    tint: Float[np.ndarray, "4 3"]
    middle: Float[np.ndarray, "3"]

    def on(self, normals: Float[np.ndarray, "places 3"]) -> Float[np.ndarray, "places 3"]:
        """By how much to divide colours that lie in these directions."""
        grey = np.clip(harmonics(normals) @ self.grey, *_RANGE) ** _TAKEN
        tint = np.clip(harmonics(normals, 1) @ self.tint, 0.6, 1.6) ** _TAKEN_COLOUR
        return (grey[:, None] * tint).astype(np.float32)


def light_of(
    linear: Float[np.ndarray, "places 3"],
    normals: Float[np.ndarray, "places 3"],
    say: Float[np.ndarray, " places"],
) -> Light:
    """The light on skin whose colours (linear) and directions are known; ``say`` is how surely each
    place was seen. Even light where next to nothing was."""
    use = say > 0.3
    if use.sum() < _ENOUGH:
        middle = np.full(3, 0.3)
        return Light(np.eye(9)[0], np.eye(4)[:, :1] @ np.ones((1, 3)), middle)
    colour, out, weight = linear[use], normals[use], say[use].astype(float)
    middle = np.median(colour, axis=0)
    grey = colour.mean(1) / max(float(np.median(colour.mean(1))), 1e-4)
    rows = harmonics(out)
    told = _fitted(rows, grey, weight, _CALM)
    even = np.fmax(rows @ told, 0.05)
    told /= np.average(even, weights=weight)
    share = colour / np.fmax(colour.mean(1, keepdims=True), 1e-4)
    share /= np.median(share, axis=0)
    first = harmonics(out, 1)
    tint = np.stack([_fitted(first, share[:, k], weight, _CALM_COLOUR) for k in range(3)], 1)
    return Light(told, tint, middle)


def _fitted(rows: np.ndarray, values: np.ndarray, weight: np.ndarray, calm: float) -> np.ndarray:
    """Least squares that lets single places be far off; all but the mean is held small."""
    found = np.zeros(rows.shape[1])
    found[0] = 1.0
    hold = calm * weight.sum() * np.eye(rows.shape[1])
    hold[0, 0] = 1e-9
    for _ in range(_ROUNDS):
        off = (values - rows @ found) / _FAR
        say = weight / (1 + off * off)
        found = np.linalg.solve(rows.T @ (say[:, None] * rows) + hold, rows.T @ (say * values))
    return found


def gain(middle: Float[np.ndarray, "3"], shade: float = 1.0) -> float:
    """What a face's colours are multiplied with, whose middle this is, to be its skin's own;
    ``shade`` is how many times too dark it is in the photograph."""
    usual = max(float(middle.mean()) / EXPOSED, 1e-4)
    return float(np.clip(shade * usual, *_PLAUSIBLE) / usual) / EXPOSED
