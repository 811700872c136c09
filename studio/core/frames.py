"""THE world frame, and every way into and out of it.

World: metres, right-handed, **Z up**, a person at rest faces **-Y** and their left is +X.
Every file format and library with other axes or units is converted here and nowhere else.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError

Up = Literal["x", "y", "z", "-x", "-y", "-z", "lab"]
"""The foreign axis that points up; ``lab`` is the Y-up frame of movement laboratories."""

UNITS_M: dict[str, float] = {
    "m": 1.0, "metres": 1.0, "meters": 1.0,
    "dm": 0.1, "cm": 0.01, "mm": 0.001,
    "in": 0.0254, "ft": 0.3048,
}  # fmt: skip

# Rows give the world axes in terms of the foreign ones: world = MATRIX @ foreign.
# Each is the rotation about one axis that carries the foreign up onto +Z.
_FROM_UP: dict[str, np.ndarray] = {
    "z": np.eye(3),
    "y": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "x": np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]),
    "-z": np.diag([1.0, -1, -1]),
    "-y": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "-x": np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
    # OpenSim and Pose2Sim turn a Z-up laboratory by renaming its axes: x, y, z = ours y, z, x.
    "lab": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
}


def to_metres(unit: str) -> float:
    """Metres in one ``unit``. Raises StudioError for a unit it does not know."""
    try:
        return UNITS_M[unit.strip().lower()]
    except KeyError:
        raise StudioError(
            f"“{unit}” is not a unit of length Doppel knows.", "Use m, dm, cm, mm, in or ft."
        ) from None


def world_from(up: Up) -> Float[np.ndarray, "3 3"]:
    """The rotation that brings coordinates whose up axis is ``up`` into the world."""
    return _FROM_UP[up].copy()


def points_to_world(xyz: np.ndarray, up: Up, unit: str = "m") -> np.ndarray:
    """Points (..., 3) of a foreign frame, in world metres."""
    return (np.asarray(xyz, np.float64) * to_metres(unit)) @ _FROM_UP[up].T


def points_from_world(xyz_m: np.ndarray, up: Up, unit: str = "m") -> np.ndarray:
    """World points (..., 3) in a foreign frame. Inverse of :func:`points_to_world`."""
    return np.asarray(xyz_m, np.float64) @ _FROM_UP[up] / to_metres(unit)


def matrices_to_world(matrices: np.ndarray, up: Up, unit: str = "m") -> np.ndarray:
    """Bone-to-foreign 4x4 matrices (..., 4, 4) as bone-to-world: only the left frame changes."""
    turned = np.array(matrices, np.float64)
    turned[..., :3, :] = _FROM_UP[up] @ turned[..., :3, :]
    turned[..., :3, 3] *= to_metres(unit)
    return turned


def matrices_from_world(matrices: np.ndarray, up: Up, unit: str = "m") -> np.ndarray:
    """Bone-to-world 4x4 matrices as bone-to-foreign. Inverse of :func:`matrices_to_world`."""
    turned = np.array(matrices, np.float64)
    turned[..., :3, :] = _FROM_UP[up].T @ turned[..., :3, :]
    turned[..., :3, 3] /= to_metres(unit)
    return turned


def extrinsics_to_world(
    rotation: np.ndarray, translation: np.ndarray, up: Up, unit: str = "m"
) -> tuple[np.ndarray, np.ndarray]:
    """Foreign-to-camera (R, t) as world-to-camera (R, t in metres)."""
    return rotation @ _FROM_UP[up].T, np.asarray(translation, np.float64) * to_metres(unit)


def extrinsics_from_world(
    rotation: np.ndarray, translation_m: np.ndarray, up: Up, unit: str = "m"
) -> tuple[np.ndarray, np.ndarray]:
    """World-to-camera (R, t) as foreign-to-camera. Inverse of :func:`extrinsics_to_world`."""
    return rotation @ _FROM_UP[up], np.asarray(translation_m, np.float64) / to_metres(unit)
