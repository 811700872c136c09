"""What lies under the pointer, from geometry alone: no colour buffers, no GL."""

from __future__ import annotations

import numpy as np

from studio.scene.camera import to_window
from studio.scene.items.base import Eye


def nearest_point(
    points_m: np.ndarray, eye: Eye, xy_px: tuple[float, float], within_px: float
) -> int | None:
    """Index of the point drawn nearest to a window pixel, or None if none is near enough.

    Among points within two pixels of the best the one in front wins.
    """
    seen, depth = to_window(points_m, eye.view, eye.clip, eye.window_px)
    away = np.nan_to_num(np.hypot(*(seen - xy_px).T), nan=np.inf)
    if not len(away) or away.min() > within_px:
        return None
    near = np.flatnonzero(away <= min(within_px, away.min() + 2.0))
    return int(near[np.argmin(depth[near])])


def nearest_segment(
    ends_m: np.ndarray, eye: Eye, xy_px: tuple[float, float], within_px: float
) -> int | None:
    """Index of the segment (n, 2, 3) drawn nearest to a window pixel, or None."""
    seen, _ = to_window(ends_m.reshape(-1, 3), eye.view, eye.clip, eye.window_px)
    start, end = seen[::2], seen[1::2]
    along = end - start
    length2 = np.maximum((along**2).sum(1), 1e-9)
    share = np.clip(((np.array(xy_px) - start) * along).sum(1) / length2, 0, 1)
    away = np.hypot(*(start + share[:, None] * along - xy_px).T)
    away = np.nan_to_num(away, nan=np.inf)
    if not len(away) or away.min() > within_px:
        return None
    return int(np.argmin(away))


def ray(eye: Eye, xy_px: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Start and unit direction, in the world, of the line of sight through a window pixel."""
    width, height = eye.window_px
    ndc = np.array([2 * (xy_px[0] + 0.5) / width - 1, 1 - 2 * (xy_px[1] + 0.5) / height])
    # Invert clip for a point at view depth 1 (z = -1); works for skewed, off-centre lenses too.
    axes = eye.clip[:2, :2]
    xy = np.linalg.solve(axes, ndc + eye.clip[:2, 2])
    direction = eye.view[:3, :3].T @ np.array([xy[0], xy[1], -1.0])
    return eye.position_m, direction / np.linalg.norm(direction)


def hit(
    vertices_m: np.ndarray, faces: np.ndarray, start: np.ndarray, direction: np.ndarray
) -> tuple[int, float] | None:
    """First triangle that a ray meets and the distance to it (Möller and Trumbore 1997)."""
    a, b, c = (vertices_m[faces[:, i]].astype(np.float64) for i in range(3))
    edge1, edge2 = b - a, c - a
    p = np.cross(direction, edge2)
    det = (edge1 * p).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / det
        s = start - a
        u = (s * p).sum(1) * inverse
        q = np.cross(s, edge1)
        v = (q @ direction) * inverse
        t = (edge2 * q).sum(1) * inverse
        inside = (np.abs(det) > 1e-14) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-6)
    if not inside.any():
        return None
    index = int(np.argmin(np.where(inside, t, np.inf)))
    return index, float(t[index])
