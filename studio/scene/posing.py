"""Posing a character for the screen: morphs, then linear blend skinning as one sparse product."""

from __future__ import annotations

from copy import copy

import numpy as np
from scipy.sparse import csr_matrix

from studio.core.types import Character, Part


class PartPoser:
    """Vertices of one part from bone matrices and morph weights. float32, about 1 ms."""

    def __init__(self, part: Part, character: Character) -> None:
        count = len(part.mesh.vertices_m)
        bones = len(character.armature.names)
        rows = np.repeat(np.arange(count), part.joints.shape[1])
        weights = np.asarray(part.weights, np.float32)
        self._blend = csr_matrix(
            (weights.ravel(), (rows, np.asarray(part.joints).ravel())), shape=(count, bones)
        )
        self._rest = np.asarray(part.mesh.vertices_m, np.float32)
        self._unrest = np.linalg.inv(np.asarray(character.armature.rest_world, np.float64))
        self._morphs = [
            (column, np.asarray(part.morphs[name], np.float32))
            for column, name in enumerate(character.morph_names)
            if name in part.morphs
        ]

    def reshaped(self, part: Part, unrest: np.ndarray) -> PartPoser:
        """The same part of the same person in another build: only where it rests is new.

        ``unrest`` (bones, 4, 4) are the inverses of the new build's rest matrices.
        """
        new = copy(self)
        new._rest = np.asarray(part.mesh.vertices_m, np.float32)
        new._unrest = unrest
        return new

    def __call__(self, bones_world: np.ndarray, morphs: np.ndarray) -> np.ndarray:
        """World vertices (vertices, 3) at this pose."""
        shape = self._rest
        weights = np.asarray(morphs)
        for column, offsets in self._morphs:
            if column < len(weights) and abs(weights[column]) > 1e-3:
                shape = shape + float(weights[column]) * offsets
        moves = (np.asarray(bones_world, np.float64) @ self._unrest)[:, :3].astype(np.float32)
        blended = np.asarray(self._blend @ moves.reshape(len(moves), 12)).reshape(-1, 3, 4)
        return np.einsum("vij,vj->vi", blended[:, :, :3], shape) + blended[:, :, 3]


def alike(one: Character, other: Character) -> bool:
    """Whether two characters are drawn with the same triangles: only where these rest, how they
    are coloured and what carries them may differ."""
    return len(one.parts) == len(other.parts) and all(
        _same(a.mesh.faces, b.mesh.faces)
        and _same(a.mesh.uv, b.mesh.uv)
        and (a.material.texture is None) == (b.material.texture is None)
        for a, b in zip(one.parts, other.parts, strict=True)
    )


def carried_alike(one: Part, other: Part) -> bool:
    """Whether two parts hang on the same bones in the same way (the very same arrays)."""
    return (
        one.joints is other.joints and one.weights is other.weights and one.morphs is other.morphs
    )


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)


def rest_posed(character: Character) -> tuple[np.ndarray, np.ndarray]:
    """Bone matrices and morph weights of the resting character."""
    return np.asarray(character.armature.rest_world), np.zeros(len(character.morph_names))
