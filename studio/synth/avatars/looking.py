"""What photographs show of a shell: the colour of every texel, and how surely it is seen.

The light of each photograph is told by the face's shading and taken out
(:mod:`studio.synth.facelight`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from studio.core.types import Camera
from studio.human.wardrobe.layers import vertex_normals
from studio.synth.facelight import EXPOSED, light_of, scene_linear, stored
from studio.vision.camera import in_camera, project
from studio.vision.sampling import sampled
from studio.vision.triangles import Triangles

_STRAIGHT, _SLANTED = 0.7, 0.15
"""Cosines of the angle of view: from the first on a texel counts fully, below the second not at
all."""
_NEARER_M, _RIM, _FINE_RIM = 0.025, 0.011, 0.0025
"""What lies so far behind the nearest surface, as seen within so far, is hidden: fits are not true
to a pixel, and what is before would be smeared over it. On the head they are truer (both in shares
of the person's height in the picture)."""
_HAND_RIM, _FOREARM_RIM = 0.016, 0.012
_ARM_RIMS, _BEHIND_M = (0.004, 0.006, 0.008), 0.05
"""So far within their own outline against what lies so much further behind, arms are not believed:
there pictures show what is between arm and trunk, or the trunk."""
_TONE, _RARE = 4, 0.003
"""How far apart tones are told (Lab), and what share of the person a tone has that is theirs."""
_INSET, _SOFT = 0.0022, 0.005
"""How far within the mask's edge colours are taken, and over how much they fade in (shares of the
person's height in the picture): edges hold some of what is behind."""
_OF_CLOTH = 0.3
"""How much of the light that the face tells is taken out of everything else, whose normals are less
sure."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One photograph of the shell: its camera, where the shell's vertices are in the world as it
    was taken, who the pixels show (255: the person), and where hair is (None: nowhere)."""

    rgb: UInt8[np.ndarray, "height width 3"]
    mask: UInt8[np.ndarray, "height width"]
    camera: Camera
    posed_m: Float[np.ndarray, "vertices 3"]
    hair: Bool[np.ndarray, "height width"] | None = None


@dataclass(frozen=True, eq=False)
class Limbs:
    """Which faces of a shell are of the head and of the arms, which vertices are of the face, and
    the vertices of each hand and forearm."""

    head: Bool[np.ndarray, " faces"]
    arms: Bool[np.ndarray, " faces"]
    face: Bool[np.ndarray, " vertices"]
    hands: tuple[np.ndarray, ...]
    forearms: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Looks:
    """What is seen of texels: their own colours (0 to 255), how surely each is seen, and how much
    of it is hair (0 to 1)."""

    colour: Float[np.ndarray, "texels 3"]
    sure: Float[np.ndarray, " texels"]
    hair: Float[np.ndarray, " texels"]


@dataclass(frozen=True, eq=False)
class Texels:
    """The texels of a texture that a shell covers: rows, columns, face, and the corners' shares."""

    size_px: int
    rows: np.ndarray
    columns: np.ndarray
    face: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, uv: Float[np.ndarray, "faces 3 2"], size_px: int) -> Texels:
        """The texels whose middles triangles of these texture coordinates (origin bottom left)
        cover."""
        flat = np.zeros((3 * len(uv), 3), np.float32)
        flat[:, :2] = uv.reshape(-1, 2) * size_px
        order = np.arange(len(flat)).reshape(-1, 3)
        middles = np.arange(size_px, dtype=np.float32) + 0.5
        rays = np.zeros((size_px, size_px, 6), np.float32)
        rays[..., 0], rays[..., 1] = middles[None], size_px - middles[:, None]
        rays[..., 2], rays[..., 5] = 1, -1
        hits = Triangles.of(flat, order).hits(rays)
        rows, columns = np.nonzero(np.isfinite(hits.far))
        two, face = hits.shares[rows, columns], hits.faces[rows, columns]
        share = np.column_stack([1 - two.sum(1), two]).astype(np.float32)
        return cls(size_px, rows, columns, face, share)

    def some(self, which: Bool[np.ndarray, " texels"]) -> Texels:
        """Some of the texels."""
        return Texels(self.size_px, self.rows[which], self.columns[which], self.face[which],
                      self.share[which])  # fmt: skip

    def at(self, faces: np.ndarray, values: np.ndarray) -> np.ndarray:
        """What is given at vertices (vertices, k), at the texels."""
        corners = faces[self.face]
        found = self.share[:, :1] * values[corners[:, 0]]
        for k in (1, 2):
            found += self.share[:, k : k + 1] * values[corners[:, k]]
        return found

    def gathered(
        self, faces: np.ndarray, count: int, some: np.ndarray, say: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What is known (texels, k) at some texels, as the mean at the vertices about (``count``,
        k), and how surely: the sum of what ``say`` gives each."""
        value, weight = np.zeros((count, values.shape[1])), np.zeros(count)
        corners, at = faces[self.face[some]], values[some]
        for k in range(3):
            share = self.share[some, k] * say[some]
            weight += np.bincount(corners[:, k], weights=share, minlength=count)
            for axis in range(values.shape[1]):
                value[:, axis] += np.bincount(
                    corners[:, k], weights=share * at[:, axis], minlength=count
                )
        return value / np.fmax(weight, 1e-9)[:, None], weight


def looked(photos: Sequence[Seen], faces: np.ndarray, texels: Texels, limbs: Limbs) -> Looks:
    """The texels as the photographs show them, those that look straightest at one counting most."""
    colour = np.zeros((len(texels.face), 3), np.float32)
    total = np.zeros(len(texels.face), np.float32)
    hair = np.zeros_like(total)
    face = texels.at(faces, limbs.face.astype(np.float32)[:, None])[:, 0] > 0.5
    share = np.where(limbs.head[texels.face], 1.0, _OF_CLOTH)[:, None].astype(np.float32)
    for one in photos:
        xy, say, out = _one(one, faces, texels, limbs)
        linear = scene_linear(sampled(one.rgb.astype(np.float32), xy))
        bare = face.copy()
        if one.hair is not None:
            haired = sampled(one.hair.astype(np.float32), xy)
            hair += say * haired
            bare &= haired < 0.2
        light = light_of(linear, out, np.where(bare, say, 0))
        colour += say[:, None] * linear / light.on(out) ** share
        total += say
    whole = np.fmax(total, 1e-6)
    own = stored(colour / whole[:, None] / EXPOSED).astype(np.float32)
    return Looks(own, np.clip(total, 0, 1), hair / whole)


def _one(
    one: Seen, faces: np.ndarray, texels: Texels, limbs: Limbs
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where texels are in a photograph, how surely it shows each, and where they look."""
    normals = vertex_normals(one.posed_m, faces).astype(np.float32)
    at = texels.at(faces, one.posed_m.astype(np.float32))
    out = texels.at(faces, normals)
    out /= np.fmax(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    way = one.camera.centre_m.astype(np.float32) - at
    far = np.linalg.norm(way, axis=1, keepdims=True)
    straight = ((way / far) * out).sum(1)
    say = np.clip((straight - _SLANTED) / (_STRAIGHT - _SLANTED), 0, 1) ** 2
    xy = project(one.camera, at)
    known = np.all(np.isfinite(xy), axis=1)
    xy = np.where(known[:, None], xy, -10).astype(np.float32)
    depths = _depths(one, faces)
    deep = in_camera(one.camera, at)[:, 2].astype(np.float32)
    tall = max(_tall(one.mask), 1.0)
    free = [
        deep < sampled(_eroded(depths, share * tall), xy, cv2.INTER_NEAREST) + _NEARER_M
        for share in (_RIM, _FINE_RIM)
    ]
    say *= np.asarray(known) & np.where(limbs.head[texels.face], free[1], free[0])
    arms = limbs.arms[texels.face]
    rim = sum(sampled(_dilated(depths, share * tall), xy, cv2.INTER_NEAREST) > deep + _BEHIND_M
              for share in _ARM_RIMS)  # fmt: skip
    say *= np.where(arms, (1 - rim / len(_ARM_RIMS)) * (sampled(_odd(one, tall), xy) < 0.5), 1)
    say *= arms | (sampled(_hands(one, limbs, tall), xy) < 0.5)
    say *= sampled(_inner(one.mask), xy)
    return xy, say.astype(np.float32), out


def _hands(one: Seen, limbs: Limbs, tall: float) -> Float[np.ndarray, "height width"]:
    """Where hands are, or nearly: fits have them least true, and what is behind is not known."""
    total = np.zeros(one.mask.shape, np.uint8)
    for parts, rim in ((limbs.hands, _HAND_RIM), (limbs.forearms, _FOREARM_RIM)):
        found = np.zeros_like(total)
        for part in parts:
            spot = project(one.camera, one.posed_m[part])
            spot = spot[np.isfinite(spot).all(1)]
            if len(spot) > 2:
                hull = cv2.convexHull(np.rint(spot).astype(np.int32))
                cv2.fillConvexPoly(found, hull, 1)
        radius = max(round(rim * tall), 1)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
        total = np.fmax(total, cv2.dilate(found, kernel))
    return total.astype(np.float32)


def _odd(one: Seen, tall: float) -> Float[np.ndarray, "height width"]:
    """Where a tone is seen that hardly anything of the person has, or nearly: what was left of the
    ground between arm and trunk when somebody was cut out."""
    sure = one.mask > 200
    tones = cv2.cvtColor(one.rgb, cv2.COLOR_RGB2LAB)[..., 1:] // _TONE
    side = 256 // _TONE
    place = tones[..., 0].astype(np.int64) * side + tones[..., 1]
    many = np.bincount(place[sure], minlength=side * side).reshape(side, side)
    share = many / max(many.sum(), 1)
    about = cv2.boxFilter(share, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    rare = (sure & (about.ravel()[place] < _RARE)).astype(np.uint8)
    radius = max(round(_ARM_RIMS[1] * tall), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return cv2.dilate(rare, kernel).astype(np.float32)


def _eroded(depths: np.ndarray, radius_px: float) -> np.ndarray:
    radius = max(round(radius_px), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return cv2.erode(depths, kernel)


def _dilated(depths: np.ndarray, radius_px: float) -> np.ndarray:
    radius = max(round(radius_px), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return cv2.dilate(depths, kernel)


def _tall(mask: np.ndarray) -> float:
    rows = np.flatnonzero((mask > 200).any(1))
    return float(np.ptp(rows)) if len(rows) else 0.0


def _depths(one: Seen, faces: np.ndarray) -> Float[np.ndarray, "height width"]:
    """How deep the nearest surface lies at each pixel (metres along the axis of view)."""
    height, width = one.mask.shape
    camera = one.camera
    spot = project(camera, one.posed_m)
    low = np.clip(np.floor(np.nanmin(spot, 0)) - 2, 0, (width - 1, height - 1)).astype(int)
    high = np.clip(np.ceil(np.nanmax(spot, 0)) + 2, 0, (width - 1, height - 1)).astype(int)
    x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    k = camera.matrix
    rays = np.zeros((*x.shape, 6), np.float32)
    rays[..., 3], rays[..., 4], rays[..., 5] = (x - k[0, 2]) / k[0, 0], (y - k[1, 2]) / k[1, 1], 1
    hit = Triangles.of(in_camera(camera, one.posed_m), faces).hits(rays).far
    depths = np.full((height, width), np.inf, np.float32)
    depths[low[1] : high[1] + 1, low[0] : high[0] + 1] = hit
    return depths


def _inner(mask: np.ndarray) -> np.ndarray:
    """How surely each pixel shows nothing but the person."""
    sure = (mask > 200).astype(np.uint8)
    tall = max(_tall(mask), 1.0)
    within = cv2.distanceTransform(sure, cv2.DIST_L2, 5)
    return np.clip((within - _INSET * tall) / (_SOFT * tall), 0, 1).astype(np.float32)
