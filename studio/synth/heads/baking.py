"""A skin from photographs: every texel takes the colour that the photographs show where it lies.

The light of each photograph is told by the face's shading and taken out. Where several see a texel
they are mixed, the one that looks straightest at it most; what none sees comes from the other half
of the face, and beyond that from a skin of the wardrobe whose colours are bent to meet the
photographs'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from studio.human.heads import model
from studio.human.heads.fit import View
from studio.human.rig import ACTIONS
from studio.perception.portraits import EYES
from studio.render.scene import vertex_normals
from studio.synth.atlas import Texels, skin_atlas, texels_above
from studio.synth.facelight import Light, gain, light_of, scene_linear, stored
from studio.synth.figure import make_figure
from studio.synth.heads.seen import SeenHead
from studio.vision.sampling import sampled
from studio.vision.triangles import Triangles

SIZE_PX = 2048
_STRAIGHT, _SLANTED = 0.75, 0.3
"""Cosines of the angle of view: from the first on a texel counts fully, below the second not at
all."""
_FOLDED = (1.5, 2.2)
"""Skin that can be so many times as wide as in the photograph lies in folds there: from the first
on it counts less, from the second not at all."""
_LIDS = [ACTIONS.index("eyeBlinkLeft"), ACTIONS.index("eyeBlinkRight")]
_LIFT_M = 0.0015
_SOFT_PX = 0.006
_MIRROR_M = 0.004
_MIRROR_SAY = 0.35
_FACE_M, _BESIDE_M = 0.012, 0.025
"""Skin no further from MediaPipe's points is the face, from so much further on it is none."""
_SIDE_GREY, _SIDE_HUE = (-0.6, 0.15), 0.08
"""How much darker and brighter than the face, and of how much another hue, its sides and the neck
may be (logarithms)."""
_BEND_M, _COARSE, _TOLD = 0.03, 256, 400
"""How far around what is seen the other skin's colours are bent; told on an atlas of so many texels
a side, by so many of them at most."""
_LIDS_M, _UNLIKE = 0.04, 0.2
"""So near an eye, what is so much darker or brighter than the face (logarithms) tells no colour of
lids: brows and lashes."""


