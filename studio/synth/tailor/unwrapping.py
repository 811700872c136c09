"""Unwrapping: panels laid flat without stretching them, packed into one square picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import splu

from studio.human.wardrobe.layers import pieces

MARGIN = 0.012


@dataclass(frozen=True, eq=False)
class Panel:
    """A flat piece: ``flat_m`` are its vertices in the plane (metres), ``faces`` run over them,
    ``vertices`` says which of the garment's each is."""

    flat_m: np.ndarray
    faces: np.ndarray
    vertices: np.ndarray


def panels(points_m: np.ndarray, faces: np.ndarray, label: np.ndarray) -> list[Panel]:
    """Lay each connected patch of equal ``label`` (one a face) flat.

    Positive labels are seen from the front (-Y), negative ones from behind, 2 and -2 from above and
    below. As rigid as possible (Sorkine and Alexa, 2007; Liu et al., 2008).
    """
    found: list[Panel] = []
    for kind in np.unique(label):
        for part in _patches(faces[label == kind]):
            vertices, own = np.unique(part, return_inverse=True)
            own = own.reshape(-1, 3)
            x, y, z = points_m[vertices].T
            seen = {1: (x, z), -1: (-x, z), 2: (x, y), -2: (-x, y)}[int(kind)]
            found.append(Panel(_flatten(points_m[vertices], own, np.stack(seen, 1)), own, vertices))
    return found


def _patches(faces: np.ndarray) -> list[np.ndarray]:
    own = pieces(faces, int(faces.max()) + 1)[faces[:, 0]]
    return [faces[own == one] for one in np.unique(own)]


def _flatten(points: np.ndarray, faces: np.ndarray, start: np.ndarray, rounds: int = 12):
    """Local and global steps by turns: each triangle turned best, then all joined."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    along = np.linalg.norm(b - a, axis=1)
    u = (b - a) / np.maximum(along, 1e-9)[:, None]
    n = np.cross(b - a, c - a)
    height = np.linalg.norm(n, axis=1) / np.maximum(along, 1e-9)
    zero = np.zeros(len(a))
    flat = np.stack([
        np.stack([zero, zero], 1),
        np.stack([along, zero], 1),
        np.stack([np.einsum("ij,ij->i", c - a, u), height], 1),
    ], axis=1)  # fmt: skip
    rows, columns, values = [], [], []
    weights = np.empty((len(faces), 3))
    for k in range(3):
        i, j, o = k, (k + 1) % 3, (k + 2) % 3
        e, g = flat[:, i] - flat[:, o], flat[:, j] - flat[:, o]
        area = np.abs(e[:, 0] * g[:, 1] - e[:, 1] * g[:, 0])
        weights[:, k] = np.clip((e * g).sum(1) / np.maximum(area, 1e-12), 0.02, 20)
        p, q = faces[:, i], faces[:, j]
        rows += [p, q, p, q]
        columns += [p, q, q, p]
        values += [weights[:, k], weights[:, k], -weights[:, k], -weights[:, k]]
    count = len(points)
    matrix = csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(count, count),
    )
    solve = splu((matrix + 1e-8 * identity(count)).tocsc())
    at = start.copy()
    for _ in range(rounds):
        total = np.zeros((count, 2))
        covariance = np.zeros((len(faces), 2, 2))
        for k in range(3):
            i, j = k, (k + 1) % 3
            now = at[faces[:, i]] - at[faces[:, j]]
            covariance += weights[:, k, None, None] * np.einsum(
                "fi,fj->fij", now, flat[:, i] - flat[:, j]
            )
        x = covariance[:, 0, 0] + covariance[:, 1, 1]
        y = covariance[:, 1, 0] - covariance[:, 0, 1]
        size = np.maximum(np.hypot(x, y), 1e-12)
        turn = np.stack([np.stack([x, -y], 1), np.stack([y, x], 1)], axis=1) / size[:, None, None]
        for k in range(3):
            i, j = k, (k + 1) % 3
            want = weights[:, k, None] * np.einsum("fij,fj->fi", turn, flat[:, i] - flat[:, j])
            np.add.at(total, faces[:, i], want)
            np.add.at(total, faces[:, j], -want)
        at = solve.solve(total + 1e-8 * at)
    return at


@dataclass(frozen=True, eq=False)
class Layout:
    """Panels in one square: coordinates of each panel's vertices, and the square's side."""

    uv: list[np.ndarray]
    side_m: float


def pack(pieces: list[Panel]) -> Layout:
    """Panels beside and above one another, all at the same scale, as large as they fit."""
    sizes = [np.ptp(piece.flat_m, axis=0) for piece in pieces]
    order = sorted(range(len(pieces)), key=lambda k: -sizes[k][1])
    low, high = max(max(size) for size in sizes), 8.0
    places = _shelves(sizes, order, high)
    for _ in range(24):
        middle = 0.5 * (low + high)
        tried = _shelves(sizes, order, middle)
        if tried is None:
            low = middle
        else:
            high, places = middle, tried
    assert places is not None
    uv = [
        (piece.flat_m - piece.flat_m.min(axis=0) + places[k]) / high
        for k, piece in enumerate(pieces)
    ]
    return Layout(uv, high)


def _shelves(
    sizes: list[np.ndarray], order: list[int], side: float
) -> dict[int, np.ndarray] | None:
    gap = MARGIN * side
    x, y, shelf = gap, gap, 0.0
    places: dict[int, np.ndarray] = {}
    for k in order:
        width, height = sizes[k]
        if x + width + gap > side:
            x, y, shelf = gap, y + shelf + gap, 0.0
        if x + width + gap > side or y + height + gap > side:
            return None
        places[k] = np.array([x, y])
        x += width + gap
        shelf = max(shelf, height)
    return places
