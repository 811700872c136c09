"""Triangles to send rays at and to measure distances to, by Open3D, with numpy in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from studio.core.types import Mesh
from studio.vision.o3d import open3d

Points = Float[np.ndarray, "points 3"]


@dataclass(frozen=True, eq=False)
class Closest:
    """The place nearest to each point: on which mesh and face it is, where on that (the shares of
    its second and third corner), and the face's normal."""

    meshes: Int[np.ndarray, " points"]
    faces: Int[np.ndarray, " points"]
    shares: Float32[np.ndarray, "points 2"]
    normals: Float32[np.ndarray, "points 3"]


@dataclass(frozen=True, eq=False)
class Hits:
    """What rays meet first: how far they go there, in lengths of their way (infinite: they meet
    nothing), the face, where on that (the shares of its second and third corner), and its
    normal."""

    far: Float32[np.ndarray, " *rays"]
    faces: Int[np.ndarray, " *rays"]
    shares: Float32[np.ndarray, "*rays 2"]
    normals: Float32[np.ndarray, "*rays 3"]


class Triangles:
    """All triangles of some meshes, metres."""

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        self._scene: Any = open3d().t.geometry.RaycastingScene()
        for mesh in meshes:
            self._scene.add_triangles(
                _tensor(mesh.vertices_m, np.float32), _tensor(mesh.faces, np.uint32)
            )

    @classmethod
    def of(cls, vertices_m: Points, faces: Int[np.ndarray, "faces 3"]) -> Triangles:
        """Those of one mesh."""
        return cls([Mesh(vertices_m, faces)])

    def distance_m(self, points_m: Points) -> Float32[np.ndarray, " points"]:
        """How far each point is from the nearest triangle."""
        return self._scene.compute_distance(_tensor(points_m, np.float32)).numpy()

    def inside_m(self, points_m: Points) -> Float32[np.ndarray, " points"]:
        """How far each point is inside one closed mesh; negative outside."""
        return -self._scene.compute_signed_distance(_tensor(points_m, np.float32)).numpy()

    def closest(self, points_m: Points) -> Closest:
        """The place nearest to each point."""
        found = self._scene.compute_closest_points(_tensor(points_m, np.float32))
        return Closest(
            found["geometry_ids"].numpy().astype(np.int64),
            found["primitive_ids"].numpy().astype(np.int64),
            found["primitive_uvs"].numpy(),
            found["primitive_normals"].numpy(),
        )

    def nearest_m(self, points_m: Points) -> Float32[np.ndarray, "points 3"]:
        """The places nearest to points."""
        return self._scene.compute_closest_points(_tensor(points_m, np.float32))["points"].numpy()

    def hits(self, rays: Float[np.ndarray, "*rays 6"]) -> Hits:
        """What rays (where they begin, and their way) meet first."""
        found = self._scene.cast_rays(_tensor(rays, np.float32))
        return Hits(
            found["t_hit"].numpy(),
            found["primitive_ids"].numpy().astype(np.int64),
            found["primitive_uvs"].numpy(),
            found["primitive_normals"].numpy(),
        )

    def crossed(
        self, rays: Float[np.ndarray, "rays 6"]
    ) -> tuple[Int[np.ndarray, " crossings"], Int[np.ndarray, " crossings"]]:
        """All triangles that rays run through: which ray, and which face."""
        if not len(rays):  # which ends the process
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        found = self._scene.list_intersections(_tensor(rays, np.float32))
        return (found["ray_ids"].numpy().astype(np.int64),
                found["primitive_ids"].numpy().astype(np.int64))  # fmt: skip

    def blocked(
        self, points_m: Points, ways: Float[np.ndarray, "ways 3"]
    ) -> Bool[np.ndarray, "points ways"]:
        """Whether a triangle lies on each way out from each point."""
        rays = np.empty((len(points_m), len(ways), 6), np.float32)
        rays[:, :, :3], rays[:, :, 3:] = np.asarray(points_m)[:, None], ways
        return self._scene.test_occlusions(_tensor(rays, np.float32)).numpy()


def _tensor(values: np.ndarray, dtype: Any) -> Any:
    return open3d().core.Tensor(np.ascontiguousarray(values, dtype))


def spread_over(
    corners: Float[np.ndarray, "faces 3 3"], count: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "count 3"], Float[np.ndarray, "count 3"], float]:
    """Points spread evenly over triangles, the triangles' normals there, and the whole area."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    pick = rng.choice(len(area), count, p=area / area.sum())
    on = np.einsum("nc,ncd->nd", rng.dirichlet((1, 1, 1), count), corners[pick])
    return on, normals[pick] / np.fmax(area[pick, None], 1e-12), float(area.sum())
