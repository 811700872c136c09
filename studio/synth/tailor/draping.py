"""Draping: a cloth simulation that lets a garment hang on a standing body.

Position-based dynamics (Müller et al., Position Based Dynamics, 2007): springs along and across
edges keep their lengths, gravity pulls, the body is solid. Gravity is weak and motion damped, so
that what is found is how the garment hangs, not how it falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_matrix, diags
from scipy.spatial import KDTree

from studio.render.scene import vertex_normals

ROUNDS = 16
"""How often the springs are evened out in each step."""


@dataclass(frozen=True, eq=False)
class Cloth:
    """How a fabric behaves.

    ``ease`` is how much longer it is than its pattern, ``uneven`` how much that differs from place
    to place, ``stiff`` (0 to 1) how little it bends, ``weight_m`` how far it would fall in a step,
    ``gap_m`` how far from the skin it stays.
    """

    stiff: float = 0.25
    ease: float = 1.03
    uneven: float = 0.02
    gap_m: float = 0.004
    weight_m: float = 0.00012
    steps: int = 90


@dataclass(frozen=True, eq=False)
class Body:
    """A solid body: vertices with outward normals."""

    vertices_m: np.ndarray
    normals: np.ndarray
    tree: KDTree = field(repr=False)

    @classmethod
    def of(cls, vertices_m: np.ndarray, faces: np.ndarray) -> Body:
        ids, own = np.unique(faces, return_inverse=True)
        points = vertices_m[ids]
        return cls(points, vertex_normals(points, own.reshape(-1, 3)), KDTree(points))

    def out(self, points: np.ndarray, gap_m: float) -> tuple[np.ndarray, np.ndarray]:
        """How to move points out of the body, and which of them touch it."""
        _, near = self.tree.query(points, k=3)
        push = np.zeros_like(points)
        deepest = np.full(len(points), -1.0)
        for column in np.asarray(near).T:
            n = self.normals[column]
            deep = gap_m - np.einsum("ij,ij->i", points - self.vertices_m[column], n)
            deep = np.where(deep < 0.06, deep, 0)
            more = deep > np.maximum(deepest, 0)
            push[more] = deep[more, None] * n[more]
            deepest = np.maximum(deepest, deep)
        return push, deepest > 0


def springs(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges (E, 2), and the pairs across each edge (P, 2), of a mesh."""
    pairs = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    opposite = faces[:, [2, 0, 1]].reshape(-1)
    order = np.lexsort((pairs.max(axis=1), pairs.min(axis=1)))
    key = np.sort(pairs[order], axis=1)
    same = (key[1:] == key[:-1]).all(axis=1)
    across = np.stack([opposite[order][:-1][same], opposite[order][1:][same]], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0), across


def drape(
    start_m: np.ndarray,
    pattern_m: np.ndarray,
    faces: np.ndarray,
    body: Body,
    fabric: Cloth,
    pinned: np.ndarray,
    seed: int = 0,
) -> np.ndarray:
    """Let a garment fall into place from ``start_m``; its lengths are those of ``pattern_m``.

    ``pinned`` (one a vertex, 0 to 1) holds vertices where they start.
    """
    edges, across = springs(faces)
    pairs = np.concatenate([edges, across])
    uneven = 1 + fabric.uneven * average_noise(pattern_m, seed + 5, 0.16)
    grown = fabric.ease * 0.5 * (uneven[pairs[:, 0]] + uneven[pairs[:, 1]])
    lengths = np.linalg.norm(pattern_m[pairs[:, 0]] - pattern_m[pairs[:, 1]], axis=1) * grown
    firm = np.concatenate([np.full(len(edges), 1.0), np.full(len(across), fabric.stiff)])
    free = 1 - pinned
    total = free[pairs[:, 0]] + free[pairs[:, 1]]
    count = len(start_m)
    # One sparse product moves all ends: +1 at a pair's first vertex, -1 at its second.
    rows = np.arange(len(pairs))
    ends = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], rows)), shape=(count, len(pairs)))
    ends = ends - csr_matrix((np.ones(len(pairs)), (pairs[:, 1], rows)), shape=(count, len(pairs)))
    touched = np.maximum(np.bincount(pairs.ravel(), np.repeat(firm, 2), count), 1)
    ends = csr_matrix(diags(free / touched * 1.7) @ ends)
    at = start_m.copy()
    speed = np.zeros_like(at)
    for _ in range(fabric.steps):
        before = at.copy()
        at = at + free[:, None] * 0.8 * speed
        at[:, 2] -= free * fabric.weight_m
        for _ in range(ROUNDS):
            along = at[pairs[:, 0]] - at[pairs[:, 1]]
            length = np.maximum(np.linalg.norm(along, axis=1), 1e-9)
            off = firm * (length - lengths) / length / np.maximum(total, 1e-9)
            at -= ends @ (off[:, None] * along)
        push, touching = body.out(at, fabric.gap_m)
        at += free[:, None] * push
        speed = at - before
        speed[touching] *= 0.2
    return at


def average_noise(points: np.ndarray, seed: int, scale_m: float) -> np.ndarray:
    """Smooth noise of unit size at points: a sum of random plane waves about one wavelength."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(points))
    for _ in range(14):
        wave = rng.normal(size=3)
        wave *= 2 * np.pi / (scale_m * rng.uniform(0.7, 1.6) * np.linalg.norm(wave))
        total += np.sin(points @ wave + rng.uniform(0, 2 * np.pi))
    return total / np.sqrt(7)