def bake(
    head: SeenHead,
    pictures: Sequence[UInt8[np.ndarray, "height width 3"]],
    base: UInt8[np.ndarray, "rows columns 3"],
    masks: Sequence[Bool[np.ndarray, "height width"] | None] = (),
    size_px: int = SIZE_PX,
    shade: float = 1.0,
) -> tuple[UInt8[np.ndarray, "size size 3"], Float[np.ndarray, "size size"]]:
    """The skin's texture, and how surely each texel was seen (0 to 1).

    ``base`` is the skin of the wardrobe that is nearest; ``masks`` say, of each photograph, where
    the face is bare (None: everywhere); ``shade`` is how many times too dark they
    are (:func:`studio.synth.heads.undertone.shade_of`).
    """
    near = texels_above(size_px, make_figure().head("neck01")[2] - 0.05)
    under = cv2.resize(base[..., :3], (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    colour = np.zeros((size_px, size_px, 3), np.float32)
    total = np.zeros((size_px, size_px), np.float32)
    told = [*masks, *[None] * (len(pictures) - len(masks))]
    off = _off_face(near)
    face = off < _FACE_M
    aside = np.clip((off - _FACE_M) / _BESIDE_M, 0, 1)[:, None]
    lights: list[Light] = []
    for view, picture, mask in zip(head.views, pictures, told, strict=True):
        seen, say, out = _looked(head, view, near, picture, mask)
        linear = scene_linear(seen)
        light = light_of(linear, out, np.where(face, say, 0))
        colour[near.at] += say[:, None] * _likely(linear / light.on(out), light.middle, aside)
        lights.append(light)
        total[near.at] += say
    found = colour / np.fmax(total, 1e-6)[..., None]
    sure = np.clip(total, 0, 1)
    found, sure = _mirrored(near, found, sure)
    found *= gain(np.mean([one.middle for one in lights], axis=0), shade)
    found = stored(found).astype(np.float32)
    bent = _bent(under.astype(np.float32), found, sure)
    soft = cv2.GaussianBlur(sure, (0, 0), size_px * 0.0015)[..., None]
    soft = np.minimum(soft, sure[..., None])
    return (found * soft + bent * (1 - soft)).clip(0, 255).astype(np.uint8), sure


def _marks_m() -> np.ndarray:
    """Where MediaPipe's points are on the template (metres)."""
    ids, means = model.marks()
    return means @ make_figure().template_m[ids]


def _off_face(near: Texels) -> np.ndarray:
    """How far the head's texels lie from MediaPipe's points (metres)."""
    return KDTree(_marks_m()).query(near.xyz_m)[0]


def _off_lids(at: np.ndarray) -> np.ndarray:
    """How far places lie from the middle of the nearer eye (metres)."""
    middles = _marks_m()[np.array(EYES)].mean(1)
    return np.linalg.norm(at[:, None] - middles, axis=2).min(1)


def _likely(linear: np.ndarray, middle: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """Colours that skin beside the face may have, the more so the further ``aside`` it is (0 to 1):
    what is brighter or of another hue is light or cloth."""
    share = np.log(np.fmax(linear, 1e-3) / middle)
    grey = share.mean(1, keepdims=True)
    held = grey.clip(*_SIDE_GREY) + (share - grey).clip(-_SIDE_HUE, _SIDE_HUE)
    return (linear + aside * (np.exp(held) * middle - linear)).astype(np.float32)


def _looked(
    head: SeenHead,
    view: View,
    near: Texels,
    picture: np.ndarray,
    mask: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The colours of the head's texels in a photograph, how much each counts, and where they
    look."""
    skin = head.skin(view)
    faces = make_figure().surface.faces["skin"]
    normals = vertex_normals(skin, faces)
    face, share = near.face, near.share
    at = np.einsum("tc,tcd->td", share, skin[faces[face]])
    out = np.einsum("tc,tcd->td", share, normals[faces[face]])
    out /= np.fmax(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    eye = -view.translation_m @ view.rotation
    way = eye - at
    far = np.linalg.norm(way, axis=1, keepdims=True)
    straight = ((way / far) * out).sum(1)
    hit = Triangles.of(skin, faces).hits(np.hstack([at + _LIFT_M * out, way / far])).far
    say = np.clip((straight - _SLANTED) / (_STRAIGHT - _SLANTED), 0, 1) ** 2
    say = np.where(np.isinf(hit), say, 0.0) * _smooth(head, view, skin)[face]
    xy = view.project(at).astype(np.float32)
    height, width = picture.shape[:2]
    edge = np.minimum.reduce([xy[:, 0], xy[:, 1], width - 1 - xy[:, 0], height - 1 - xy[:, 1]])
    say *= np.clip(edge / (_SOFT_PX * width), 0, 1)
    if mask is not None:
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT_PX * width)
        say *= sampled(soft, xy)
    return sampled(picture.astype(np.float32), xy), say.astype(np.float32), out


def _smooth(head: SeenHead, view: View, skin: np.ndarray) -> np.ndarray:
    """How far each face of the skin is seen without folds, 0 to 1: by how much wider it is on a
    calm face and with closed lids."""
    faces = make_figure().surface.faces["skin"]
    calm, shut = np.zeros(52), np.zeros(52)
    shut[_LIDS] = 1.0
    wide = np.max(
        [_areas(head.skin(replace(view, actions=acted)), faces) for acted in (calm, shut)], axis=0
    )
    folded = np.sqrt(wide / np.fmax(_areas(skin, faces), 1e-12))
    return np.clip((_FOLDED[1] - folded) / (_FOLDED[1] - _FOLDED[0]), 0, 1)


def _areas(at: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = at[faces[:, 0]], at[faces[:, 1]], at[faces[:, 2]]
    return np.linalg.norm(np.cross(b - a, c - a), axis=1)


def _mirrored(near: Texels, found: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What only the other half of the face shows, taken from there."""
    places = near.xyz_m
    tree = KDTree(places)
    lack = np.flatnonzero(sure[near.at] < 0.5)
    if not len(lack):
        return found, sure
    query: Any = tree.query
    off, twin = query(places[lack] * (-1.0, 1.0, 1.0), distance_upper_bound=_MIRROR_M)
    good = np.isfinite(off)
    lack, twin = lack[good], twin[good]
    there = near.rows[twin], near.columns[twin]
    here = near.rows[lack], near.columns[lack]
    more = np.fmax(sure[there] - sure[here], 0.0)
    more = np.where(sure[there] > _MIRROR_SAY, more, 0.0)
    whole = np.fmax(sure[here] + more, 1e-6)
    found, sure = found.copy(), sure.copy()
    found[here] = (
        sure[here][:, None] * found[here] + more[:, None] * found[there]
    ) / whole[:, None]  # fmt: skip
    sure[here] = np.clip(sure[here] + more, 0, 1)
    return found, sure


def _bent(under: np.ndarray, found: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """The other skin in the photographs' colours: nearby as there, far off as on the whole."""
    size = len(under)
    coarse = skin_atlas(_COARSE)
    ratio = np.log1p(found) - np.log1p(under)
    small = (_COARSE, _COARSE)
    many = np.where(sure > 0.3, sure, 0.0).astype(np.float32)
    weight = cv2.resize(many, small, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(ratio * many[..., None], small, interpolation=cv2.INTER_AREA)
    rows, columns = np.nonzero((weight > 0.2) & coarse.covered)
    if not len(rows):
        return under
    few = np.random.default_rng(0).permutation(len(rows))[:_TOLD]
    rows, columns = rows[few], columns[few]
    say = weight[rows, columns]
    bend = mean[rows, columns] / say[:, None]
    middle = np.median(bend, axis=0)
    at = coarse.xyz_m[rows, columns]
    unlike = np.abs((bend - middle).mean(1)) > _UNLIKE
    say = np.where(unlike & (_off_lids(at) < _LIDS_M), 0.0, say)
    above = coarse.xyz_m[..., 2] > at[:, 2].min() - 4 * _BEND_M
    near = np.nonzero(above)
    apart2 = cdist(coarse.xyz_m[near], at, "sqeuclidean").astype(np.float32)
    like = np.exp(-apart2 / (2 * _BEND_M**2)) * say
    calm = 2.0
    field = np.tile(middle.astype(np.float32), (_COARSE, _COARSE, 1))
    field[near] = (like @ bend + calm * middle) / (like.sum(1, keepdims=True) + calm)
    field = cv2.resize(field, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.expm1(np.log1p(under) + field)
