"""How a head is turned: the rigid points of a face laid on those of the average face.

Axes are those of the world as seen by a level camera: x to the right of the picture, which is the
left of a person who looks into it; y away from the camera; z up. Depths are MediaPipe's own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load_file

from studio.vision.similarity import similarity

RIGID = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 98, 327, 127, 356, 234, 454, 10, 109, 338,
         103, 332, 21, 251, 162, 389, 151)  # fmt: skip
"""Points that no expression moves much: corners of the eyes, the nose, temples and forehead."""
OUTER_EYES = (33, 263)
_PATH = Path(__file__).parent / "face.safetensors"


@cache
def stored() -> dict[str, np.ndarray]:
    """What is known of faces on average; how it was measured says ``installer/measure_faces.py``.

    ``shape`` (478, 3) is the average calm face, its outer corners of the eyes 1 apart.
    """
    return {name: value.astype(float) for name, value in load_file(_PATH).items()}


def in_space(xyz_px: Float[np.ndarray, "*batch 478 3"]) -> Float[np.ndarray, "*batch 478 3"]:
    """Points of a picture (right, down, away) in the axes of a level camera's world."""
    return xyz_px[..., [0, 2, 1]] * [1.0, 1.0, -1.0]


def laid_on(
    points: Float[np.ndarray, "478 3"], shape: Float[np.ndarray, "478 3"]
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "478 3"]]:
    """How a face is turned against ``shape``, and its points turned back, scaled and moved onto it
    (Umeyama 1991, by the rigid points)."""
    at = list(RIGID)
    turn, scale, shift = similarity(points[at], shape[at])
    return turn.T, scale * points @ turn.T + shift
