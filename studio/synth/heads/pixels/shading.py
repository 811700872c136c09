"""Skin in the light of nine spherical harmonics beside a photograph's skin.

What is compared are places on the skin, those that the head's rendering shows at the pixels: how
light the skin is there, by its normal and its colour, and how light the photograph is where the
place lies in it. Both change with the head, in closed form (Ramamoorthi and Hanrahan 2001; Basri
and Jacobs, PAMI 2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse import csr_matrix
from scipy.spatial import KDTree

from studio.human.heads import model
from studio.human.heads.fit import View
from studio.perception.portraits import EYES
from studio.render.environment import basis
from studio.render.scene import normal_sums, vertex_normals
from studio.render.torch_raster import rasterise
from studio.synth.heads.bust import bust
from studio.synth.heads.pixels.picture import Pictured, at
from studio.synth.heads.pixels.surface import (
    Vertices,
    normal_slopes,
    spread_blocks,
)

OFF, TOLD = 0.06, 600.0
"""How far skin is off its colour and light, usually (of how light skin is), and how many places
tell something new: neighbours err alike."""
LIGHT = 0.3
"""How little is known of the light: the share of a usual strength that its harmonics of the first
degree are believed to have, those of the second twice as little."""
DEGREES = np.repeat([1e-3, 1.0, 2.0], [1, 3, 5])
_BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46,
          300, 293, 334, 296, 336, 285, 295, 282, 283, 276)  # fmt: skip
_BALLS = (33, 133, 362, 263, 468, 473, 159, 145, 386, 374)
_LIPS = (13, 14, 78, 308, 82, 312, 87, 317)
_LEFT_OUT = ((_BROWS, 0.010), ((*EYES[0], *EYES[1]), 0.004), (_BALLS, 0.008), (_LIPS, 0.003))
"""What is no bare skin, or not always: points, and how far from them (metres)."""
_FADES_M, _BEHIND_M = (0.02, 0.05), 0.02
_FACING = (0.15, 0.4)
"""Skin is compared that is seen less flatly than this (cosines), wholly from the second on."""


@cache
def trusted() -> Float[np.ndarray, " vertices"]:
    """How much the skin at the bust's vertices tells: all of it in the face, less around it, none
    at brows, eyes, between the lips and behind."""
    figure = bust()
    calm = figure.of(model.usual(), np.zeros((model.POINTS, 3))).vertices_m
    marks = model.points_of(model.usual())
    off = KDTree(marks).query(calm)[0]
    trust = np.clip((_FADES_M[1] - off) / (_FADES_M[1] - _FADES_M[0]), 0, 1)
    for points, reach in _LEFT_OUT:
        trust[KDTree(marks[list(points)]).query(calm)[0] < reach] = 0
    trust[calm[:, 1] > marks[:, 1].max() + _BEHIND_M] = 0
    trust[np.unique(figure.faces[-figure.eyes :])] = 0
    return trust


@dataclass(frozen=True, eq=False)
class Places:
    """Places on the skin that a photograph is compared at: the shares of the bust's vertices in
    them, which vertices those are, and how much each place counts."""

    shares: csr_matrix
    used: np.ndarray
    say: Float[np.ndarray, " places"]

    @classmethod
    def seen(cls, pictured: Pictured, view: View, vertices_m: Vertices) -> Places:
        """Those that a rendering of the head shows, a pixel each."""
        faces = bust().faces
        corner, scale, size = pictured.box
        local = view.camera_points(vertices_m)
        screen = np.column_stack([(view.project(vertices_m) - corner) * scale, local[:, 2]])
        hits = rasterise(
            torch.from_numpy(screen.astype(np.float32))[None], torch.from_numpy(faces), size
        )
        face, share = hits.face.numpy(), hits.barycentric.double().numpy()
        corners = faces[face]
        rows = np.repeat(np.arange(len(face)), 3)
        shares = csr_matrix((share.ravel(), (rows, corners.ravel())), (len(face), len(vertices_m)))
        normals = shares @ normal_sums(vertices_m, faces) @ view.rotation.T
        ways = shares @ local
        facing = -(normals * ways).sum(1)
        facing /= np.linalg.norm(normals, axis=1) * np.linalg.norm(ways, axis=1)
        say = (trusted()[corners] * share).sum(1)
        say *= at(pictured.skin, shares @ view.project(vertices_m))
        say *= np.clip((facing - _FACING[0]) / (_FACING[1] - _FACING[0]), 0, 1)
        kept = np.flatnonzero(say > 0.05)
        say = np.sqrt(say[kept] * TOLD / max(float(say.sum()), 1.0)) / (OFF * pictured.level)
        return cls(shares[kept], np.unique(corners[kept]), say)


@dataclass(frozen=True, eq=False)
class Shaded:
    """Skin at places: in the photograph (``px``, and as the camera has them), its unit normals
    there and how long they were before, what the light's harmonics are worth to it, its colour."""

    places: Places
    view: View
    vertices_m: Vertices
    local_m: np.ndarray
    px: np.ndarray
    normals: np.ndarray
    long: np.ndarray
    worth: Float[np.ndarray, "places 9"]
    colour: Float[np.ndarray, "places 3"]

    @classmethod
    def of(cls, places: Places, view: View, vertices_m: Vertices, colours: np.ndarray) -> Shaded:
        """Of a head's skin and its ``colours`` at all vertices."""
        mean = places.shares @ vertex_normals(vertices_m, bust().faces)
        long = np.linalg.norm(mean, axis=1).clip(1e-12)
        normals = mean / long[:, None]
        on = places.shares @ vertices_m
        return cls(
            places, view, vertices_m, view.camera_points(on), view.project(on), normals, long,
            basis(normals @ view.rotation.T), places.shares @ colours,
        )  # fmt: skip

    def off(self, pictured: Pictured, light: Float[np.ndarray, "9 3"]) -> np.ndarray:
        """How much lighter than the photograph it is in a light, as it counts (places 3)."""
        lit = self.colour * (self.worth @ light)
        return ((lit - at(pictured.light, self.px)) * self.places.say[:, None]).ravel()

    def light(self, pictured: Pictured, sure: np.ndarray) -> Float[np.ndarray, "9 3"]:
        """The light in which it is as the photograph has it, places counted by how ``sure``."""
        seen = at(pictured.light, self.px)
        counts = self.places.say**2 * sure
        ridge = np.diag(np.square(DEGREES * LIGHT / pictured.level))
        out = np.zeros((9, 3))
        for channel in range(3):
            worth = self.worth * self.colour[:, channel, None]
            told = worth.T @ (counts[:, None] * worth) + ridge
            out[:, channel] = np.linalg.solve(told, worth.T @ (counts * seen[:, channel]))
        return out

    def slopes(
        self, pictured: Pictured, light: np.ndarray, moves: np.ndarray, ways: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """How that changes: with numbers that move the vertices (``moves``: 3 vertices, numbers),
        with the camera (a turn of the head, its place, the focal length's logarithm), with the
        light (27), with the ``ways`` that colours differ."""
        rotation, count = self.view.rotation, len(self.px)
        tilted = np.einsum("nhk,hc->nck", basis_slopes(self.normals @ rotation.T), light)
        tilted *= self.colour[:, :, None]
        z, focal = self.local_m[:, 2, None], self.view.focal_px
        right, down = at(pictured.right, self.px), at(pictured.down, self.px)
        deep = -(right * self.local_m[:, :1] + down * self.local_m[:, 1:2]) / z
        slid = -np.stack([right, down, deep], 2) * (focal / z)[:, None]
        across = np.eye(3) - self.normals[:, :, None] * self.normals[:, None]
        across /= self.long[:, None, None]
        share = self.places.shares.tocoo()

        def over(blocks: np.ndarray) -> csr_matrix:
            own = blocks[share.row] * share.data[:, None, None]
            return spread_blocks(share.row, share.col, own, len(self.vertices_m), count)

        by_normals = over(tilted @ rotation @ across) @ normal_slopes(
            self.vertices_m, bust().faces, self.places.used
        )
        by_skin = (by_normals + over(slid @ rotation)).astype(np.float32) @ moves
        turning = _turned(self.normals @ rotation.T, tilted)
        turning += _turned(self.local_m - self.view.translation_m, slid)
        off_centre = self.px - self.view.centre_px
        lens = -(right * off_centre[:, :1] + down * off_centre[:, 1:])
        by_camera = np.concatenate([turning, slid, lens[:, :, None]], 2)
        by_light = np.einsum("nh,nc,cd->nchd", self.worth, self.colour, np.eye(3))
        lit = self.colour * (self.worth @ light)
        by_ways = np.stack([self.places.shares @ way for way in ways], -1) * lit[:, :, None]
        say = np.repeat(self.places.say, 3)[:, None]
        return (
            by_skin * say, by_camera.reshape(3 * count, 7) * say,
            by_light.reshape(3 * count, 27) * say, by_ways.reshape(3 * count, -1) * say,
        )  # fmt: skip


def _turned(vectors: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """How what changes with vectors changes as they are turned (n, channels, 3)."""
    return np.cross(vectors[:, None], slopes)


def basis_slopes(n: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 9 3"]:
    """How the nine spherical harmonics change with a direction."""
    x, y, z = n.T
    first, mixed, high, wide = (
        0.4886025119029199,
        1.0925484305920792,
        1.892349391515120,
        1.0925484305920792,
    )
    out = np.zeros((len(n), 9, 3))
    out[:, 1, 1] = out[:, 2, 2] = out[:, 3, 0] = first
    out[:, 4, 0], out[:, 4, 1] = mixed * y, mixed * x
    out[:, 5, 1], out[:, 5, 2] = mixed * z, mixed * y
    out[:, 6, 2] = high * z
    out[:, 7, 0], out[:, 7, 2] = mixed * z, mixed * x
    out[:, 8, 0], out[:, 8, 1] = wide * x, -wide * y
    return out
