"""A small mesh as if of clay, without OpenGL: quick enough to follow a hand over a photograph."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from studio.render.scene import vertex_normals

_LIGHT = np.array([-0.35, -0.62, -0.70]) / np.linalg.norm([0.35, 0.62, 0.70])
_FILL = 0.34
_BITS = 4
"""Corners are rounded to sixteenths of a pixel."""


def clay(
    xy_px: Float[np.ndarray, "vertices 2"],
    seen_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    rgba: Float[np.ndarray, "faces 4"],
    size_px: tuple[int, int],
) -> UInt8[np.ndarray, "height width 4"]:
    """Triangles that look at the camera, the far ones first; RGBA of ``size_px`` (width, height).

    ``xy_px`` are the vertices in the picture, ``seen_m`` where the camera has them (right, down,
    ahead), ``rgba`` the colours of the triangles, 0 to 255. Triangles run counter-clockwise seen
    from outside.
    """
    width, height = size_px
    out = np.zeros((height, width, 4), np.uint8)
    a, b, c = seen_m[faces].transpose(1, 0, 2)
    middle = (a + b + c) / 3
    ahead = np.flatnonzero((np.cross(b - a, c - a) * middle).sum(1) < 0)
    ahead = ahead[np.argsort(-middle[ahead, 2])]
    ways = vertex_normals(seen_m, faces)[faces[ahead]].mean(1)
    ways /= np.fmax(np.linalg.norm(ways, axis=1, keepdims=True), 1e-12)
    lit = _FILL + (1 - _FILL) * np.clip(ways @ _LIGHT, 0, 1)
    paint = rgba[ahead] * np.column_stack([lit, lit, lit, np.ones(len(lit))])
    corners = np.rint(xy_px[faces[ahead]] * (1 << _BITS)).astype(np.int32)
    for corner, colour in zip(corners, paint.tolist(), strict=True):
        cv2.fillConvexPoly(out, corner, colour, cv2.LINE_8, _BITS)
    return out
