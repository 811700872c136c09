"""The skin's texture atlas: where on the average person each texel lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from studio.synth.figure import make_figure


@dataclass(frozen=True, eq=False)
class Atlas:
    """For each texel (row 0 at the top): the place on the average person, metres, and whether a
    face covers it (the others hold their nearest neighbour's place). ``face`` is the face of the
    skin that lies there, and ``share`` how much each of its corners says."""

    xyz_m: np.ndarray
    covered: np.ndarray
    face: np.ndarray
    share: np.ndarray


@cache
def skin_atlas(size: int = 1024) -> Atlas:
    """The atlas of the skin, ``size`` texels a side."""
    figure = make_figure()
    faces, uv = figure.surface.faces["skin"], figure.surface.uv["skin"]
    corners = figure.template_m[faces]
    at = np.stack([uv[..., 0] * size - 0.5, (1 - uv[..., 1]) * size - 0.5], axis=-1)
    which = np.zeros((size, size), np.int32)
    shares = np.zeros((size, size, 3), np.float32)
    covered = np.zeros((size, size), bool)
    span = (at.max(axis=1) - at.min(axis=1)).max(axis=1)
    cuts = np.ceil(span * 1.6).astype(int) + 1
    for n in np.unique(cuts):
        some = cuts == n
        i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        keep = i + j <= n
        share = np.stack([i[keep], j[keep], n - i[keep] - j[keep]], axis=-1) / n
        texel = np.rint(np.einsum("sc,fcd->fsd", share, at[some])).astype(int).clip(0, size - 1)
        which[texel[..., 1], texel[..., 0]] = np.flatnonzero(some)[:, None]
        shares[texel[..., 1], texel[..., 0]] = share
        covered[texel[..., 1], texel[..., 0]] = True
    nearest: Any = distance_transform_edt(~covered, return_distances=False, return_indices=True)
    which, shares = which[nearest[0], nearest[1]], shares[nearest[0], nearest[1]]
    return Atlas(np.einsum("hwc,hwcd->hwd", shares, corners[which]), covered, which, shares)
