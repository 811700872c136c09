"""Laying a surface flat, chart by chart. Source: xatlas (MIT)."""

from __future__ import annotations

from typing import Any

import numpy as np
import xatlas
from jaxtyping import Float

from studio.human.bodies.surface import Surface


def unwrapped(surface: Surface) -> Float[np.ndarray, "faces 3 2"]:
    """Texture coordinates of every triangle's corners, in one square, true to area."""
    atlas: Any = xatlas.Atlas()
    atlas.add_mesh(surface.vertices_m.astype(np.float32), surface.faces.astype(np.uint32))
    chart, pack = xatlas.ChartOptions(), xatlas.PackOptions()
    chart.max_iterations = 2
    chart.max_cost = 6.0
    chart.normal_deviation_weight = 1.0
    pack.padding, pack.resolution = 4, 1024
    atlas.generate(chart, pack, False)
    _, faces, uv = atlas[0]
    return mended(np.asarray(uv, float)[np.asarray(faces, np.int64)])


def mended(uv: Float[np.ndarray, "faces 3 2"]) -> Float[np.ndarray, "faces 3 2"]:
    """The same, but that slivers, whose corners xatlas leaves at the origin, become points."""
    lost = (uv == 0).all(-1)
    bad = np.flatnonzero(lost.any(1))
    good = np.argmin(lost[bad], axis=1)
    uv[bad] = uv[bad, good][:, None]
    return uv
