"""The closed surface of somebody in clothes: what is skin or cloth, or cannot be got out of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from studio.core.types import Mesh
from studio.human.bodies.surface import finer, zero_of
from studio.vision.o3d import open3d
from studio.vision.triangles import Triangles

STEP_M = 0.01
_COARSE = 4
_WAYS = 32
_DOWN = -0.4
_FIRST = 6


@cache
def _ways() -> np.ndarray:
    """Directions all around, but not steeply down: skirts and trousers are closed from below."""
    k = np.arange(_WAYS) + 0.5
    up = 1 - k / _WAYS * (1 - _DOWN)
    turn = np.pi * (1 + np.sqrt(5)) * k
    flat = np.sqrt(1 - up**2)
    ways = np.column_stack([flat * np.cos(turn), flat * np.sin(turn), up])
    return ways[np.random.default_rng(0).permutation(_WAYS)].astype(np.float32)


def enclosed(triangles: Triangles, points_m: np.ndarray) -> np.ndarray:
    """Which points (n, 3) no straight way leads out from: those inside a body, and those between a
    body and the cloth around it."""
    left = np.arange(len(points_m))
    for ways in (_ways()[:_FIRST], _ways()[_FIRST:]):
        left = left[triangles.blocked(points_m[left], ways).all(1)]
    found = np.zeros(len(points_m), bool)
    found[left] = True
    return found


def outer_surface(meshes: Sequence[Mesh], step_m: float = STEP_M) -> Mesh:
    """One watertight mesh around triangles that overlap and are open: what is seen of them from
    outside, true to a fraction of ``step_m``. Hems thinner than that are lost.

    The value whose zero is the surface is the distance to the triangles, negative inside.
    """
    triangles = Triangles(meshes)
    points = np.concatenate([mesh.vertices_m for mesh in meshes])
    low = points.min(0) - 4 * step_m
    cells = np.ceil((points.max(0) + 4 * step_m - low) / (step_m * _COARSE)).astype(int)
    size = cells * _COARSE + 1
    axes = [low[k] + step_m * np.arange(size[k]) for k in range(3)]
    corners = np.stack(np.meshgrid(*(a[::_COARSE] for a in axes), indexing="ij"), -1)
    flat = corners.reshape(-1, 3)
    far = triangles.distance_m(flat)
    side = np.where(enclosed(triangles, flat), -1.0, 1.0).astype(np.float32)
    coarse = (far * side).reshape(corners.shape[:3])
    value = finer(coarse, _COARSE)
    near = np.argwhere(np.abs(value) < step_m * (_COARSE + 1))
    places = np.stack([axes[k][near[:, k]] for k in range(3)], -1)
    exact = triangles.distance_m(places)
    exact[enclosed(triangles, places)] *= -1
    value[tuple(near.T)] = exact
    surface = zero_of(value, low, step_m)
    return _largest(Mesh(surface.vertices_m, surface.faces))


def _largest(mesh: Mesh) -> Mesh:
    """The largest of the pieces, its faces looking out."""
    o3d = open3d()
    whole = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(mesh.vertices_m), o3d.utility.Vector3iVector(mesh.faces)
    )
    which, counts, _ = whole.cluster_connected_triangles()
    faces = mesh.faces[np.asarray(which) == int(np.argmax(counts))]
    used, faces = np.unique(faces, return_inverse=True)
    vertices, faces = mesh.vertices_m[used], faces.reshape(-1, 3)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    if np.einsum("ij,ij->", a, np.cross(b, c)) < 0:
        faces = faces[:, ::-1].copy()
    return Mesh(vertices, faces)
