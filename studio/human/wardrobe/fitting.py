"""Fitting assets to a person of any shape, and binding new ones to the base mesh."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_matrix, diags
from scipy.spatial import KDTree

from studio.core.errors import StudioError
from studio.human.person import whole
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.asset import BASE_VERTICES, Asset, Binding, Scale

ScalePairs = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
HEAD_SCALES: ScalePairs = ((5399, 11998), (962, 5320), (791, 881))
"""Base vertices whose distances along x, y and z are a head's width, depth and height."""


@cache
def base_weights() -> csr_matrix:
    """The skin weights of the base mesh (base vertices, bones)."""
    person = whole()
    count, influences = person.weights.shape
    rows = np.repeat(np.arange(count), influences)
    values = person.weights.double().numpy().ravel()
    columns = person.bones.numpy().ravel()
    return csr_matrix((values, (rows, columns)), shape=(count, len(BONE_NAMES)))


def blended(
    weights: csr_matrix, carried: Float[np.ndarray, "bones rows 4"]
) -> Float[np.ndarray, "points 3 4"]:
    """What carries points that hang on bones by ``weights`` (points, bones), where ``carried`` does
    these: linear blend skinning."""
    return np.asarray(weights @ carried[:, :3].reshape(len(carried), 12)).reshape(-1, 3, 4)


def share_of(weights: csr_matrix, bones: Sequence[int]) -> Float[np.ndarray, " vertices"]:
    """How much of each vertex hangs on some bones, 0 to 1."""
    return np.asarray(weights[:, bones].sum(axis=1)).ravel()


def fit(asset: Asset, vertices_m: Float[np.ndarray, "base 3"]) -> Float[np.ndarray, "vertices 3"]:
    """Where an asset's vertices lie on a person at rest, given all 19,158 of the person's.

    Raises StudioError for an asset without a mesh, or for vertices of another base mesh.
    """
    if asset.binding is None:
        raise StudioError(
            f"“{asset.card.title}” has no mesh of its own.", "It colours the body: choose it there."
        )
    if vertices_m.shape != (BASE_VERTICES, 3):
        raise StudioError(
            f"The person has {len(vertices_m)} vertices; clothes need {BASE_VERTICES}.",
            "Give the whole base mesh, with its helpers.",
        )
    binding = asset.binding
    middle = np.einsum("vk,vkd->vd", binding.shares, vertices_m[binding.base])
    return middle + binding.offsets_m * growth(binding, vertices_m)


def growth(binding: Binding, vertices_m: Float[np.ndarray, "base 3"]) -> Float[np.ndarray, " 3"]:
    """How much an asset's offsets grow along x, y and z on a person at rest."""
    sizes = np.ones(3)
    for axis, scale in enumerate(binding.scales):
        if scale is not None:
            span = abs(float(vertices_m[scale.first, axis] - vertices_m[scale.second, axis]))
            sizes[axis] = span / scale.reference_m
    return sizes


@lru_cache(maxsize=96)
def weights_of(asset: Asset) -> csr_matrix:
    """Skin weights (vertices, bones), rows sum to one: the asset's own, and where it has none,
    those of the base mesh through the binding. Raises StudioError for an asset without a mesh."""
    if asset.binding is None:
        raise StudioError(
            f"“{asset.card.title}” has no mesh of its own.", "It moves with the body."
        )
    # Bindings reach a little outside of their triangles; weights must not.
    shares = np.clip(asset.binding.shares, 0, None)
    inside = Binding(asset.binding.base, shares, asset.binding.offsets_m)
    from_base = _normalised(csr_matrix(inside.matrix @ base_weights()))
    if asset.weights is None:
        return from_base
    known = np.asarray(asset.weights.sum(axis=1)).ravel() > 0.01
    own = _normalised(asset.weights)
    return csr_matrix(diags(known.astype(float)) @ own + diags((~known).astype(float)) @ from_base)


