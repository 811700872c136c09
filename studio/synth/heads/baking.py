"""A skin from photographs: every texel takes the colour that the photographs show where it lies.

Where several see it they are mixed, the one that looks straightest at it most; what none sees comes
from the other half of the face, and beyond that from a skin of the wardrobe whose colours are
bent to meet the photographs'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import open3d as o3d
from jaxtyping import Bool, Float, UInt8
from scipy.spatial import KDTree

from studio.human.heads.fit import View
from studio.render.scene import vertex_normals
from studio.synth.atlas import Atlas, skin_atlas
from studio.synth.figure import make_figure
from studio.synth.heads.seen import SeenHead

SIZE_PX = 2048
_STRAIGHT, _SLANTED = 0.75, 0.3
"""Cosines of the angle of view: from the first on a texel counts fully, below the second not at
all."""
_LIFT_M = 0.0015
_SOFT_PX = 0.006
_MIRROR_M = 0.004
_MIRROR_SAY = 0.35
_LIGHTER, _CALMED = (0.5, 1.6), 0.8
_BEND = 0.06
"""How far around what is seen the other skin's colours are bent, by the atlas's side."""


def bake(
    head: SeenHead,
    pictures: Sequence[UInt8[np.ndarray, "height width 3"]],
    base: UInt8[np.ndarray, "rows columns 3"],
    masks: Sequence[Bool[np.ndarray, "height width"] | None] = (),
    size_px: int = SIZE_PX,
) -> tuple[UInt8[np.ndarray, "size size 3"], Float[np.ndarray, "size size"]]:
    """The skin's texture, and how surely each texel was seen (0 to 1).

    ``base`` is the skin of the wardrobe that is nearest; ``masks`` say, of each photograph, where
    the face is bare (None: everywhere).
    """
    atlas = skin_atlas.__wrapped__(size_px)
    under = cv2.resize(base[..., :3], (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    colour = np.zeros((size_px, size_px, 3), np.float32)
    total = np.zeros((size_px, size_px), np.float32)
    near = _head_texels(atlas)
    told = [*masks, *[None] * (len(pictures) - len(masks))]
    for view, picture, mask in zip(head.views, pictures, told, strict=True):
        seen, say = _looked(head, view, atlas, near, picture, mask)
        colour[near] += say[:, None] * seen
        total[near] += say
    found = colour / np.fmax(total, 1e-6)[..., None]
    sure = np.clip(total, 0, 1)
    found, sure = _mirrored(atlas, near, found, sure)
    found = _as_bright(found, sure, under)
    bent = _bent(under.astype(np.float32), found, sure)
    soft = cv2.GaussianBlur(sure, (0, 0), size_px * 0.0015)[..., None]
    soft = np.minimum(soft, sure[..., None])
    return (found * soft + bent * (1 - soft)).clip(0, 255).astype(np.uint8), sure


def _head_texels(atlas: Atlas) -> tuple[np.ndarray, np.ndarray]:
    """The texels of head and neck."""
    figure = make_figure()
    above = atlas.xyz_m[..., 2] > figure.head("neck01")[2] - 0.05
    rows, columns = np.nonzero(atlas.covered & above)
    return rows, columns


def _looked(
    head: SeenHead,
    view: View,
    atlas: Atlas,
    near: tuple[np.ndarray, np.ndarray],
    picture: np.ndarray,
    mask: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The colours of the head's texels in a photograph, and how much each counts."""
    skin = head.skin(view)
    faces = make_figure().surface.faces["skin"]
    normals = vertex_normals(skin, faces)
    face, share = atlas.face[near], atlas.share[near].astype(float)
    at = np.einsum("tc,tcd->td", share, skin[faces[face]])
    out = np.einsum("tc,tcd->td", share, normals[faces[face]])
    out /= np.fmax(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    eye = -view.translation_m @ view.rotation
    way = eye - at
    far = np.linalg.norm(way, axis=1, keepdims=True)
    straight = ((way / far) * out).sum(1)
    scene = o3d.t.geometry.RaycastingScene()
    tensor: Any = o3d.core.Tensor
    scene.add_triangles(tensor(skin.astype(np.float32)), tensor(faces.astype(np.uint32)))
    rays = np.hstack([at + _LIFT_M * out, way / far]).astype(np.float32)
    hit = scene.cast_rays(tensor(rays))["t_hit"].numpy()
    say = np.clip((straight - _SLANTED) / (_STRAIGHT - _SLANTED), 0, 1) ** 2
    say = np.where(np.isinf(hit), say, 0.0)
    xy = view.project(at).astype(np.float32)
    height, width = picture.shape[:2]
    edge = np.minimum.reduce([xy[:, 0], xy[:, 1], width - 1 - xy[:, 0], height - 1 - xy[:, 1]])
    say *= np.clip(edge / (_SOFT_PX * width), 0, 1)
    if mask is not None:
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT_PX * width)
        say *= _sampled(soft, xy)
    return _sampled(picture.astype(np.float32), xy), say.astype(np.float32)


