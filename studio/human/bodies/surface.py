"""The surface of a field: one closed mesh, found from coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvista as pv
from jaxtyping import Float, Int
from scipy.ndimage import binary_dilation, gaussian_filter, zoom
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import dijkstra

from studio.core.errors import StudioError
from studio.human.bodies import topology
from studio.human.bodies.field import REACH_M, Field
from studio.human.wardrobe.layers import pieces
from studio.vision.o3d import open3d

FINE_M, COARSE_M = 0.005, 0.012
"""Spacing of the grid for a finished surface, and for a first one."""
_LEVELS = 3
_NEAR = 0.95
"""Cells whose value is within this many spacings of 0 are looked at more closely."""
Box = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh without seams: metres, triangles wound so that normals point out."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]


def surface_of(
    field: Field, low_m: np.ndarray, high_m: np.ndarray, spacing_m: float = FINE_M,
    soft: tuple[Box, ...] = (), soft_m: float = 0.004, like: Field | None = None,
) -> Surface:  # fmt: skip
    """Where a field is 0, inside a box that holds all of the body: its largest closed part.

    In the boxes ``soft`` the field is smoothed by ``soft_m`` first: narrow gaps close, as between
    toes in a shoe. Of the surface of the field ``like``, if told, that of the field has the
    topology: no holes but those. Raises StudioError if the field is empty in the box.
    """
    values, origin = _softened(field, low_m, high_m, spacing_m, soft, soft_m)
    if like is not None:
        other, _ = _softened(like, low_m, high_m, spacing_m, soft, soft_m)
        values = topology.kept(values, other, spacing_m)
    found = zero_of(values, origin, spacing_m)
    if not len(found.vertices_m):
        raise StudioError("There is no body in the field.", "Choose another photograph.")
    surface = largest(found)
    return (
        surface if volume_m3(surface) > 0 else Surface(surface.vertices_m, surface.faces[:, ::-1])
    )


def _softened(
    field: Field, low_m: np.ndarray, high_m: np.ndarray, spacing_m: float, soft: tuple[Box, ...],
    soft_m: float,
) -> tuple[Float[np.ndarray, "x y z"], np.ndarray]:  # fmt: skip
    """A field on a grid, smoothed in some boxes, and where that begins."""
    values, origin = _sampled(field, low_m, high_m, spacing_m)
    for low, high in soft:
        a = np.clip(np.floor((low - origin) / spacing_m).astype(int), 0, values.shape)
        b = np.clip(np.ceil((high - origin) / spacing_m).astype(int), 0, values.shape)
        where = tuple(slice(*ends) for ends in zip(a, b, strict=True))
        if all(b > a):
            values[where] = gaussian_filter(values[where], soft_m / spacing_m)
    return values, origin


def zero_of(values: Float[np.ndarray, "x y z"], origin: np.ndarray, spacing_m: float) -> Surface:
    """All of the surface where a grid of values is 0; the first lies at ``origin`` (metres)."""
    grid = pv.ImageData(dimensions=values.shape, spacing=(spacing_m,) * 3, origin=origin.tolist())
    grid.point_data["value"] = values.ravel(order="F")
    found: Any = grid.contour([0.0], scalars="value", method="flying_edges", compute_normals=False)
    faces = found.faces.reshape(-1, 4)[:, 1:].astype(np.int64)
    return Surface(np.asarray(found.points, float), faces)


def finer(values: Float[np.ndarray, "x y z"], times: int) -> Float[np.ndarray, "u v w"]:
    """A grid so many times as fine between its first and last places: at each the value of the
    nearest."""
    for axis in range(3):
        values = np.repeat(values, times, axis)
    back = times // 2
    return values[tuple(slice(back, n - (times - back - 1)) for n in values.shape)]


def _sampled(
    field: Field, low_m: np.ndarray, high_m: np.ndarray, spacing_m: float
) -> tuple[Float[np.ndarray, "x y z"], np.ndarray]:
    """A field on a grid: exact near its surface, elsewhere only whether it is inside."""
    step = spacing_m * 2 ** (_LEVELS - 1)
    shape = np.ceil((high_m - low_m) / step).astype(int) + 3
    origin = np.asarray(low_m, float) - step
    points = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
    values = field.inside((origin + step * points).reshape(-1, 3)).reshape(tuple(shape))
    for _ in range(_LEVELS - 1):
        finer = tuple(2 * n - 1 for n in values.shape)
        near = binary_dilation(_close(values, step), iterations=1)
        known = values
        sign: Any = zoom(np.where(values > 0, REACH_M, -REACH_M).astype(np.float32), 2, order=0)
        values = sign[: finer[0], : finer[1], : finer[2]].copy()
        where: Any = np.zeros(finer, bool)
        where[::2, ::2, ::2] = near
        where = binary_dilation(where, np.ones((3, 3, 3), bool))
        values[::2, ::2, ::2] = known
        where[::2, ::2, ::2] = False
        step /= 2
        at = np.argwhere(where)
        values[where] = field.inside(origin + step * at)
    return values, origin


def _close(values: np.ndarray, step: float) -> np.ndarray:
    """Which points of a grid are near the surface, or beside one on its other side."""
    near = np.abs(values) < _NEAR * step
    inside = values > 0
    for axis in range(3):
        a = [slice(None)] * 3
        b = [slice(None)] * 3
        a[axis], b[axis] = slice(None, -1), slice(1, None)
        cross = inside[tuple(a)] != inside[tuple(b)]
        near[tuple(a)] |= cross
        near[tuple(b)] |= cross
    return near


def largest(surface: Surface) -> Surface:
    """The part with the most triangles, without the vertices of others."""
    face_part = pieces(surface.faces, len(surface.vertices_m))[surface.faces[:, 0]]
    mine = face_part == np.bincount(face_part).argmax()
    ids, faces = np.unique(surface.faces[mine], return_inverse=True)
    return Surface(surface.vertices_m[ids], faces.reshape(-1, 3))


def volume_m3(surface: Surface) -> float:
    """The volume that a closed surface holds (m³)."""
    a, b, c = (surface.vertices_m[surface.faces[:, k]] for k in range(3))
    return float(np.einsum("fk,fk->", a, np.cross(b, c)) / 6)


def genus(surface: Surface) -> int:
    """How many holes run through a closed surface. Raises ValueError if it is not watertight: an
    edge without exactly two triangles that run along it in opposite ways, or parts."""
    faces = surface.faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    if len(np.unique(edges, axis=0)) != len(edges):
        raise ValueError("an edge is run along twice the same way")
    both = np.unique(np.sort(edges, axis=1), axis=0)
    if 2 * len(both) != len(edges):
        raise ValueError("the surface has an open edge")
    used = np.unique(faces)
    return 1 - (len(used) - len(both) + len(faces)) // 2


def neighbours(faces: Int[np.ndarray, "faces 3"], count: int) -> csr_matrix:
    """The mean of each vertex's neighbours, as a matrix (vertices, vertices)."""
    a, b = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    joined = csr_matrix((np.ones(len(rows)), (rows, columns)), (count, count))
    joined.data[:] = 1
    return csr_matrix(diags(1 / np.fmax(np.asarray(joined.sum(1)).ravel(), 1)) @ joined)


