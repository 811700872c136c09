"""The canonical space of a body: the person of a design in a T or an A, standing on the floor.

Metres, Z up, facing -Y. Everything about a reconstruction meets here: its field, its surface, its
colours. What is found here is carried back to the rig's reference pose exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix

from studio.core.types import Armature
from studio.human.character import armature
from studio.human.humanoid import HUMANOID
from studio.human.person import Rest, whole
from studio.human.rig import BONE_NAMES
from studio.human.tpose import turns_to_t
from studio.human.wardrobe.fitting import base_weights, blended

CanonicalPose = Literal["T", "A"]
SKIN = 13_380
"""The base mesh's first vertices are its skin: closed, without holes, with a mouth and sockets."""


@dataclass(frozen=True, eq=False)
class Canonical:
    """A person in the canonical pose, soles on z = 0.

    ``vertices_m`` are all base vertices, ``faces`` the skin's triangles, ``carried`` what carries
    each bone, and what hangs on it, there from the reference pose of ``armature``.
    """

    pose: CanonicalPose
    armature: Armature
    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    carried: Float[np.ndarray, "bones 4 4"]

    @property
    def bones_world(self) -> Float[np.ndarray, "bones 4 4"]:
        """The bones' world matrices in the canonical pose."""
        return self.carried @ self.armature.rest_world

    def head_m(self, bone: str) -> Float[np.ndarray, " 3"]:
        """Where a bone begins."""
        return self.bones_world[BONE_NAMES.index(bone), :3, 3]

    def to_reference(
        self, points_m: Float[np.ndarray, "points 3"], weights: csr_matrix
    ) -> Float[np.ndarray, "points 3"]:
        """Points of the canonical space back in the armature's reference pose, given the bones on
        which they hang: the inverse of their blended transforms, so that carrying them out again is
        the identity."""
        blend = blended(weights, self.carried)
        return np.linalg.solve(blend[..., :3], (points_m - blend[..., 3])[..., None])[..., 0]


@cache
def skin_faces() -> Int[np.ndarray, "faces 3"]:
    """The triangles of everybody's skin, the base mesh's first ``SKIN`` vertices."""
    faces = whole().model.faces.numpy()
    return faces[(faces < SKIN).all(1)].astype(np.int64)


def canonical(rest: Rest, pose: CanonicalPose = "T") -> Canonical:
    """The person of that shape (:meth:`studio.human.person.Person.rest`) in the canonical pose: a
    T, or the A of the rig's reference pose."""
    bones = armature(rest)
    up = bones.rest_world[0, :3, 3] - rest.heads_m[0].numpy()
    vertices = rest.vertices_m.double().numpy() + up
    faces = skin_faces()
    carried = np.tile(np.eye(4), (len(BONE_NAMES), 1, 1))
    if pose == "T":
        carried = _to_t(bones)
        blend = base_weights() @ carried[:, :3].reshape(len(carried), 12)
        blend = np.asarray(blend).reshape(-1, 3, 4)
        vertices = np.einsum("vij,vj->vi", blend[..., :3], vertices) + blend[..., 3]
        low = float(vertices[np.unique(faces), 2].min())
        vertices[:, 2] -= low
        carried[:, 2, 3] -= low
    return Canonical(pose, bones, vertices, faces, carried)


def _to_t(bones: Armature) -> Float[np.ndarray, "bones 4 4"]:
    turns = turns_to_t(bones, {name: BONE_NAMES.index(own) for name, own in HUMANOID.items()})
    heads = bones.rest_world[:, :3, 3]
    placed = heads.copy()
    for k, parent in enumerate(bones.parents):
        if parent >= 0:
            placed[k] = placed[parent] + turns[parent] @ (heads[k] - heads[parent])
    carried = np.tile(np.eye(4), (len(heads), 1, 1))
    carried[:, :3, :3] = turns
    carried[:, :3, 3] = placed - np.einsum("bij,bj->bi", turns, heads)
    return carried