def _sampled(picture: np.ndarray, xy: np.ndarray) -> np.ndarray:
    rows = 4096  # OpenCV's remap takes pictures of at most 32,767 rows
    many = -(-len(xy) // rows)
    padded = np.full((many * rows, 2), -1, np.float32)
    padded[: len(xy)] = xy
    grid = padded.reshape(many, rows, 2)
    found = cv2.remap(picture, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return found.reshape(many * rows, *picture.shape[2:])[: len(xy)]


def _mirrored(
    atlas: Atlas, near: tuple[np.ndarray, np.ndarray], found: np.ndarray, sure: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What only the other half of the face shows, taken from there."""
    places = atlas.xyz_m[near]
    tree = KDTree(places)
    lack = np.flatnonzero(sure[near] < 0.5)
    if not len(lack):
        return found, sure
    query: Any = tree.query
    off, twin = query(places[lack] * (-1.0, 1.0, 1.0), distance_upper_bound=_MIRROR_M)
    good = np.isfinite(off)
    lack, twin = lack[good], twin[good]
    there = near[0][twin], near[1][twin]
    here = near[0][lack], near[1][lack]
    more = np.fmax(sure[there] - sure[here], 0.0)
    more = np.where(sure[there] > _MIRROR_SAY, more, 0.0)
    whole = np.fmax(sure[here] + more, 1e-6)
    found, sure = found.copy(), sure.copy()
    found[here] = (
        sure[here][:, None] * found[here] + more[:, None] * found[there]
    ) / whole[:, None]  # fmt: skip
    sure[here] = np.clip(sure[here] + more, 0, 1)
    return found, sure


def _as_bright(found: np.ndarray, sure: np.ndarray, under: np.ndarray) -> np.ndarray:
    """The photographs' colours, most of their light taken out: on the whole as bright as the other
    skin is there."""
    where = sure > 0.6
    if not where.any():
        return found
    grey = np.array([0.30, 0.59, 0.11], np.float32)
    told, usual = (float(np.median(picture[where] @ grey)) for picture in (found, under))
    return found * float(np.clip(usual / max(told, 1.0), *_LIGHTER)) ** _CALMED


def _bent(under: np.ndarray, found: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """The other skin in the photographs' colours: nearby as there, far off as on the whole."""
    size = len(under)
    say = np.where(sure > 0.3, sure, 0.0)
    ratio = np.log1p(found) - np.log1p(under)
    small = max(size // 8, 1)
    weight = cv2.resize(say, (small, small), interpolation=cv2.INTER_AREA)
    many = cv2.resize(ratio * say[..., None], (small, small), interpolation=cv2.INTER_AREA)
    middle = many.sum((0, 1)) / max(float(weight.sum()), 1e-6)
    near_by = cv2.GaussianBlur(weight, (0, 0), _BEND * small)
    bend = cv2.GaussianBlur(many, (0, 0), _BEND * small)
    calm = 0.02
    bend = (bend + calm * middle) / (near_by + calm)[..., None]
    bend = cv2.resize(bend.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.expm1(np.log1p(under) + bend)
