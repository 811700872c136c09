"""The parametric person as the networks' canvas: what a point near their skin is told of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from studio.core.types import Mesh
from studio.human.bodies.canonical import SKIN, skin_faces
from studio.human.bodies.clothed import grown
from studio.human.bodies.field import MeshField
from studio.human.wardrobe.fitting import base_weights
from studio.perception.bodies.parts import Kind, bones_of_parts
from studio.render.scene import vertex_normals
from studio.vision.triangles import Triangles

REACH_M = 0.1
"""Distances are told up to so far."""


@dataclass(frozen=True, eq=False)
class Placed:
    """Points beside a template: the vertex of the skin that is nearest to each, how far inside the
    skin they are and how far inside the clothes that the fit's outline told (metres, clipped),
    where the pose carries them, and which way the skin looks there, both in the camera's axes."""

    near: Int[np.ndarray, " points"]
    bare_m: Float[np.ndarray, " points"]
    clothed_m: Float[np.ndarray, " points"]
    placed_m: Float[np.ndarray, "points 3"]
    facing: Float[np.ndarray, "points 3"]


@dataclass(frozen=True, eq=False)
class Template:
    """A person of a fitted build in the reference pose, and what carries their bones into the axes
    of a camera: metres, Z up there, the soles anywhere.

    ``vertices_m`` are all base vertices, ``heads_m`` where the bones begin, ``carried`` (bones, 4,
    4) takes what hangs on each bone before the camera, ``offsets_m`` is how far clothes lie outside
    the skin, as the fit has it.
    """

    vertices_m: Float[np.ndarray, "vertices 3"]
    heads_m: Float[np.ndarray, "bones 3"]
    carried: Float[np.ndarray, "bones 4 4"]
    offsets_m: Float[np.ndarray, " vertices"]

    @cached_property
    def clothed(self) -> MeshField:
        """The fit with its clothes."""
        return MeshField(grown(self.vertices_m[:SKIN], self.offsets_m[:SKIN]), self.faces)

    @cached_property
    def faces(self) -> Int[np.ndarray, "faces 3"]:
        """The skin's triangles."""
        return skin_faces()

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.vertices_m[:SKIN])

    @cached_property
    def _triangles(self) -> Triangles:
        return Triangles([Mesh(self.vertices_m[:SKIN], self.faces)])

    @cached_property
    def _normals(self) -> np.ndarray:
        return vertex_normals(self.vertices_m[:SKIN], self.faces)

    @cached_property
    def _blends(self) -> np.ndarray:
        flat = self.carried[:, :3].reshape(len(self.carried), 12)
        return np.asarray(base_weights()[:SKIN] @ flat).reshape(-1, 3, 4)

    @cached_property
    def posed_m(self) -> Float[np.ndarray, "skin 3"]:
        """The skin as the camera has it before it."""
        blend, own = self._blends, self.vertices_m[:SKIN]
        return np.einsum("vij,vj->vi", blend[..., :3], own) + blend[..., 3]

    def nearest(self, points_m: np.ndarray) -> Int[np.ndarray, " points"]:
        """The vertex of the skin that is nearest to each point of the reference pose."""
        return np.asarray(self._tree.query(points_m)[1])

    def inside_m(self, points_m: np.ndarray) -> Float[np.ndarray, " points"]:
        """How far inside the skin points are, up to ``REACH_M``; negative outside."""
        return np.clip(self._triangles.inside_m(points_m), -REACH_M, REACH_M)

    def place(self, points_m: Float[np.ndarray, "points 3"]) -> Placed:
        """What the networks are told of points of the reference pose."""
        near = self.nearest(points_m)
        blend = self._blends[near]
        placed = np.einsum("nij,nj->ni", blend[..., :3], points_m) + blend[..., 3]
        facing = np.einsum("nij,nj->ni", blend[..., :3], self._normals[near])
        return Placed(near, self.inside_m(points_m), self.clothed.inside(points_m), placed, facing)

    def part_heads_m(self, kind: Kind) -> Float[np.ndarray, "parts 3"]:
        """Where the parts begin in the reference pose."""
        return self.heads_m[bones_of_parts(kind)]
