"""Cutting meshes and closing the gap between two cuts: how parts of the template and a surface that
was found become one closed mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix, eye, vstack

from studio.core.errors import StudioError


@dataclass(frozen=True, eq=False)
class Cut:
    """What is left of a mesh: ``mix`` makes its vertices of the old ones; each new face lies in the
    old face ``origin``, its corners at the barycentric places ``corners`` of that face."""

    faces: Int[np.ndarray, "faces 3"]
    mix: csr_matrix
    origin: Int[np.ndarray, " faces"]
    corners: Float[np.ndarray, "faces 3 3"]


def cut(faces: Int[np.ndarray, "faces 3"], say: Float[np.ndarray, " vertices"]) -> Cut:
    """The part of a mesh where a value given at its vertices is above 0, triangles cut through."""
    say = np.where(np.abs(say) < 1e-7, 1e-7, say)
    above = say[faces] > 0
    count = above.sum(1)
    shape = (len(say), len(say))
    kept = np.flatnonzero(count == 3)
    found = [faces[kept]]
    origin = [kept]
    corners = [np.tile(np.eye(3), (len(kept), 1, 1))]
    pairs: list[np.ndarray] = []
    made = 0
    for many in (1, 2):
        rows = np.flatnonzero(count == many)
        odd = np.argmax(above[rows] == (many == 1), axis=1)
        order = (odd[:, None] + np.arange(3)) % 3
        p, q, r = np.take_along_axis(faces[rows], order, 1).T
        unit = np.eye(3)[order]
        ends = [np.stack([p, other], 1) for other in (q, r)]
        share = [say[p] / (say[p] - say[other]) for other in (q, r)]
        places = [
            unit[:, 0] + t[:, None] * (unit[:, k] - unit[:, 0])
            for k, t in zip((1, 2), share, strict=True)
        ]
        new = [len(say) + made + k * len(rows) + np.arange(len(rows)) for k in (0, 1)]
        made += 2 * len(rows)
        pairs += ends
        if many == 1:
            triangles = [((p, *new), (unit[:, 0], *places))]
        else:
            triangles = [
                ((new[0], q, r), (places[0], unit[:, 1], unit[:, 2])),
                ((new[0], r, new[1]), (places[0], unit[:, 2], places[1])),
            ]
        for ids, at in triangles:
            found.append(np.stack(ids, 1))
            origin.append(rows)
            corners.append(np.stack(at, 1))
    ends = np.sort(np.concatenate(pairs), axis=1)
    ends, which = np.unique(ends, axis=0, return_inverse=True)
    which = which.ravel()
    triangles = np.concatenate(found)
    fresh = triangles >= len(say)
    triangles[fresh] = len(say) + which[triangles[fresh] - len(say)]
    share = say[ends[:, 0]] / (say[ends[:, 0]] - say[ends[:, 1]])
    cells = np.tile(np.arange(len(ends)), 2)
    fresh_mix = csr_matrix(
        (np.concatenate([1 - share, share]), (cells, ends.T.ravel())), (len(ends), shape[1])
    )
    used, triangles = np.unique(triangles, return_inverse=True)
    old, new_ones = used[used < len(say)], used[used >= len(say)] - len(say)
    mix = csr_matrix(vstack([csr_matrix(eye(len(say)))[old], fresh_mix[new_ones]]))
    return Cut(triangles.reshape(-1, 3), mix, np.concatenate(origin), np.concatenate(corners))


def loops(faces: Int[np.ndarray, "faces 3"]) -> list[np.ndarray]:
    """The open edges of a mesh as closed rings of vertices, the longest first; each runs as the
    triangles along it do. Raises StudioError where rings touch."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    key = edges[:, 0] * (faces.max() + 1) + edges[:, 1]
    back = edges[:, 1] * (faces.max() + 1) + edges[:, 0]
    rim = edges[~np.isin(key, back)]
    after = dict(rim.tolist())
    if len(after) != len(rim):
        raise StudioError("Two openings of the body touch.", "Choose another photograph.")
    found: list[np.ndarray] = []
    while after:
        start, here = after.popitem()
        ring = [start]
        while here != start:
            ring.append(here)
            here = after.pop(here)
        found.append(np.array(ring))
    return sorted(found, key=lambda ring: -len(ring))


def zipped(
    points_m: Float[np.ndarray, "vertices 3"], one: np.ndarray, other: np.ndarray
) -> tuple[Int[np.ndarray, "faces 3"], Float[np.ndarray, "faces 3 2"]]:
    """The band of triangles that closes the gap between two rings of vertices that run about one
    axis, each given as :func:`loops` does (so against each other); and where along the band
    (radians) and across it (0 to 1) the corners lie."""
    other = other[::-1]
    centre = points_m[np.concatenate([one, other])].mean(0)
    turn = np.linalg.svd(points_m[one] - points_m[one].mean(0))[2]
    flat = (points_m - centre) @ turn[:2].T

    def angles(ring: np.ndarray) -> np.ndarray:
        return np.unwrap(np.arctan2(flat[ring, 1], flat[ring, 0]))

    a = angles(one)
    if a[-1] < a[0]:
        turn[1] *= -1
        flat = (points_m - centre) @ turn[:2].T
        a = angles(one)
    off = np.angle(np.exp(1j * (angles(other) - a[0])))
    other = np.roll(other, -int(np.argmin(np.abs(off))))
    b = angles(other)
    b += 2 * np.pi * np.round((a[0] - b[0]) / (2 * np.pi))
    ends_a, ends_b = np.append(a, a[0] + 2 * np.pi), np.append(b, b[0] + 2 * np.pi)
    faces: list[tuple[int, int, int]] = []
    places: list[tuple[tuple[float, float], ...]] = []
    i = j = 0
    while i < len(one) or j < len(other):
        p, q = int(one[i % len(one)]), int(other[j % len(other)])
        if j >= len(other) or (i < len(one) and ends_a[i + 1] <= ends_b[j + 1]):
            i += 1
            faces.append((int(one[i % len(one)]), p, q))
            places.append(((ends_a[i], 0.0), (ends_a[i - 1], 0.0), (ends_b[j], 1.0)))
        else:
            j += 1
            faces.append((p, q, int(other[j % len(other)])))
            places.append(((ends_a[i], 0.0), (ends_b[j - 1], 1.0), (ends_b[j], 1.0)))
    return np.array(faces), np.array(places)
