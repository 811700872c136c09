"""One texture for a whole shell: the charts of body, head and hands packed, the face largest."""

from __future__ import annotations

from typing import Any

import numpy as np
import xatlas
from jaxtyping import Float
from scipy.spatial import KDTree

from studio.human.bodies.shell import Shell
from studio.synth.avatars.unwrapping import mended

HEAD_SHARE, HAND_SHARE = 2.6, 1.4
"""How many more texels a metre head and hands have than the body."""
_STREAK, _USUAL = 8.0, 0.2
_MARGIN_PX, _BAND_PX = 4, 8
"""The bands between body and template are strips along the upper edge, so high."""


def packed(shell: Shell, size_px: int) -> Float[np.ndarray, "faces 3 2"]:
    """Texture coordinates of a shell's triangles (origin bottom left), in one square without
    overlaps. Texels are alike on each part, the face's finer."""
    at = np.where(np.isfinite(shell.uv), shell.uv, shell.texture)
    corners = shell.vertices_m[shell.faces]
    head = corners[..., 2].mean(1) > shell.canonical.head_m("neck01")[2]
    wide = np.abs(corners[..., 0].mean(1)) > 0.25
    kinds = [shell.part == 0, (shell.part == 1) & head & ~wide, (shell.part == 1) & ~(head & ~wide)]
    shares = [1.0, HEAD_SHARE, HAND_SHARE]
    atlas: Any = xatlas.Atlas()
    groups = [np.flatnonzero(k) for k in kinds if k.any()]
    shares = [share for share, k in zip(shares, kinds, strict=True) if k.any()]
    for rows, share in zip(groups, shares, strict=True):
        uv = at[rows]
        uv = uv * share * _metres_a_unit(uv, corners[rows])
        flat, which = np.unique(np.round(uv.reshape(-1, 2), 7), axis=0, return_inverse=True)
        atlas.add_uv_mesh(flat.astype(np.float32), which.reshape(-1, 3).astype(np.uint32))
    pack = xatlas.PackOptions()
    pack.padding, pack.resolution, pack.rotate_charts = max(size_px // 512, 2), size_px, True
    atlas.generate(xatlas.ChartOptions(), pack, False)
    out = np.zeros((len(shell.faces), 3, 2))
    for k, rows in enumerate(groups):
        _, faces, uv = atlas[k]
        scale = np.array([atlas.width, atlas.height]) / max(atlas.width, atlas.height)
        out[rows] = mended(np.asarray(uv, float)[np.asarray(faces, np.int64)]) * scale
    out = _without_streaks(out, corners)
    for part in (0, 1):
        charted = np.flatnonzero(shell.part == part)
        out[charted] = beside(out[charted], corners[charted])
    return _with_bands(out, shell, size_px)


def beside(
    uv: Float[np.ndarray, "faces 3 2"], corners_m: Float[np.ndarray, "faces 3 3"]
) -> Float[np.ndarray, "faces 3 2"]:
    """The same, but that triangles which became points in the texture lie within the nearest one
    that has its usual size there: their colour is that of what is around."""
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    area = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    flat, wide = area == 0, area > _USUAL * np.median(area)
    if not wide.any():
        return uv
    middles, out = corners_m.mean(1), uv.copy()
    near = np.asarray(KDTree(middles[wide]).query(middles[flat])[1])
    out[flat] = uv[wide][near].mean(1, keepdims=True)
    return out


def _without_streaks(uv: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Triangles that are far longer in the texture than they should be, slivers all, as points."""

    def longest(at: np.ndarray) -> np.ndarray:
        return np.linalg.norm(at - np.roll(at, -1, 1), axis=-1).max(1)

    flat, solid = longest(uv), longest(corners)
    usual = np.median(flat / np.fmax(solid, 1e-9))
    bad = flat > _STREAK * usual * np.fmax(solid, 1e-4)
    return np.where(bad[:, None, None], uv.mean(1, keepdims=True), uv)


def _with_bands(out: np.ndarray, shell: Shell, size_px: int) -> np.ndarray:
    bands = np.flatnonzero(shell.part == 2)
    across = np.floor(shell.uv[bands][..., 1].min(1))
    many = int(across.max(initial=-1)) + 1
    pitch = (_BAND_PX + 2 * _MARGIN_PX) / size_px
    out = out * (1 - many * pitch)
    for k in range(many):
        rows = bands[across == k]
        at = shell.uv[rows] - (0, k)
        low, high = at.min((0, 1)), at.max((0, 1))
        edge = _MARGIN_PX / size_px
        u = edge + (1 - 2 * edge) * (at[..., 0] - low[0]) / (high[0] - low[0])
        v = (
            1
            - (k + 1) * pitch
            + edge
            + (at[..., 1] - low[1]) * (pitch - 2 * edge) / (high[1] - low[1])
        )
        out[rows] = np.stack([u, v], -1)
    return out


def _metres_a_unit(uv: np.ndarray, corners: np.ndarray) -> float:
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    flat = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    solid = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    ).sum()
    return float(np.sqrt(solid / max(float(flat), 1e-12)))
