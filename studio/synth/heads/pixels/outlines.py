"""Where the head's outline is bare skin before the ground: there the photograph tells it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Bool, Float

from studio.human.heads.fit import View
from studio.render.torch_edges import Edges, outlines
from studio.render.torch_raster import rasterise
from studio.synth.heads.bust import bust
from studio.synth.heads.pixels.picture import Pictured, at
from studio.synth.heads.pixels.surface import Vertices, ear_moves

OFF, TOLD = 0.012, 60.0
"""How far outlines are off, usually (of the face's height), and how many places tell something
new."""
_REACH, _STEPS, _RUN, _ALL = 0.06, 49, 6, 0.8
"""How far from the head's outline that of the photograph is looked for (of the face's height), in
so many steps; so many of them within are skin, so many beyond ground, nearly all."""
_OUT_PX, _EAR_M = 1.5, 0.0005


@cache
def _edges() -> Edges:
    """Edges between two triangles of the skin."""
    figure = bust()
    every = Edges.of(torch.from_numpy(figure.faces[: -figure.eyes]))
    inner = every.wings[:, 0] != every.wings[:, 1]
    return Edges(every.ends[inner], every.wings[inner])


@cache
def _ears() -> Bool[np.ndarray, " vertices"]:
    """Vertices of ears, whose edges masks of skin miss."""
    return np.abs(ear_moves()).max((1, 2)) > _EAR_M


@dataclass(frozen=True, eq=False)
class Outline:
    """Places of the head's outline: the ends of the edges they are in the middle of, which way is
    outwards (in the picture), where the photograph's outline is along it (pixels), how much each
    counts, and how far off that is usually, as it counts."""

    ends: np.ndarray
    outwards: Float[np.ndarray, "places 2"]
    wanted_px: Float[np.ndarray, "places 2"]
    say: float
    usual: float

    @classmethod
    def seen(cls, pictured: Pictured, view: View, vertices_m: Vertices) -> Outline:
        """Those beside which the photograph shows skin that ends before the ground."""
        corner, scale, size = pictured.box
        px, deep = view.project(vertices_m), view.camera_points(vertices_m)[:, 2:]
        screen = np.concatenate([(px - corner) * scale, deep], 1).astype(np.float32)
        told = torch.from_numpy(screen)[None]
        hits = rasterise(told, torch.from_numpy(bust().faces), size)
        covered = hits.fill(torch.ones(len(hits.face)), 0.0)[0].numpy()
        edge = outlines(told, _edges())[1].numpy()
        ends, wings = _edges().ends.numpy()[edge], _edges().wings.numpy()[edge]
        a, b = px[ends[:, 0]], px[ends[:, 1]]
        way = np.column_stack([b[:, 1] - a[:, 1], a[:, 0] - b[:, 0]])
        way /= np.linalg.norm(way, axis=1, keepdims=True).clip(1e-9)
        middle = (a + b) / 2
        inwards = ((px[wings[:, 0]] - middle) * way).sum(1) > 0
        way[inwards] *= -1
        beyond = (middle + _OUT_PX / scale * way - corner) * scale
        within = ((beyond > 0) & (beyond < np.array(size) - 1)).all(1)
        last = within & (at(covered, beyond) < 0.5) & ~_ears()[ends].any(1)
        ends, way, middle = ends[last], way[last], middle[last]
        off, found = _told(pictured, middle, way)
        wanted = middle[found] + off[found, None] * way[found]
        tall = pictured.one.tall_px
        say = np.sqrt(min(TOLD / max(int(found.sum()), 1), 1.0)) / (OFF * tall)
        return cls(ends[found], way[found], wanted, float(say), float(say) * OFF * tall)

    def off(self, px: Float[np.ndarray, "vertices 2"]) -> np.ndarray:
        """How far the head's outline lies outside the photograph's, as it counts."""
        return ((px[self.ends].mean(1) - self.wanted_px) * self.outwards).sum(1) * self.say

    def slopes(
        self, view: View, vertices_m: Vertices, moves: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """How that changes with numbers that move the vertices (3 vertices, numbers) and with the
        camera (a turn of the head, its place, the focal length's logarithm)."""
        local = view.camera_points(vertices_m)[self.ends]
        z = local[..., 2:]
        across = self.outwards[:, None]
        deep = -(across * local[..., :2]).sum(-1, keepdims=True) / z
        slid = np.concatenate([np.broadcast_to(across, local[..., :2].shape), deep], -1)
        slid = slid * (view.focal_px / z * self.say / 2)
        own = moves.reshape(len(vertices_m), 3, -1)[self.ends]
        by_skin = np.einsum("pek,pekn->pn", slid @ view.rotation, own)
        turning = np.cross(local - view.translation_m, slid).sum(1)
        lens = (view.project(vertices_m)[self.ends].mean(1) - view.centre_px) * self.outwards
        by_camera = np.column_stack([turning, slid.sum(1), lens.sum(1) * self.say])
        return by_skin, by_camera


def _told(pictured: Pictured, middle: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far outwards from places skin ends before the ground, and of which that is told."""
    along = np.linspace(-_REACH, _REACH, _STEPS) * pictured.one.tall_px
    where = (middle[:, None] + along[:, None] * way[:, None]).reshape(-1, 2)
    shape = len(middle), _STEPS
    bare = at(pictured.bare.astype(np.float32), where).reshape(shape) > 0.5
    ground = at(pictured.ground.astype(np.float32), where).reshape(shape) > 0.5
    inside = np.cumsum(np.pad(bare, ((0, 0), (1, 0))), 1)
    outside = np.cumsum(np.pad(ground, ((0, 0), (1, 0))), 1)
    step = np.arange(_RUN, _STEPS - _RUN)
    ends = (inside[:, step] - inside[:, step - _RUN] >= _ALL * _RUN) & (
        outside[:, step + _RUN] - outside[:, step] >= _ALL * _RUN
    )
    if not len(middle):
        return np.zeros(0), np.zeros(0, bool)
    middle_of = (along[step] + along[step - 1]) / 2
    far = np.where(ends, np.abs(middle_of), np.inf)
    nearest = far.argmin(1)
    return middle_of[nearest], np.isfinite(far[np.arange(len(far)), nearest])
