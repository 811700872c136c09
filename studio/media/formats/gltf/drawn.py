"""A part of a character as a graphics card draws it: one vertex per position and texture corner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.core import frames
from studio.core.frames import Up
from studio.core.types import Mesh, Part

STILL_M = 1e-6
"""Offsets below a micrometre do not move a vertex."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Split vertices in a foreign frame; ``source`` is the mesh vertex each came from.

    ``uv`` has its origin at the top left. ``morphs`` hold only targets that move something.
    """

    source: np.ndarray
    faces: np.ndarray
    positions: np.ndarray
    normals: np.ndarray
    uv: np.ndarray | None
    morphs: dict[str, np.ndarray]


def draw(part: Part, up: Up = "y", unit: str = "m", morphs: bool = True) -> Drawn:
    """Split a part's vertices where its texture has seams; vertices no face uses are dropped."""
    mesh = part.mesh
    corners = mesh.faces.reshape(-1).astype(np.int64)
    if mesh.uv is None:
        source, at = np.unique(corners, return_inverse=True)
        uv = None
    else:
        _, place = distinct(mesh.uv.reshape(-1, 2))
        keys = corners * (place.max(initial=0) + 1) + place
        _, first, at = np.unique(keys, return_index=True, return_inverse=True)
        source = corners[first]
        uv = mesh.uv.reshape(-1, 2)[first] * (1, -1) + (0, 1)
    moved: dict[str, np.ndarray] = {}
    if morphs:
        for name, offset in part.morphs.items():
            touched = np.zeros(len(offset), bool)
            for axis in range(3):
                touched |= np.abs(offset[:, axis]) > STILL_M
            rows = np.flatnonzero(touched[source])
            if len(rows):
                moved[name] = np.zeros((len(source), 3), "<f4")
                moved[name][rows] = frames.points_from_world(offset[source[rows]], up, unit)
    return Drawn(
        source,
        at.reshape(-1, 3),
        frames.points_from_world(mesh.vertices_m[source], up, unit).astype("<f4"),
        frames.points_from_world(vertex_normals(mesh)[source], up).astype("<f4"),
        None if uv is None else uv.astype("<f4"),
        moved,
    )


def distinct(uv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows of texture coordinates (rows, 2), and which of them each row is."""
    rows = np.ascontiguousarray(uv, "<f4") + np.float32(0)  # one zero, not two
    packed, index = np.unique(rows.view("<i8").ravel(), return_inverse=True)
    return packed.view("<f4").reshape(-1, 2), index


def vertex_normals(mesh: Mesh) -> np.ndarray:
    """Unit normals (vertices, 3), weighted by area; up where a vertex has no face of any area."""
    corners = mesh.vertices_m[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((len(mesh.vertices_m), 3))
    for k in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(
                mesh.faces[:, k], weights=normals[:, axis], minlength=len(total)
            )
    length = np.linalg.norm(total, axis=-1, keepdims=True)
    return np.where(length > 1e-18, total / np.maximum(length, 1e-18), (0.0, 0.0, 1.0))


def influences(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Joints (vertices, 4) and weights without twins; joints of no weight are 0, rows sum to 1."""
    joints, weights = part.joints.astype(np.int64), np.maximum(part.weights, 0).astype(np.float64)
    order = np.argsort(-weights, axis=-1, kind="stable")
    joints, weights = (np.take_along_axis(a, order, -1) for a in (joints, weights))
    for k in range(1, joints.shape[1]):
        for earlier in range(k):
            twin = joints[:, k] == joints[:, earlier]
            weights[twin, earlier] += weights[twin, k]
            weights[twin, k] = 0
    total = weights.sum(-1, keepdims=True)
    weights = np.where(total > 0, weights / np.where(total > 0, total, 1), (1.0, 0, 0, 0))
    weights = weights.astype("<f4")
    weights[weights < 1e-6] = 0
    weights /= weights.sum(-1, keepdims=True)
    return np.where(weights > 0, joints, 0), weights
