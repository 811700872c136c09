"""Left taken for right: the detector's commonest slip when it sees a person from behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from studio.vision.sightings import Sightings, in_cameras


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