def polished(surface: Surface, rounds: int = 4, share: float | np.ndarray = 1.0) -> Surface:
    """A surface without the grid's steps: Taubin's smoothing, which keeps the volume. ``share``
    (of all, or of each vertex) says how far vertices move.

    Source: Taubin, A Signal Processing Approach To Fair Surface Design (1995).
    """
    mean = neighbours(surface.faces, len(surface.vertices_m))
    at = surface.vertices_m
    weight = np.broadcast_to(np.asarray(share, float), (len(at),))[:, None]
    for _ in range(rounds):
        for step in (0.5, -0.53):
            at = at + step * weight * (mean @ at - at)
    return Surface(at, surface.faces)


def eased(
    surface: Surface, around: Int[np.ndarray, " ring"], reach_m: float = 0.03, rounds: int = 40
) -> Surface:
    """A surface made smooth about some vertices: most there, less and less along the surface until
    ``reach_m`` from them. It moves inwards a little where it is bent."""
    at, count = surface.vertices_m, len(surface.vertices_m)
    a, b = surface.faces[:, [0, 1, 2]].ravel(), surface.faces[:, [1, 2, 0]].ravel()
    long = np.fmax(np.linalg.norm(at[a] - at[b], axis=1), 1e-6)
    edges = csr_matrix((long, (a, b)), (count, count))
    far = dijkstra(edges, False, around, min_only=True, limit=reach_m)
    near = np.clip(1 - far / reach_m, 0, 1)
    near = (near * near * (3 - 2 * near))[:, None]
    mean = neighbours(surface.faces, count)
    for _ in range(rounds):
        at = at + 0.5 * near * (mean @ at - at)
    return Surface(at, surface.faces)


def simplified(surface: Surface, triangles: int) -> Surface:
    """A surface of at most so many triangles, by quadric error; unchanged if it has fewer.

    Source: Garland and Heckbert, Surface Simplification Using Quadric Error Metrics (1997).
    """
    if len(surface.faces) <= triangles:
        return surface
    o3d = open3d()
    vector = o3d.utility
    mesh = o3d.geometry.TriangleMesh(
        vector.Vector3dVector(surface.vertices_m),
        vector.Vector3iVector(surface.faces.astype(np.int32)),
    )
    made = mesh.simplify_quadric_decimation(triangles)
    return largest(Surface(np.asarray(made.vertices), np.asarray(made.triangles, np.int64)))
