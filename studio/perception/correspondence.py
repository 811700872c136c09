"""Several photographs of one head, told by one and the same skin.

A landmark detector marks every photograph by itself, and of turned faces it errs by more than heads
differ. What one photograph shows of the skin is found in the others instead: each is warped to the
most frontal one by the head fitted so far, and what is left between them is optical flow (DIS,
Kroeger et al. 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from studio.human.heads.fit import FittedHead, View, fit
from studio.human.heads.shown import Portrait

ROUNDS = 2
_FACE_PX = 250.0
"""How high faces are where they are compared."""
_FIRST_IRIS = 468
_ALIKE, _BACK_PX, _MOST = 0.7, 1.0, 0.06
"""Skin is the same whose pictures correlate so well, whose flow leads back so exactly, and which is
no further (by the face's height) from where the detector has it."""
_FACING = 0.35
"""Skin that is seen at a flatter angle (its cosine) is not compared."""
_LIGHT_PX, _PATCH_PX = 8.0, 8.0
Picture = UInt8[np.ndarray, "height width 3"]
Points = Float[np.ndarray, "478 2"]


def fit_together(
    pictures: Sequence[Picture], portraits: Sequence[Portrait], gender: float,
    expression: bool = True,
) -> tuple[tuple[Portrait, ...], FittedHead]:  # fmt: skip
    """The head that photographs show (see :func:`studio.human.heads.fit.fit`), and the portraits
    with their points put where the most frontal photograph's skin is seen in the others."""
    told = tuple(portraits)
    head = fit(told, gender=gender, expression=expression)
    if len(told) == 1:
        return told, head
    for _ in range(ROUNDS):
        told = matched(pictures, portraits, head)
        head = fit(told, gender=gender, expression=expression, start=head, rounds=2)
    return told, head


def matched(
    pictures: Sequence[Picture], portraits: Sequence[Portrait], head: FittedHead
) -> tuple[Portrait, ...]:
    """Portraits with their points put where the skin that the most frontal one shows at its points
    is seen in the others, where that is sure; the others stay as they are."""
    main = min(range(len(portraits)), key=lambda k: head.views[k].turned_deg)
    return tuple(
        one if k == main else _matched(pictures, portraits, head, main, k)
        for k, one in enumerate(portraits)
    )


def _matched(
    pictures: Sequence[Picture], portraits: Sequence[Portrait], head: FittedHead, main: int, k: int
) -> Portrait:
    one, other = portraits[main], portraits[k]
    by = [_FACE_PX / p.tall_px for p in (one, other)]
    small = [_small(pictures[j], scale) for j, scale in zip((main, k), by, strict=True)]
    at = [
        scale * head.views[j].project(head.acted(head.views[j]))
        for j, scale in zip((main, k), by, strict=True)
    ]
    found, sure = corresponding(small[0], small[1], at[0], at[1], by[0] * one.xyz_px[:, :2])
    triangles = Delaunay(at[0]).simplices
    for view in (head.views[main], head.views[k]):
        sure &= _facing(view, head.acted(view), triangles) > _FACING
    sure[_FIRST_IRIS:] = False
    found /= by[1]
    off = np.linalg.norm(found - other.xyz_px[:, :2], axis=1)
    sure &= np.nan_to_num(off, nan=np.inf) < _MOST * other.tall_px
    xyz = other.xyz_px.astype(float)
    xyz[sure, :2] = found[sure]
    return replace(other, xyz_px=xyz, matched=sure)


def corresponding(
    picture: Picture, other: Picture, marks: Points, there: Points, points: Points
) -> tuple[Points, Bool[np.ndarray, "478"]]:
    """Where the skin that a picture shows at ``points`` is in another (pixels; NaN where that is
    not told), and of which that is sure. ``marks`` of the picture lie at ``there`` in the other."""
    low, high = np.floor(marks.min(0)).astype(int), np.ceil(marks.max(0)).astype(int) + 1
    low, high = np.fmax(low, 0), np.fmin(high, picture.shape[1::-1])
    if (high - low < 3 * _PATCH_PX).any():
        return np.full(points.shape, np.nan), np.zeros(len(points), bool)
    columns, rows = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    warp = LinearNDInterpolator(marks, there)
    way = warp(np.stack([columns, rows], -1))
    known = np.isfinite(way[..., 0])
    way = np.nan_to_num(way, nan=-1.0).astype(np.float32)
    here = np.ascontiguousarray(_evenly_lit(picture)[low[1] : high[1], low[0] : high[0]])
    warped = _at(_evenly_lit(other), way)
    warped = np.ascontiguousarray(np.where(known, warped, here))
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setFinestScale(0)
    empty = np.zeros((*here.shape, 2), np.float32)
    flow, back = dis.calc(here, warped, empty.copy()), dis.calc(warped, here, empty)
    to = np.stack([columns, rows], -1).astype(np.float32) - low.astype(np.float32) + flow
    lost = np.linalg.norm(_at(back, to) + flow, axis=-1)
    alike = _alike(here.astype(np.float32), _at(warped, to).astype(np.float32))
    where = (points - low).astype(np.float32)[None]
    moved = points + _at(flow, where)[0]
    sure = (_at(alike, where)[0] > _ALIKE) & (_at(lost, where)[0] < _BACK_PX)
    found = warp(moved)
    return found, sure & np.isfinite(found[:, 0])


def _small(picture: Picture, scale: float) -> Picture:
    """A picture ``scale`` times as large: pixel x of it is pixel x / scale of the picture."""
    if scale < 0.7:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
    size = tuple(int(np.ceil(scale * n)) for n in picture.shape[1::-1])
    return cv2.warpAffine(picture, np.array([[scale, 0, 0], [0, scale, 0.0]]), size)


def _at(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Values at places between pixels."""
    return cv2.remap(values, where[..., 0], where[..., 1], cv2.INTER_LINEAR)


def _evenly_lit(picture: Picture) -> UInt8[np.ndarray, "height width"]:
    """A picture's lightness, less what light and shade make of it at large."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32)
    middle = cv2.GaussianBlur(grey, (0, 0), _LIGHT_PX)
    spread = np.sqrt(cv2.GaussianBlur(np.square(grey - middle), (0, 0), _LIGHT_PX)) + 4
    return np.clip(128 + 45 * (grey - middle) / spread, 0, 255).astype(np.uint8)


def _alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How well two pictures correlate around every pixel (-1 to 1)."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (0, 0), _PATCH_PX)

    first, second = mean(a), mean(b)
    spread = (mean(a * a) - first**2) * (mean(b * b) - second**2)
    return (mean(a * b) - first * second) / np.sqrt(np.fmax(spread, 1.0))


def _facing(view: View, points_m: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """How straight the camera sees the skin at points (a cosine), by the triangles between them."""
    corners = points_m[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals *= np.where(normals[:, 1:2] > 0, -1, 1)  # faces look along -y
    ways = -view.rotation.T @ view.translation_m - corners.mean(1)
    sizes = np.linalg.norm(normals, axis=1) * np.linalg.norm(ways, axis=1)
    cosines = (normals * ways).sum(1) / np.fmax(sizes, 1e-12)
    sums, counts = np.zeros(len(points_m)), np.zeros(len(points_m))
    np.add.at(sums, triangles, cosines[:, None])
    np.add.at(counts, triangles, 1)
    return sums / np.fmax(counts, 1)
