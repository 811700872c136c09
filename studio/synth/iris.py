"""How an iris is painted: fibres from pupil to rim, a lighter ring about the pupil, a dark rim."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def painted(
    r: Float[np.ndarray, "height width"], turn: Float[np.ndarray, "height width"],
    inner: tuple[float, float, float], outer: tuple[float, float, float],
    rng: np.random.Generator,
) -> Float[np.ndarray, "height width 3"]:  # fmt: skip
    """The colours (sRGB, 0 to 1) of an iris at places ``r`` of the way from the pupil to the rim,
    0 to 1, and ``turn`` radians about it, that is ``inner`` near the pupil and ``outer`` near the
    rim."""
    swirl = turn + 0.05 * np.sin(9 * r + 3 * turn)
    fibre = 0.5 * _around(rng, swirl, 150) + 0.3 * _around(rng, swirl + 0.1 * r, 70)
    fibre += 0.2 * _around(rng, swirl, 330)
    near = np.clip((0.42 + 0.12 * (_around(rng, turn, 40) - 0.5) - r) / 0.16, 0, 1)[..., None]
    iris = np.array(inner) * near + np.array(outer) * (1 - near)
    iris = iris * (0.62 + 0.75 * fibre * (0.6 + 0.4 * np.sin(np.pi * r)))[..., None]
    iris *= (1 - 0.72 * np.clip((r - 0.78) / 0.22, 0, 1) ** 1.4)[..., None]
    return iris * (0.62 + 0.38 * np.clip(r / 0.12, 0, 1))[..., None]


def _around(rng: np.random.Generator, turn: np.ndarray, count: int) -> np.ndarray:
    """Noise about a circle with ``count`` values, smooth between them."""
    values = rng.random(count)
    at = (turn / (2 * np.pi)) % 1 * count
    low = at.astype(int) % count
    t = at - np.floor(at)
    return values[low] * (1 - t) + values[(low + 1) % count] * t
