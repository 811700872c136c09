"""Left taken for right: the detector's commonest slip when it sees a person from behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.sightings import Sightings, in_cameras, residuals_px
from studio.vision.triangulate import dlt, mean_px


def find_swaps(
    s: Sightings,
    xyz_m: Float[np.ndarray, "_ 3"],
    mirror: Sequence[int],
    *,
    limit_px: float = 15.0,
) -> Bool[np.ndarray, "views frames points"]:
    """Where a camera's left and right points fit the body far better the other way round.

    ``s`` and ``xyz_m`` hold whole frames of ``len(mirror)`` points. A pair counts as swapped if
    both of its points are seen, both sides are known in 3D, they lie more than ``limit_px`` off
    as they are, and exchanging them at least halves that.
    """
    points = len(mirror)
    twin = np.asarray(mirror)
    shape = (len(s.u), -1, points)
    x, y, z = in_cameras(s, xyz_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        u, v = (x / z).reshape(shape), (y / z).reshape(shape)
    scale = np.broadcast_to(s.scale_px, s.u.shape).reshape(shape)
    seen = s.seen.reshape(shape)
    su, sv = s.u.reshape(shape), s.v.reshape(shape)
    here = scale * np.hypot(su - u, sv - v)
    there = scale * np.hypot(su - u[..., twin], sv - v[..., twin])
    as_is, swapped = here + here[..., twin], there + there[..., twin]
    pair = seen & seen[..., twin] & (twin != np.arange(points))
    with np.errstate(invalid="ignore"):
        return pair & (as_is > 2 * limit_px) & (swapped < 0.5 * as_is)


def disagreeing_swaps(
    s: Sightings, mirror: Sequence[int], *, limit_px: float = 15.0
) -> Bool[np.ndarray, "views frames points"]:
    """Where exchanging one camera's left and right makes all cameras agree.

    Needs no points in 3D, which a camera that is swapped all the time would have spoiled: every
    pair is triangulated as it is and with each camera exchanged in turn. A camera is swapped if
    its two points lie ``2 * limit_px`` apart, and the best exchange leaves under half of a
    disagreement of ``limit_px / 3``; in large rigs further cameras follow. Where most pairs of a
    picture are swapped, the whole person is, pairs too close to tell included. Of two cameras
    none can be told.
    """
    twin, views = np.asarray(mirror), len(s.u)
    shape = (views, -1, len(twin))
    scale = np.broadcast_to(s.scale_px, s.u.shape).reshape(shape)
    u, v, seen = s.u.reshape(shape), s.v.reshape(shape), s.seen.reshape(shape)
    both = seen & seen[..., twin] & (twin != np.arange(len(twin)))
    apart = scale * np.hypot(u - u[..., twin], v - v[..., twin])
    movable = both & (apart > 2 * limit_px) & (both.sum(0) >= 3)
    found = np.zeros_like(movable)
    for _ in range((views - 1) // 2):
        now = exchange(s, found, mirror)
        as_is = _disagreement(now, twin)
        worth = (movable & (as_is > limit_px / 3)).any(0)
        if not worth.any():
            break
        best, who = np.full(as_is.shape, np.inf), np.zeros(as_is.shape, np.intp)
        for view in range(views):
            flags = np.zeros_like(found)
            flags[view] = worth & movable[view] & ~found[view]
            if not flags.any():
                continue
            left = np.where(flags[view], _disagreement(exchange(now, flags, mirror), twin), np.inf)
            best, who = np.where(left < best, left, best), np.where(left < best, view, who)
        better = worth & (best < 0.5 * as_is)
        if not better.any():
            break
        found |= better & (who == np.arange(views)[:, None, None])
    decided = movable.sum(-1)
    whole = (decided >= 8) & (found.sum(-1) >= 0.6 * decided)
    return np.where(whole[..., None], both, found)


def _disagreement(s: Sightings, twin: np.ndarray) -> Float[np.ndarray, "frames points"]:
    """Mean reprojection error of every point and its twin, over all that see them; pixels."""
    off = mean_px(residuals_px(s, dlt(s, reweight=1)), s.seen).reshape(-1, len(twin))
    off = np.where(np.isnan(off), 0.0, off)
    return (off + off[:, twin]) / 2


def exchange(
    s: Sightings, swapped: Bool[np.ndarray, "views frames points"], mirror: Sequence[int]
) -> Sightings:
    """The sightings with left and right exchanged where ``swapped`` says so."""
    twin = np.asarray(mirror)

    def other(values: np.ndarray) -> np.ndarray:
        cube = np.broadcast_to(values, s.u.shape).reshape(swapped.shape)
        return np.where(swapped, cube[..., twin], cube).reshape(s.u.shape)

    scale = s.scale_px if s.scale_px.shape[1] == 1 else other(s.scale_px)
    return replace(s, u=other(s.u), v=other(s.v), weight=other(s.weight), scale_px=scale)
