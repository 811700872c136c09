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
    which, shares, covered = _laid(uv, size)
    nearest: Any = distance_transform_edt(~covered, return_distances=False, return_indices=True)
    which, shares = which[nearest[0], nearest[1]], shares[nearest[0], nearest[1]]
    return Atlas(np.einsum("hwc,hwcd->hwd", shares, corners[which]), covered, which, shares)


@dataclass(frozen=True, eq=False)
class Texels:
    """Some texels of the skin's atlas: their rows and columns, the face of the skin on which each
    lies, how much each of its corners says, and the place on the average person (metres)."""

    rows: np.ndarray
    columns: np.ndarray
    face: np.ndarray
    share: np.ndarray
    xyz_m: np.ndarray

    @property
    def at(self) -> tuple[np.ndarray, np.ndarray]:
        """Where they are in a texture."""
        return self.rows, self.columns


def texels_above(size: int, lowest_m: float) -> Texels:
    """The texels of an atlas of that size on faces that lie above a height of the average
    person (metres)."""
    figure = make_figure()
    faces, uv = figure.surface.faces["skin"], figure.surface.uv["skin"]
    corners = figure.template_m[faces]
    own = np.flatnonzero((corners[..., 2] > lowest_m).all(1))
    which, shares, covered = _laid(uv[own], size)
    rows, columns = np.nonzero(covered)
    face, share = own[which[rows, columns]], shares[rows, columns]
    return Texels(rows, columns, face, share, np.einsum("tc,tcd->td", share, corners[face]))


def _laid(uv: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles (corners' texture coordinates) in an atlas: which of them covers each texel, how
    much each corner says there, and what is covered at all."""
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
    return which, shares, covered
