"""From a mesh on the average person to an asset of the wardrobe."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from studio.human.wardrobe.asset import Asset, AssetMaterial, AssetMesh, Binding, Card, Picture
from studio.human.wardrobe.fitting import HEAD_SCALES, bind
from studio.synth.figure import make_figure
from studio.synth.solids import Piece

from .hairline import hairline

AUTHOR = "Doppel"
LICENCE = "CC0-1.0"
_CALM_M = 0.0008
"""Skin that no expression moves further than this carries hair, hats and glasses."""


@cache
def calm_faces(skull: bool) -> np.ndarray:
    """Triangles of the skin that hair may be bound to: none that an expression moves. On the
    ``skull`` only, or down to shoulders, chest and back."""
    figure = make_figure()
    template, faces = figure.template_m, figure.surface.faces["skin"]
    moves = np.zeros(len(template))
    for offsets in figure.actions.values():
        moves = np.maximum(moves, np.linalg.norm(offsets, axis=1))
    p = template[faces]
    low = 0.655 if skull else 0.15
    keep = (p[..., 2].min(axis=1) > low) & (np.abs(p[..., 0]).max(axis=1) < 0.20)
    keep &= (moves[faces].max(axis=1) < _CALM_M) | (hairline(p.mean(axis=1)) > -0.002)
    keep &= ~((np.abs(p[..., 0]).max(axis=1) > 0.074) & (p[..., 2].mean(axis=1) > 0.63))
    return faces[keep]


def asset_mesh(piece: Piece) -> AssetMesh:
    """Triangles as quads where two in a row share their diagonal, texture coordinates shared."""
    uv, corner = np.unique(np.round(piece.uv.reshape(-1, 2), 5), axis=0, return_inverse=True)
    corner = corner.reshape(-1, 3)
    faces = piece.faces
    quads: list[list[int]] = []
    uv_quads: list[list[int]] = []
    k = 0
    while k < len(faces):
        a, ta = faces[k], corner[k]
        if k + 1 < len(faces):
            b, tb = faces[k + 1], corner[k + 1]
            if a[0] == b[0] and a[2] == b[1] and ta[0] == tb[0] and ta[2] == tb[1]:
                quads.append([*a.tolist(), int(b[2])])
                uv_quads.append([*ta.tolist(), int(tb[2])])
                k += 2
                continue
        quads.append([*a.tolist(), -1])
        uv_quads.append([*ta.tolist(), -1])
        k += 1
    return AssetMesh(piece.vertices, np.array(quads), uv, np.array(uv_quads))


def webp(name: str, picture: np.ndarray, quality: int) -> Picture:
    """A picture as it is stored."""
    order = [2, 1, 0, 3][: picture.shape[2]]
    done, data = cv2.imencode(
        ".webp", np.ascontiguousarray(picture[..., order]), [cv2.IMWRITE_WEBP_QUALITY, quality]
    )
    if not done:
        raise RuntimeError(f"{name} cannot be encoded")
    return Picture(name, data.tobytes())


def bound(piece: Piece, faces: np.ndarray) -> Binding:
    """Bound to the nearest of these triangles, growing with the head."""
    return bind(piece.vertices, make_figure().template_m, faces, HEAD_SCALES)


def asset(
    name: str, title: str, kind: str, piece: Piece, binding: Binding,
    materials: tuple[AssetMaterial, ...], colours: dict[str, str] | None = None,
    tags: tuple[str, ...] = (), z_depth: int = 50, deletes: np.ndarray | None = None,
) -> Asset:  # fmt: skip
    """An asset with a card that names it CC0."""
    card = Card(title, kind, LICENCE, AUTHOR, "", colours or {})
    gone = np.zeros(0, np.int64) if deletes is None else deletes
    return Asset(
        name, card, materials, asset_mesh(piece), binding, gone, z_depth, tags=tags,
        uuid=f"doppel-{kind}-{name}",
    )  # fmt: skip
