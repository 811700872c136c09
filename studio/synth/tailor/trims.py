"""Small things that are sewn on: buttons and cords."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree

from studio.render.scene import vertex_normals
from studio.synth.tailor.cutting import Cut
from studio.synth.tailor.sewing import Shell
from studio.synth.tailor.unwrapping import Panel


def _places(of: Shell, cut: Cut, coat_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The vertices of a garment's front nearest to places (x, any, z) on the average person."""
    normals = vertex_normals(of.vertices_m[: len(cut.coat_m)], cut.faces)
    front = np.flatnonzero(normals[:, 1] < -0.2)
    _, near = KDTree(cut.coat_m[front][:, [0, 2]]).query(coat_m[:, [0, 2]])
    found = front[near]
    return found, of.vertices_m[found], normals[found]


def _gathered(
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]], of: Shell
) -> Shell:
    """Pieces (vertices, faces, flat, owner) as one shell, each vertex moving with the garment's."""
    vertices, faces, panels, owners, start = [], [], [], [], 0
    for points, own, flat, owner in parts:
        vertices.append(points)
        faces.append(own + start)
        panels.append(Panel(flat, own, np.arange(len(points)) + start))
        owners.append(owner)
        start += len(points)
    owner = np.concatenate(owners)
    return Shell(
        np.concatenate(vertices), of.base[owner], of.shares[owner], of.coat_m[owner],
        np.concatenate(faces), panels,
    )  # fmt: skip


def buttons(of: Shell, cut: Cut, coat_m: np.ndarray, radius_m: float, sides: int = 10) -> Shell:
    """Buttons on a garment's front, at these places of the average person."""
    found, points, normals = _places(of, cut, coat_m)
    points = points * np.array([0.0, 1, 1]) + np.stack(
        [coat_m[:, 0], *np.zeros((2, len(coat_m)))], 1
    )
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    disc = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    parts = []
    for owner, at, n in zip(found, points, normals, strict=True):
        side = np.cross([0.0, 0, 1], n)
        side /= np.linalg.norm(side)
        up = np.cross(n, side)
        ring = radius_m * (disc[:, :1] * side + disc[:, 1:] * up)
        solid = np.concatenate([
            at + ring, at + ring + 0.0026 * n, at + 0.7 * ring + 0.0032 * n, [at + 0.0022 * n],
        ])  # fmt: skip
        k, j = np.arange(sides), (np.arange(sides) + 1) % sides
        faces = []
        for row in range(2):
            a, b = k + row * sides, j + row * sides
            faces += [np.stack([a, b, b + sides], 1), np.stack([a, b + sides, a + sides], 1)]
        faces.append(np.stack([k + 2 * sides, j + 2 * sides, np.full(sides, 3 * sides)], 1))
        flat = radius_m * np.concatenate([1.9 * disc, 1.5 * disc, disc, [[0, 0]]])
        parts.append((solid, np.concatenate(faces), flat, np.full(len(solid), owner)))
    return _gathered(parts, of)


def cords(
    of: Shell,
    cut: Cut,
    starts: Sequence[tuple[float, float]],
    lengths_m: Sequence[float],
    radius_m: float,
    sides: int = 6,
) -> Shell:
    """Cords that hang down a garment's front from places (x, z) of the average person."""
    parts = []
    for (x, z), length in zip(starts, lengths_m, strict=True):
        steps = max(int(length / 0.012), 3)
        line = np.stack([
            np.full(steps, x) + 0.004 * np.sin(np.linspace(0, 5, steps)),
            np.full(steps, -1.0), z - np.linspace(0, length, steps),
        ], axis=1)  # fmt: skip
        found, points, normals = _places(of, cut, line)
        for _ in range(4):
            points[1:-1] = 0.5 * points[1:-1] + 0.25 * (points[:-2] + points[2:])
        points = points + (radius_m + 0.002) * normals
        angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
        along = np.gradient(points, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        side = np.cross(along, normals)
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        other = np.cross(side, along)
        thick = radius_m * np.where(np.arange(steps) >= steps - 2, 1.35, 1.0)[:, None, None]
        tube = points[:, None] + thick * (
            np.cos(angle)[None, :, None] * side[:, None]
            + np.sin(angle)[None, :, None] * other[:, None]
        )
        k, j = np.arange(sides), (np.arange(sides) + 1) % sides
        faces = [
            np.stack([a + r * sides, b + r * sides, c + r * sides], 1)
            for r in range(steps - 1)
            for a, b, c in ((k, k + sides, j + sides), (k, j + sides, j))
        ]
        down = 0.012 * np.arange(steps)[:, None]
        flat = np.stack(np.broadcast_arrays(radius_m * angle[None], down), -1).reshape(-1, 2)
        parts.append((tube.reshape(-1, 3), np.concatenate(faces), flat, np.repeat(found, sides)))
    return _gathered(parts, of)
