"""What a face's proportions tell of its build: whether it is more like women's or like men's.

The fitted builds do not tell: with every real face, of men as of women, the woman's end of the
slider comes nearer to where MediaPipe marks its points, because they lie otherwise on real faces
than on the model. Five proportions, which differ between the sexes on average (Farkas,
Anthropometry of the Head and Face, 1994), do better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

PROPORTIONS = (
    "eyes open, by the pupils' distance", "nose to chin, by brow to nose",
    "lip to chin, by brow to chin", "width of the chin, by the face's", "fullness of the lips",
)  # fmt: skip
_WOMEN = np.array([0.163, 0.925, 0.242, 0.439, 0.330])
_MEN = np.array([0.111, 1.067, 0.278, 0.462, 0.252])
_SPREAD = np.array([0.041, 0.100, 0.027, 0.019, 0.068])
"""Means of 7 women and 10 men in photographs and paintings, and the spread within a sex."""
_ALIKE = 0.5
"""What one proportion tells is told by the others too, by so much."""
_LEAST = 0.1


def proportions(xyz_px: Float[np.ndarray, "478 3"]) -> Float[np.ndarray, "5"]:
    """The :data:`PROPORTIONS` of a face's points, its height along its own axis."""
    up = xyz_px[152, :2] - xyz_px[10, :2]
    up = up / np.linalg.norm(up)

    def tall(a: int, b: int) -> float:
        return abs(float((xyz_px[b, :2] - xyz_px[a, :2]) @ up))

    def apart(a: int, b: int) -> float:
        return float(np.linalg.norm(xyz_px[b] - xyz_px[a]))

    return np.array([
        (tall(159, 145) + tall(386, 374)) / 2 / apart(468, 473),
        tall(2, 152) / tall(9, 2),
        tall(17, 152) / tall(9, 152),
        apart(149, 378) / apart(234, 454),
        (tall(0, 13) + tall(14, 17)) / apart(61, 291),
    ])  # fmt: skip


def womanly(faces: Sequence[Float[np.ndarray, "478 3"]]) -> float:
    """How sure the photographs of one person tell a woman, from 0.1 (a man) to 0.9."""
    told = np.mean([proportions(one) for one in faces], axis=0)
    more = np.square((told - _MEN) / _SPREAD) - np.square((told - _WOMEN) / _SPREAD)
    sure = 1 / (1 + np.exp(-np.clip(_ALIKE * more.sum() / 2, -50, 50)))
    return float(np.clip(sure, _LEAST, 1 - _LEAST))
