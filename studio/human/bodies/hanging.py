"""A surface that hangs on a person's skin, and where photographs have its outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from studio.core.types import Camera
from studio.human.bodies.canonical import SKIN, Canonical
from studio.human.bodies.clothed import held
from studio.human.bodies.fitted import BodyPhoto
from studio.human.bodies.outline import Edge, Window, edge_of, hits, matched
from studio.human.bodies.shell import beyond
from studio.human.bodies.surface import Surface
from studio.human.wardrobe.fitting import base_weights, blended
from studio.human.wardrobe.layers import vertex_normals

_STEEP, _MOST_M, _STAY = 0.45, 0.03, 30.0
_CALM, _REACH = 1.5, 0.03
"""How strongly the surface stays where no outline passes (outlines tell little of what is before
and behind), and how far outlines are looked for, by the person's height."""


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


@dataclass(frozen=True, eq=False)
class Beside:
    """Places where a surface's outline and a photograph's belong together: the surface's vertices
    before the camera, which of them each place is, the photograph's normals there (in the picture,
    outwards) and how far along these the place must move (metres)."""

    at_m: Float[np.ndarray, "vertices 3"]
    vertex: Int[np.ndarray, " places"]
    normals: Float[np.ndarray, "places 2"]
    out_m: Float[np.ndarray, " places"]


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

    def beside(self, sight: Sight) -> Beside:
        """How the outline of the surface lies beside a photograph's."""
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
        metres = out_px[there] * at[vertex, 2] / float(sight.ahead.matrix[0, 0])
        return Beside(at, vertex, normals[there], metres)

    def _asked(self, sight: Sight) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far (metres) vertices of the outline must move along their own normals, and how
        straight these lie in the picture."""
        found = self.beside(sight)
        flat = vertex_normals(found.at_m, self._surface.faces)[found.vertex][:, :2]
        along = (flat * found.normals).sum(1)
        kept = along > _STEEP
        out = (found.out_m / np.fmax(along, _STEEP))[kept]
        return found.vertex[kept], out, along[kept] ** 2
