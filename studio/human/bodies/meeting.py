"""The last refinement: a body's surface moved smoothly until the photographs' outlines are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import sparse
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from studio.core.types import Camera
from studio.human.bodies.canonical import SKIN, Canonical
from studio.human.bodies.clothed import grown, held
from studio.human.bodies.field import REACH_M, Field
from studio.human.bodies.fitted import BodyFit, BodyPhoto
from studio.human.bodies.outline import Edge, Window, edge_of, hits, matched
from studio.human.bodies.shell import beyond
from studio.human.bodies.surface import Surface, surface_of
from studio.human.wardrobe.fitting import base_weights, blended
from studio.human.wardrobe.layers import vertex_normals

SPACING_M = 0.01
"""How finely the surface that is moved is looked for."""
_ROOM_M, _ROUNDS, _STEEP, _MOST_M, _STAY = 0.07, 4, 0.45, 0.03, 30.0
_CALM, _REACH = 1.5, 0.03
"""How strongly the surface stays where no outline passes (outlines tell little of what is before
and behind), and how far outlines are looked for, by the person's height."""
_GRID_M, _BAND_M = 0.016, 0.1
"""How finely, and how far from clothes, it is known how far the surface moves."""


@dataclass(frozen=True, eq=False)
class Sight:
    """One photograph of a person: its lens, its window, the mask and its edge there, and what
    carries the person's bones from the rig's reference pose before it."""

    ahead: Camera
    window: Window
    mask: Bool[np.ndarray, "rows columns"]
    edge: Edge
    carried: Float[np.ndarray, "bones 4 4"]

    @classmethod
    def of(cls, photo: BodyPhoto, camera: Camera, carried: np.ndarray) -> Sight:
        """What a photograph says of a person whose bones are carried before its camera."""
        ahead = replace(camera, rotation=np.eye(3), translation_m=np.zeros(3))
        window = Window.of(photo.mask)
        cut = window.cut(photo.mask)
        return cls(ahead, window, cut, edge_of(cut, window), carried)

    @property
    def reach_px(self) -> float:
        """How far an outline is looked for."""
        return _REACH * float(np.ptp(np.flatnonzero(self.mask.any(1)))) / self.window.scale


class Hung:
    """A surface of a canonical space that hangs on a person's skin, and how far each vertex of the
    skin moves what is nearest to it, along its own normal (metres)."""

    def __init__(self, surface: Surface, space: Canonical, clothed_m: np.ndarray) -> None:
        self._surface, self._space = surface, space
        self.near = np.asarray(KDTree(clothed_m).query(surface.vertices_m)[1])
        self._weights = base_weights()[self.near]
        self._normals = vertex_normals(surface.vertices_m, surface.faces)
        self.more_m: Float[np.ndarray, " skin"] = np.zeros(SKIN)
        self._stays = beyond(space, clothed_m) > 0
        self._system = held() + sparse.diags(_STAY * self._stays + _CALM)

    def posed(self, sight: Sight) -> np.ndarray:
        """The vertices before a camera."""
        more = self.more_m[self.near][:, None]
        back = self._space.to_reference(self._surface.vertices_m + more * self._normals,
                                        self._weights)  # fmt: skip
        blend = blended(self._weights, sight.carried)
        return np.einsum("vij,vj->vi", blend[..., :3], back) + blend[..., 3]

    def shown(self, sight: Sight) -> Bool[np.ndarray, "rows columns"]:
        """Where a photograph's window shows the surface."""
        found, _ = hits(sight.window, sight.ahead, self.posed(sight), self._surface.faces)
        return np.isfinite(found)

    def round(self, sights: Sequence[Sight]) -> None:
        """Move towards the outlines once."""
        wanted, weight = np.zeros(SKIN), np.zeros(SKIN)
        for sight in sights:
            vertex, out_m, say = self._asked(sight)
            skin = self.near[vertex]
            say = say * ~self._stays[skin]
            np.add.at(wanted, skin, say * (self.more_m[skin] + out_m))
            np.add.at(weight, skin, say)
        solved = splu((self._system + sparse.diags(weight)).tocsc()).solve(wanted)
        self.more_m = np.clip(solved, -_MOST_M, _MOST_M)

    def _asked(self, sight: Sight) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far (metres) vertices of the outline must move along their own normals, and how
        straight these lie in the picture."""
        at, faces, window = self.posed(sight), self._surface.faces, sight.window
        ahead, face = hits(window, sight.ahead, at, faces)
        own = edge_of(np.isfinite(ahead), window)
        to, mine = matched(sight.edge, own, sight.reach_px)
        normals = sight.edge.normals[to]
        out_px = ((sight.edge.xy_px[to] - own.xy_px[mine]) * normals).sum(1)
        inside = own.xy_px[mine] - (1.5 / window.scale) * own.normals[mine]
        spot = np.rint(inside @ window.matrix[:, :2].T + window.matrix[:, 2]).astype(int)
        spot = spot.clip(0, np.array(ahead.shape[::-1]) - 1)
        there = np.isfinite(ahead[spot[:, 1], spot[:, 0]])
        vertex = faces[face[spot[there, 1], spot[there, 0]]][:, 0]
        flat = vertex_normals(at, faces)[vertex][:, :2]
        along = (flat * normals[there]).sum(1)
        metres = out_px[there] * at[vertex, 2] / float(sight.ahead.matrix[0, 0])
        kept = along > _STEEP
        return vertex[kept], (metres / np.fmax(along, _STEEP))[kept], along[kept] ** 2


class MetField:
    """A field whose surface meets the outlines of photographs: moved smoothly over the skin, by
    ``more_m`` (skin; metres) at each vertex of it, and not at all on head and hands."""

    def __init__(
        self, field: Field, space: Canonical, fit: BodyFit, sights: Sequence[Sight]
    ) -> None:
        clothed = grown(space.vertices_m, fit.offsets_m)[:SKIN]
        low, high = clothed.min(0) - _ROOM_M, clothed.max(0) + _ROOM_M
        hung = Hung(surface_of(field, low, high, SPACING_M), space, clothed)
        for _ in range(_ROUNDS):
            hung.round(sights)
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
