"""Corners that belong together: false ones fall out, blur shows at the edges between them."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

_NEIGHBOURS = 8
_ROUGH_PX = 1.0
_SHARE = 0.04
_PROFILE = 17


def grid_m(columns: int, rows: int, step_m: float) -> Float[np.ndarray, "points 3"]:
    """Points of a flat grid, row by row from the top left; x right, y down."""
    y, x = np.mgrid[:rows, :columns]
    return np.stack([x.ravel(), y.ravel(), np.zeros(rows * columns)], -1) * step_m


def grid_edges(columns: int, rows: int) -> Int[np.ndarray, "edges 2"]:
    """Pairs of neighbours of such a grid, along its rows and its columns."""
    index = np.arange(columns * rows).reshape(rows, columns)
    across = np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], -1)
    down = np.stack([index[:-1].ravel(), index[1:].ravel()], -1)
    return np.concatenate([across, down])


def facing(plane: np.ndarray, xy_px: np.ndarray) -> bool:
    """Whether the points run round the same way on the plane and in the picture."""
    a, b = plane[:, :2] - plane[:, :2].mean(0), xy_px - xy_px.mean(0)
    return bool(np.linalg.det(np.linalg.lstsq(a, b, rcond=None)[0]) > 0)


def agreeing(plane: np.ndarray, xy_px: np.ndarray) -> Bool[np.ndarray, " points"]:
    """Which points lie where their neighbours say, give or take a 25th of their distance.

    Each is foretold by the homography of the eight nearest others, so lenses may bend the board;
    the worst falls out first, and the rest are judged again without it.
    """
    kept = np.arange(len(plane))
    plane, xy_px = np.asarray(plane[:, :2], np.float64), np.asarray(xy_px, np.float64)
    while len(kept) > 5:
        off = _off(plane[kept], xy_px[kept])
        if off.max() <= 1:
            break
        kept = np.delete(kept, off.argmax())
    return np.isin(np.arange(len(plane)), kept)


def _off(plane: np.ndarray, xy_px: np.ndarray) -> np.ndarray:
    """How far each point lies from where its neighbours say, in shares of what is allowed."""
    apart = np.square(plane[:, None] - plane).sum(-1)
    near = np.argsort(apart + np.diag(np.full(len(plane), np.inf)), axis=1)[:, :_NEIGHBOURS]
    a, b = plane[near] - plane[:, None], xy_px[near] - xy_px[:, None]
    reach, step = np.sqrt(np.square(a).sum(-1).max(1)), np.linalg.norm(b, axis=-1)
    a, b = a / reach[:, None, None], b / step.max(1)[:, None, None]
    one, none = np.ones_like(a[..., :1]), np.zeros_like(a)
    rows = np.concatenate([
        np.concatenate([a, one, none, 0 * one, -b[..., :1] * a], -1),
        np.concatenate([none, 0 * one, a, one, -b[..., 1:] * a], -1),
    ], axis=1)  # fmt: skip
    wanted = np.concatenate([b[..., 0], b[..., 1]], axis=1)
    turned = np.swapaxes(rows, 1, 2)
    square, right = turned @ rows, turned @ wanted[..., None]
    solved = np.linalg.solve(square + 1e-12 * np.eye(8), right)[..., 0]
    # The point itself is the origin: its image is the homography's shift alone.
    off = np.linalg.norm(solved[:, [2, 5]], axis=-1) * step.max(1)
    thin = np.linalg.eigvalsh(np.swapaxes(a, 1, 2) @ a)[:, 0] < 1e-3
    return np.where(thin, 0.0, off / np.fmax(_SHARE * np.median(step, axis=1), _ROUGH_PX))


def brightness(gray: np.ndarray, at_px: np.ndarray) -> np.ndarray:
    """The picture at sub-pixel places (..., 2), the border's beyond it."""
    flat = at_px.reshape(len(at_px), -1, 2).astype(np.float32)
    seen = cv2.remap(
        gray, flat[..., 0], flat[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return seen.reshape(at_px.shape[:-1]).astype(np.float64)


def sharpness(
    gray: UInt8[np.ndarray, "height width"],
    starts: Float[np.ndarray, "edges 2"],
    ends: Float[np.ndarray, "edges 2"],
) -> float:
    """The share of the contrast that the more blurred edges pass within one pixel, 0 to 1.

    Edges run between black and white from each start to its end; what counts is the quartile of
    the most blurred, since motion leaves edges along its way crisp. NaN without edges.
    """
    along = ends - starts
    length = np.linalg.norm(along, axis=-1)
    usable = length > 5
    if not usable.any():
        return float("nan")
    middle, along, length = (starts + along / 2)[usable], along[usable], length[usable]
    across = np.stack([-along[:, 1], along[:, 0]], -1) / length[:, None]
    reach = np.fmin(0.22 * length, (_PROFILE - 1) / 2)
    steps = np.linspace(-1, 1, _PROFILE)
    at = middle[:, None] + across[:, None] * (steps[:, None] * reach[:, None, None])
    profile = brightness(gray, at)
    contrast = np.ptp(profile, axis=1)
    per_px = 2 * reach / (_PROFILE - 1)
    steepest = np.abs(np.diff(profile, axis=1)).max(1) / per_px
    clear = contrast > 12
    if not clear.any():
        return 0.0
    return float(np.clip(np.percentile(steepest[clear] / contrast[clear], 25), 0, 1))
