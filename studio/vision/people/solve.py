"""Where matched people are: every joint from the views that agree on it, in one go for all."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.vision.people.seen import Seen
from studio.vision.sightings import in_cameras
from studio.vision.triangulate import dlt

AGREE_M = 0.15
"""A view agrees on a joint if it lies no further off."""
_SOFT_M = 0.05
_SHARP = 0.008
"""How well a camera's rays are known at best, in radians: one with more slack has less say."""
_ROUNDS = 3


def gather(
    seen: Seen,
    frame: int | Int[np.ndarray, " people"],
    places: Int[np.ndarray, "people views"],
    mirrored: Bool[np.ndarray, "people views"],
) -> tuple[Float[np.ndarray, "views people joints 2"], Float[np.ndarray, "views people joints"]]:
    """What the views saw of people at their places (-1: not seen) in one frame, or in a frame for
    each, left and right as it is."""
    views = np.arange(seen.views)[:, None]
    at = np.where(places >= 0, places, 0).T
    uv, weight = seen.uv[frame, views, at], seen.weight[frame, views, at]
    weight = np.where((places >= 0).T[..., None], weight, 0.0)
    turn = mirrored.T[..., None]
    uv = np.where(turn[..., None], uv[:, :, seen.mirror], uv)
    return uv, np.where(turn, weight[:, :, seen.mirror], weight)


def solve(
    seen: Seen,
    frame: int | Int[np.ndarray, " people"],
    places: Int[np.ndarray, "people views"],
    mirrored: Bool[np.ndarray, "people views"],
    start_m: Float[np.ndarray, "people joints 3"],
) -> tuple[Float[np.ndarray, "people joints 3"], Float[np.ndarray, "views people joints"]]:
    """Joints of people (NaN where fewer than two views agree), and each view's distance from them;
    all in one frame, or in a frame for each.

    Weighted linear triangulation, weights falling with the distance from ``start_m`` (NaN where
    unknown) and then from the solution before: views that disagree lose their say.
    """
    uv, weight = gather(seen, frame, places, mirrored)
    shape = weight.shape
    uv, weight = uv.reshape(shape[0], -1, 2), weight.reshape(shape[0], -1)
    say = _SHARP**2 / (_SHARP**2 + np.square(seen.slack))
    weight = weight * say[:, None]
    xyz, off = start_m.reshape(-1, 3), np.full(weight.shape, np.nan)
    for number in range(_ROUNDS):
        soft = weight
        if number or np.isfinite(xyz).any():
            off = _off(seen, uv, weight, xyz)
            # The start is a prediction: it only tells wild views from others.
            width = _SOFT_M if number else 3 * _SOFT_M
            soft = weight / (1 + np.square(np.nan_to_num(off, nan=0.0, posinf=1e3) / width))
        xyz = dlt(seen.sightings(uv, soft), reweight=1)
    off = _off(seen, uv, weight, xyz)
    agreed = (off < AGREE_M).sum(0) >= 2
    xyz = np.where(agreed[:, None], xyz, np.nan).reshape(shape[1], shape[2], 3)
    return xyz, np.where(agreed, off, np.nan).reshape(shape)


def _off(seen: Seen, uv: np.ndarray, weight: np.ndarray, xyz_m: np.ndarray) -> np.ndarray:
    """Distance of sightings from points, in metres at the point; NaN where unseen or unknown."""
    x, y, z = in_cameras(seen.sightings(uv, weight), xyz_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.hypot(uv[..., 0] - x / z, uv[..., 1] - y / z)
        off = np.fmax(off - seen.slack[:, None], 0.0) * z
    off = np.where(z > 0.05, off, np.inf)
    return np.where((weight > 0) & np.isfinite(xyz_m[:, 0]), off, np.nan)
