"""The average adult's head, on which everybody's is laid (``installer/measure_wearer.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from safetensors.numpy import load_file

from studio.perception.faces.head import RIGID, stored
from studio.vision.similarity import nearest_similar

_PATH = Path(__file__).parent / "average.safetensors"
TRAGI = (454, 234)
"""The marks at the left and the right ear."""
PUPILS = (473, 468)


@dataclass(frozen=True, eq=False)
class AverageHead:
    """A head at rest about the point midway between its tragi: metres, x to its left, -y ahead,
    z up.

    ``vertices_m`` and ``faces`` are its skin with ears and neck; ``marks_m`` where MediaPipe's
    points lie on it, ``seen_m`` where MediaPipe itself believes them to be, whose depths are
    flatter; ``places_m`` are the anchor points ``eyes``, ``ear.L`` and ``ear.R``.
    """

    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    marks_m: Float[np.ndarray, "478 3"]
    seen_m: Float[np.ndarray, "478 3"]
    places_m: dict[str, np.ndarray]

    @property
    def width_m(self) -> float:
        """Between the tragi."""
        left, right = TRAGI
        return float(np.linalg.norm(self.marks_m[left] - self.marks_m[right]))


@cache
def average_head() -> AverageHead:
    """The head as it is stored."""
    told = load_file(_PATH)
    marks = told["marks"].astype(float)
    rigid = np.isin(np.arange(len(marks)), RIGID)
    seen = nearest_similar(stored()["shape"][None], marks[None], rigid[None])[0]
    places = {name: told[name].astype(float) for name in ("eyes", "ear.L", "ear.R")}
    return AverageHead(
        told["vertices"].astype(float), told["faces"].astype(np.int64), marks, seen, places
    )
