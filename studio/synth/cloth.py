"""Cutting cloth: pieces of a base mesh, refined, clipped along exact lines, hemmed.

A piece keeps, for each of its vertices, the base vertices it lies between (a sparse matrix), so
whatever is known on the base mesh (rest shape, skin weights) is known on the piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags, vstack


@dataclass(frozen=True, eq=False)
class Piece:
    """Faces (F, 3) over vertices that are rows of ``of_base`` (vertices, base vertices)."""

    faces: np.ndarray
    of_base: csr_matrix

    def __len__(self) -> int:
        return int(self.of_base.get_shape()[0])


def cut_out(faces: np.ndarray, base_vertices: int) -> Piece:
    """Some faces of the base mesh as a piece of their own."""
    used, renumbered = np.unique(faces, return_inverse=True)
    rows = np.arange(len(used))
    matrix = csr_matrix((np.ones(len(used)), (rows, used)), shape=(len(used), base_vertices))
    return Piece(renumbered.reshape(faces.shape), matrix)


def _edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unique edges (E, 2), and the numbers of each face's three: from corner 0, 1 and 2 on."""
    pairs = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, number = np.unique(pairs, axis=0, return_inverse=True)
    return unique, number.reshape(-1, 3)


def refine(piece: Piece) -> Piece:
    """Every triangle cut into four at the middles of its edges."""
    edges, of_face = _edges(piece.faces)
    middle = 0.5 * (piece.of_base[edges[:, 0]] + piece.of_base[edges[:, 1]])
    a, b, c = piece.faces.T
    ab, bc, ca = (of_face + len(piece)).T
    faces = np.concatenate(
        [np.stack(corner, axis=-1) for corner in ((a, ab, ca), (ab, b, bc), (ca, bc, c),
                                                  (ab, bc, ca))]
    )  # fmt: skip
    return Piece(faces, csr_matrix(vstack([piece.of_base, middle])))


def clip(piece: Piece, values: np.ndarray) -> Piece:
    """The part of a piece where ``values`` (one a vertex) are positive, cut where they are zero."""
    inside = values > 0
    edges, of_face = _edges(piece.faces)
    a, b = edges.T
    crossed = inside[a] != inside[b]
    share = values[a[crossed]] / (values[a[crossed]] - values[b[crossed]])
    new = diags(1 - share) @ piece.of_base[a[crossed]] + diags(share) @ piece.of_base[b[crossed]]
    number = np.full(len(edges), -1)
    number[crossed] = len(piece) + np.arange(crossed.sum())
    count = inside[piece.faces].sum(axis=1)
    kept = [piece.faces[count == 3]]
    for wanted in (1, 2):
        some = np.flatnonzero(count == wanted)
        lone = inside[piece.faces[some]] == (wanted == 1)
        first = np.argmax(lone, axis=1)
        order = (first[:, None] + np.arange(3)) % 3
        p, q, r = np.take_along_axis(piece.faces[some], order, 1).T
        pq, _, rp = number[np.take_along_axis(of_face[some], order, 1)].T
        if wanted == 1:
            kept.append(np.stack([p, pq, rp], axis=-1))
        else:
            kept += [np.stack([pq, q, r], axis=-1), np.stack([pq, r, rp], axis=-1)]
    faces = np.concatenate(kept)
    used, renumbered = np.unique(faces, return_inverse=True)
    matrix = csr_matrix(vstack([piece.of_base, new]))[used]
    return Piece(renumbered.reshape(-1, 3), csr_matrix(matrix))


def border(faces: np.ndarray) -> np.ndarray:
    """Edges (E, 2) that belong to one face only, in the order in which that face runs."""
    edges, of_face = _edges(faces)
    single = np.bincount(of_face.ravel(), minlength=len(edges))[of_face] == 1
    runs = faces[:, [[0, 1], [1, 2], [2, 0]]]
    return runs[single]


def neighbour_mean(faces: np.ndarray, count: int) -> csr_matrix:
    """The matrix (count, count) that replaces each vertex by the mean of its neighbours.

    Vertices on a border are replaced by the mean of their border neighbours, so hems stay hems.
    """
    edges, _ = _edges(faces)
    rim = border(faces)
    on_rim = np.zeros(count, bool)
    on_rim[rim.ravel()] = True
    inner = np.concatenate([edges, edges[:, ::-1]])
    inner = inner[~on_rim[inner[:, 0]]]
    pairs = np.concatenate([inner, rim, rim[:, ::-1]])
    matrix = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    total = np.asarray(matrix.sum(axis=1)).ravel()
    lonely = csr_matrix(diags((total == 0).astype(float)))
    return csr_matrix(diags(1 / np.maximum(total, 1)) @ matrix + lonely)


def smooth(values: np.ndarray, mean: csr_matrix, rounds: int, keep: float = 0.5) -> np.ndarray:
    """Values moved ``1 - keep`` of the way to their neighbours' mean, ``rounds`` times."""
    for _ in range(rounds):
        values = keep * values + (1 - keep) * (mean @ values)
    return values


def hem(
    faces: np.ndarray, vertices_m: np.ndarray, normals: np.ndarray, depth_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn the cloth in along its borders, so that it has a thickness to be seen.

    Returns faces, vertices, and for each new vertex the old one it came from.
    """
    rim = border(faces)
    used, place = np.unique(rim, return_inverse=True)
    inner = vertices_m[used] - depth_m * normals[used]
    a, b = rim.T
    a_in, b_in = (place.reshape(-1, 2) + len(vertices_m)).T
    strip = np.concatenate([np.stack([b, a, a_in], -1), np.stack([b, a_in, b_in], -1)])
    return np.concatenate([faces, strip]), np.concatenate([vertices_m, inner]), used
