"""Corners that belong together: false ones fall out, blur shows at the edges between them."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

_NEIGHBOURS = 8
_ROUGH_PX = 1.0
_SHARE = 0.08
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


def plane_to_picture(plane: np.ndarray, xy_px: np.ndarray) -> Float[np.ndarray, "3 3"] | None:
    """The homography that carries points of a plane into the picture, by least squares."""
    found, _ = cv2.findHomography(plane[:, None, :2].astype(np.float64), xy_px[:, None], 0)
    return None if found is None or not np.isfinite(found).all() else found


def carry(homography: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Points (..., 2) of the plane in the picture."""
    moved = plane @ homography[:, :2].T + homography[:, 2]
    return moved[..., :2] / moved[..., 2:]


def facing(plane: np.ndarray, xy_px: np.ndarray) -> bool:
    """Whether the points run round the same way on the plane and in the picture."""
    a, b = plane[:, :2] - plane[:, :2].mean(0), xy_px - xy_px.mean(0)
    return bool(np.linalg.det(np.linalg.lstsq(a, b, rcond=None)[0]) > 0)


def agreeing(plane: np.ndarray, xy_px: np.ndarray) -> Bool[np.ndarray, " points"]:
    """Which points lie where their neighbours say, give or take a twelfth of their distance.

    Each is predicted by the homography of the eight nearest others, so lenses may bend the board;
    the worst falls out first, and its neighbours are judged again without it.
    """
    kept = np.ones(len(plane), bool)
    plane = np.asarray(plane[:, :2], np.float64)
    xy_px = np.asarray(xy_px, np.float64)
    whole = plane_to_picture(plane, xy_px) if len(plane) >= 4 else None
    if whole is None:
        return kept
    if np.abs(carry(whole, plane) - xy_px).max() < _ROUGH_PX:
        return kept
    apart = np.linalg.norm(plane[:, None] - plane, axis=-1)
    off = np.full(len(plane), -np.inf)
    stale = kept.copy()
    near: dict[int, np.ndarray] = {}
    while kept.sum() > 5:
        for point in np.flatnonzero(stale & kept):
            others = np.flatnonzero(kept & (np.arange(len(plane)) != point))
            near[point] = others[np.argsort(apart[point, others])[:_NEIGHBOURS]]
            off[point] = _off(plane, xy_px, point, near[point])
        worst = int(np.argmax(np.where(kept, off, -np.inf)))
        if off[worst] <= 1:
            break
        kept[worst] = False
        stale = np.array([point in near and worst in near[point] for point in range(len(plane))])
    return kept


def _off(plane: np.ndarray, xy_px: np.ndarray, point: int, near: np.ndarray) -> float:
    """How far a point lies from where its neighbours say, in shares of what is allowed."""
    if np.linalg.matrix_rank(plane[near] - plane[near].mean(0), 1e-9) < 2:
        return 0.0
    local = plane_to_picture(plane[near], xy_px[near])
    if local is None:
        return 0.0
    step = np.median(np.linalg.norm(xy_px[near] - xy_px[point], axis=-1))
    return float(
        np.linalg.norm(carry(local, plane[point]) - xy_px[point]) / max(_SHARE * step, _ROUGH_PX)
    )


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
    at = at.astype(np.float32)
    profile = cv2.remap(gray, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    profile = profile.astype(np.float64)
    contrast = np.ptp(profile, axis=1)
    per_px = 2 * reach / (_PROFILE - 1)
    steepest = np.abs(np.diff(profile, axis=1)).max(1) / per_px
    clear = contrast > 12
    if not clear.any():
        return 0.0
    return float(np.clip(np.percentile((steepest / contrast)[clear], 25), 0, 1))
