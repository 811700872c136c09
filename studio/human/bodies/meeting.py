"""The last refinement: bones are turned, and a body's surface then moved smoothly, until the
photographs' outlines are met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import KDTree

from studio.human.bodies.bending import bent
from studio.human.bodies.canonical import SKIN, Canonical
from studio.human.bodies.clothed import grown
from studio.human.bodies.field import REACH_M, Field
from studio.human.bodies.fitted import BodyFit
from studio.human.bodies.hanging import Hung, Sight
from studio.human.bodies.surface import surface_of

SPACING_M = 0.01
"""How finely the surface that is moved is looked for."""
_ROOM_M, _ROUNDS = 0.07, 4
_GRID_M, _BAND_M = 0.016, 0.1
"""How finely, and how far from clothes, it is known how far the surface moves."""


class MetField:
    """A field whose surface meets the outlines of photographs: moved smoothly over the skin, by
    ``more_m`` (skin; metres) at each vertex of it, and not at all on head and hands. ``sights`` are
    the photographs with the person's bones as they were turned before."""

    def __init__(
        self, field: Field, space: Canonical, fit: BodyFit, sights: Sequence[Sight]
    ) -> None:
        clothed = grown(space.vertices_m, fit.offsets_m)[:SKIN]
        low, high = clothed.min(0) - _ROOM_M, clothed.max(0) + _ROOM_M
        hung = Hung(surface_of(field, low, high, SPACING_M), space, clothed)
        heads = space.armature.rest_world[:, :3, 3]
        self.sights = tuple(bent(hung, sight, heads) for sight in sights)
        for _ in range(_ROUNDS):
            hung.round(self.sights)
        self.field, self.more_m = field, hung.more_m
        self._low, self._grid = _spread(clothed, self.more_m)

    def inside(self, points_m: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """See :class:`studio.human.bodies.field.Field`."""
        at = (np.asarray(points_m) - self._low).T / _GRID_M
        more = map_coordinates(self._grid, at, order=1, mode="constant", cval=0.0)
        return np.clip(self.field.inside(points_m) + more, -REACH_M, REACH_M).astype(np.float32)


def _spread(
    clothed_m: np.ndarray, more_m: np.ndarray
) -> tuple[np.ndarray, Float32[np.ndarray, "x y z"]]:
    """What vertices say on a grid about them, smoothly, and where that begins."""
    low, high = clothed_m.min(0) - _BAND_M, clothed_m.max(0) + _BAND_M
    shape = np.ceil((high - low) / _GRID_M).astype(int) + 1
    points = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
    places = low + _GRID_M * points.reshape(-1, 3)
    far, nearest = KDTree(clothed_m).query(places, distance_upper_bound=_BAND_M)
    there, near = np.isfinite(far), np.asarray(nearest)
    found = np.zeros(len(far), np.float32)
    found[there] = more_m[near[there]]
    share = gaussian_filter(there.astype(np.float32).reshape(shape), 1.0)
    return low, gaussian_filter(found.reshape(shape), 1.0) / np.maximum(share, 1e-3)
