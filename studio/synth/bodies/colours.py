"""The colour of what lies nearest: materials without light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.render.scene import Drawable
from studio.vision.triangles import Triangles


def colours_at(drawables: Sequence[Drawable], points_m: np.ndarray) -> np.ndarray:
    """The base colour (points, 3; uint8, sRGB) of the place nearest to each point."""
    found = Triangles([d.mesh for d in drawables]).closest(points_m)
    colours = np.zeros((len(points_m), 3))
    for number, drawable in enumerate(drawables):
        here = np.flatnonzero(found.meshes == number)
        if not len(here):
            continue
        material, uv = drawable.material, drawable.mesh.uv
        colours[here] = np.array(material.base[:3]) * 255
        if material.texture is None or uv is None:
            continue
        u, v = found.shares[here, :1], found.shares[here, 1:]
        corner = uv[found.faces[here]]
        at = (1 - u - v) * corner[:, 0] + u * corner[:, 1] + v * corner[:, 2]
        height, width = material.texture.shape[:2]
        x = (at[:, 0] % 1 * width).astype(int).clip(0, width - 1)
        y = ((1 - at[:, 1]) % 1 * height).astype(int).clip(0, height - 1)
        colours[here] = material.texture[y, x, :3] * np.array(material.base[:3])
    return (colours + 0.5).clip(0, 255).astype(np.uint8)
