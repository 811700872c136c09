"""How much light reaches each vertex: height maps of splatted vertices, seen along a direction.

A cheap stand-in for ray casting: along each direction the highest vertex of every cell hides what
lies below it. A baked average over the sphere gives ambient occlusion; one direction per frame
gives soft self-shadow and the shadow on the floor.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter, maximum_filter

from studio.render.environment import spread

KEY_LIGHT = np.array([0.48, -0.62, 0.74]) / np.linalg.norm([0.48, -0.62, 0.74])


def openness(
    vertices_m: Float[np.ndarray, "vertices 3"],
    normals: Float[np.ndarray, "vertices 3"],
    direction: Float[np.ndarray, " 3"],
    cells: int = 128,
) -> Float[np.ndarray, " vertices"]:
    """Share of the light from ``direction`` that reaches each vertex past the others (0..1)."""
    direction = np.asarray(direction, np.float32)
    across = np.cross(direction, [0, 0, 1] if abs(direction[2]) < 0.9 else [1, 0, 0])
    across = (across / np.linalg.norm(across)).astype(np.float32)
    down = np.cross(direction, across).astype(np.float32)
    points = vertices_m.astype(np.float32)
    height = points @ direction
    u, v = points @ across, points @ down
    cell = max(float(np.ptp(u)), float(np.ptp(v)), 1e-6) / cells
    i = ((u - u.min()) / cell).astype(np.int32) + 2
    j = ((v - v.min()) / cell).astype(np.int32) + 2
    width = cells + 5
    top = np.full(width * width, -np.inf, np.float32)
    np.maximum.at(top, i * width + j, height)
    top = maximum_filter(top.reshape(width, width), size=3).ravel()
    slope = 1 / np.clip(normals.astype(np.float32) @ direction, 0.25, 1)
    bias = cell * (1.0 + 2.0 * slope)
    flat = i * width + j
    light = np.zeros(len(points), np.float32)
    for offset in (0, 1, -1, width, -width):
        above = top[flat + offset] - height
        light += 1 - np.clip((above - bias) / (2.5 * cell), 0, 1)
    return light / 5


def ambient(
    vertices_m: Float[np.ndarray, "vertices 3"],
    normals: Float[np.ndarray, "vertices 3"],
    directions: int = 56,
) -> Float[np.ndarray, " vertices"]:
    """Cosine-weighted openness of each vertex to the whole sphere (0..1), for a resting mesh."""
    total = np.zeros(len(vertices_m))
    light = np.zeros(len(vertices_m))
    for direction in spread(directions):
        weight = np.clip(normals @ direction, 0, None)
        light += weight * openness(vertices_m, normals, direction)
        total += weight
    return np.clip(light / np.maximum(total, 1e-6), 0, 1)


def floor_shadow(
    vertices_m: Float[np.ndarray, "vertices 3"], extent_m: float, cells: int = 96
) -> tuple[Float[np.ndarray, "cells cells"], tuple[float, float]]:
    """Darkness (0..1) of the floor z = 0 under a mesh lit from above and by the key light.

    Returns the map (rows along +Y) of a square of ``extent_m`` and its centre (x, y). What is
    higher casts a wider, fainter shadow.
    """
    points = vertices_m[np.isfinite(vertices_m).all(1)]
    if not len(points):
        return np.zeros((cells, cells)), (0.0, 0.0)
    centre = (float(points[:, 0].mean()), float(points[:, 1].mean()))
    height = np.clip(points[:, 2], 0, None)
    cast = points[:, :2] - height[:, None] * 0.35 * KEY_LIGHT[:2] / KEY_LIGHT[2]
    index = ((cast - centre) / extent_m + 0.5) * cells
    inside = ((index >= 1) & (index < cells - 1)).all(1)
    i, j = index[inside].astype(int).T
    flat = j * cells + i
    dark = np.zeros(cells * cells, np.float32)
    close = np.zeros(cells * cells, np.float32)
    np.maximum.at(dark, flat, np.exp(-height[inside] / 1.4).astype(np.float32))
    np.maximum.at(close, flat, np.exp(-height[inside] / 0.06).astype(np.float32))
    cell = extent_m / cells
    soft = gaussian_filter(maximum_filter(dark.reshape(cells, cells), 3), 0.07 / cell)
    sharp = gaussian_filter(maximum_filter(close.reshape(cells, cells), 3), 0.022 / cell)
    return np.clip(1 - (1 - 0.65 * soft) * (1 - 0.8 * sharp), 0, 1), centre
