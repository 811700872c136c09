"""Numbers as packs keep them: small."""

from __future__ import annotations

import numpy as np


def steps(points_m: np.ndarray, step_m: float) -> np.ndarray:
    """Metres as int16, in steps of ``step_m``."""
    return np.clip(np.round(points_m / step_m), -32767, 32767).astype(np.int16)


def ways(normals: np.ndarray) -> np.ndarray:
    """Unit vectors as int8: 127 is 1."""
    return np.clip(np.round(127 * normals), -127, 127).astype(np.int8)
