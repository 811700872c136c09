"""Posing a character for the screen: morphs, then linear blend skinning as one sparse product."""

from __future__ import annotations

from copy import copy

import numpy as np
from scipy.sparse import csr_matrix

from studio.core.types import Character, Part

_AT_REST = 1e-6


def unrest_of(character: Character) -> np.ndarray:
    """The inverses (bones, 4, 4) of a character's rest matrices."""
    return np.linalg.inv(np.asarray(character.armature.rest_world, np.float64))


def moves_of(bones_world: np.ndarray, unrest: np.ndarray) -> np.ndarray | None:
    """What carries each bone's surroundings from rest: the upper rows of its matrix, (bones, 12).

    None where everything rests.
    """
    moves = (np.asarray(bones_world, np.float64) @ unrest)[:, :3]
    if np.abs(moves - np.eye(4)[:3]).max() < _AT_REST:
        return None
    return moves.astype(np.float32).reshape(len(moves), 12)


class PartPoser:
    """Vertices of one part from bone matrices and morph weights. float32, under 1 ms.

    Asked the same again, it gives the very same array.
    """

    def __init__(self, part: Part, character: Character) -> None:
        count = len(part.mesh.vertices_m)
        bones = len(character.armature.names)
        rows = np.repeat(np.arange(count), part.joints.shape[1])
        weights = np.asarray(part.weights, np.float32)
        self._blend = csr_matrix(
            (weights.ravel(), (rows, np.asarray(part.joints).ravel())), shape=(count, bones)
        )
        self._rest = np.asarray(part.mesh.vertices_m, np.float32)
        self._morphs = [
            (column, np.asarray(part.morphs[name], np.float32))
            for column, name in enumerate(character.morph_names)
            if name in part.morphs
        ]
        self._last: tuple[np.ndarray, np.ndarray | None, list[float]] | None = None
        self._posed = self._rest

    def reshaped(self, part: Part) -> PartPoser:
        """The same part of the same person in another build: only where it rests is new."""
        new = copy(self)
        new._rest = np.asarray(part.mesh.vertices_m, np.float32)
        return new

    def __call__(self, moves: np.ndarray | None, morphs: np.ndarray) -> np.ndarray:
        """World vertices (vertices, 3) where bones are carried so (:func:`moves_of`)."""
        weights = [float(morphs[k]) if k < len(morphs) else 0.0 for k, _ in self._morphs]
        if not self._asked_before(moves, weights):
            self._last, self._posed = (self._rest, moves, weights), self._pose(moves, weights)
        return self._posed

    def _asked_before(self, moves: np.ndarray | None, weights: list[float]) -> bool:
        if self._last is None or self._last[0] is not self._rest or self._last[2] != weights:
            return False
        return same(self._last[1], moves)

    def _pose(self, moves: np.ndarray | None, weights: list[float]) -> np.ndarray:
        shape = self._rest
        for weight, (_, offsets) in zip(weights, self._morphs, strict=True):
            if abs(weight) > 1e-3:
                shape = shape + weight * offsets
        if moves is None:
            return shape
        blended = np.asarray(self._blend @ moves).reshape(-1, 3, 4)
        return np.einsum("vij,vj->vi", blended[:, :, :3], shape) + blended[:, :, 3]


def alike(one: Character, other: Character) -> bool:
    """Whether two characters are drawn with the same triangles: only where these rest, how they
    are coloured and what carries them may differ."""
    return len(one.parts) == len(other.parts) and all(
        part_alike(a, b) for a, b in zip(one.parts, other.parts, strict=True)
    )


def part_alike(one: Part, other: Part) -> bool:
    """Whether two parts are drawn with the same triangles."""
    return (
        same(one.mesh.faces, other.mesh.faces)
        and same(one.mesh.uv, other.mesh.uv)
        and (one.material.texture is None) == (other.material.texture is None)
    )


def carried_alike(one: Part, other: Part) -> bool:
    """Whether two parts hang on the same bones in the same way (the very same arrays)."""
    return (
        one.joints is other.joints and one.weights is other.weights and one.morphs is other.morphs
    )


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two arrays are equal; None is equal to None alone."""
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)


def rest_posed(character: Character) -> tuple[np.ndarray, np.ndarray]:
    """Bone matrices and morph weights of the resting character."""
    return np.asarray(character.armature.rest_world), np.zeros(len(character.morph_names))