def _normalised(weights: csr_matrix) -> csr_matrix:
    total = np.asarray(weights.sum(axis=1)).ravel()
    return csr_matrix(diags(1 / np.maximum(total, 1e-12)) @ weights)


def hidden(
    faces: Int[np.ndarray, "faces corners"], deletes: Int[np.ndarray, " hidden"]
) -> Bool[np.ndarray, " faces"]:
    """Which faces of the base mesh vanish under something that deletes these vertices: those of
    which every corner is deleted, so that no hole gapes at a hem."""
    gone = np.zeros(BASE_VERTICES, bool)
    gone[deletes] = True
    return np.all(gone[faces], axis=1)


def bind(
    points_m: Float[np.ndarray, "points 3"],
    base_m: Float[np.ndarray, "base 3"],
    faces: Int[np.ndarray, "faces 3"],
    scales: ScalePairs | None = None,
    near: int = 24,
) -> Binding:
    """Bind points to the nearest of these triangles of a person at rest (base vertices
    ``base_m``); ``scales`` are the pairs of vertices with whose distances the offsets grow.

    ``faces`` may be only a part of the base mesh, such as one of its helper volumes.
    """
    corners = base_m[faces]
    _, candidates = KDTree(corners.mean(axis=1)).query(points_m, k=min(near, len(faces)))
    candidates = np.reshape(candidates, (len(points_m), -1))
    best = np.full(len(points_m), np.inf)
    chosen = np.zeros(len(points_m), np.int64)
    shares = np.zeros((len(points_m), 3))
    for column in candidates.T:
        found = nearest_shares(points_m, corners[column])
        away = np.linalg.norm(np.einsum("pk,pkd->pd", found, corners[column]) - points_m, axis=1)
        better = away < best - 1e-12
        best[better], chosen[better], shares[better] = away[better], column[better], found[better]
    shares = np.round(shares, 4)
    shares[:, 0] = 1 - shares[:, 1] - shares[:, 2]
    middle = np.einsum("pk,pkd->pd", shares, corners[chosen])
    return Binding(faces[chosen], shares, points_m - middle, _measured(base_m, scales))


def _measured(
    base_m: np.ndarray, pairs: ScalePairs | None
) -> tuple[Scale | None, Scale | None, Scale | None]:
    if pairs is None:
        return None, None, None
    found = [
        Scale(a, b, abs(float(base_m[a, axis] - base_m[b, axis])))
        for axis, (a, b) in enumerate(pairs)
    ]
    return found[0], found[1], found[2]


def nearest_shares(
    points: Float[np.ndarray, "points 3"], triangles: Float[np.ndarray, "points 3 3"]
) -> Float[np.ndarray, "points 3"]:
    """Barycentric shares of the point of each triangle that is nearest to each point.

    Source: Ericson, Real-Time Collision Detection (2005), 5.1.5: on the plane if that lies within,
    else on the nearest of the three edges.
    """
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = _dot(ab, ab), _dot(ab, ac), _dot(ac, ac)
    d20, d21 = _dot(ap, ab), _dot(ap, ac)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-18)
    v, w = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    shares = np.stack([1 - v - w, v, w], axis=1)
    outside = (shares < 0).any(axis=1)
    # Only what lies outside of its triangle needs an edge.
    far, corner = points[outside], triangles[outside]
    best = np.full(len(far), np.inf)
    on_edge = np.zeros((len(far), 3))
    options: Sequence[tuple[int, int]] = ((0, 1), (1, 2), (2, 0))
    for i, j in options:
        start, along = corner[:, i], corner[:, j] - corner[:, i]
        t = np.clip(_dot(far - start, along) / np.maximum(_dot(along, along), 1e-18), 0, 1)
        away = np.linalg.norm(start + t[:, None] * along - far, axis=1)
        closer = away < best
        best[closer] = away[closer]
        on_edge[closer] = 0
        on_edge[closer, i], on_edge[closer, j] = 1 - t[closer], t[closer]
    shares[outside] = on_edge
    return shares


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", a, b)
