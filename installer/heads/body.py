"""The average person as a solid that hair falls over, and the scalp it grows from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial import KDTree

from studio.render.scene import vertex_normals
from studio.synth import cloth
from studio.synth.figure import make_figure
from studio.synth.solids import unit

from .hairline import hairline

EAR_X_M = 0.0735
BOW_M, CORNER_M = 0.009, 0.006
"""How much the hairline rises over the forehead, and at the temples' corners besides."""


@dataclass(frozen=True, eq=False)
class Body:
    """The skin of the average person's upper half as dense points with normals (metres)."""

    points: np.ndarray
    normals: np.ndarray
    tree: KDTree

    def near(self, p: np.ndarray, k: int = 6) -> tuple[np.ndarray, np.ndarray]:
        """How far points are above the skin, and the way out there (points, 3)."""
        far, index = self.tree.query(p.reshape(-1, 3), k)
        share = 1 / (far + 1e-3)
        share /= share.sum(axis=1, keepdims=True)
        out = unit((self.normals[index] * share[..., None]).sum(axis=1))
        on = (self.points[index] * share[..., None]).sum(axis=1)
        height = ((p.reshape(-1, 3) - on) * out).sum(axis=1)
        return height.reshape(p.shape[:-1]), out.reshape(p.shape)


def _dense(vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray, step_m: float):
    corners, turned = vertices[faces], normals[faces]
    edge = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1).max(axis=1)
    cuts = np.maximum(np.ceil(edge / step_m).astype(int), 1)
    points, ways = [], []
    for n in np.unique(cuts):
        i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        keep = i + j <= n
        share = np.stack([i[keep], j[keep], n - i[keep] - j[keep]], axis=-1) / n
        points.append(np.einsum("sc,fcd->fsd", share, corners[cuts == n]).reshape(-1, 3))
        ways.append(np.einsum("sc,fcd->fsd", share, turned[cuts == n]).reshape(-1, 3))
    return np.concatenate(points), unit(np.concatenate(ways))


@cache
def body() -> Body:
    """The solid (see :class:`Body`)."""
    figure = make_figure()
    template, faces = figure.template_m, figure.surface.faces["skin"]
    top = (template[faces][..., 2].min(axis=1) > 0.15) & (
        np.abs(template[faces][..., 0]).max(axis=1) < 0.32
    )
    normals = vertex_normals(template, faces)
    points, ways = _dense(template, faces[top], normals, 0.004)
    return Body(points, ways, KDTree(points))


@dataclass(frozen=True, eq=False)
class Scalp:
    """The skin where hair grows: vertices, faces and outward normals of the average person, and
    how far inside the hairline each vertex lies (metres)."""

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    inside: np.ndarray


def _grown(template: np.ndarray, inside: np.ndarray) -> np.ndarray:
    ear = (np.abs(template[:, 0]) > EAR_X_M) & (template[:, 1] < -0.02) & (template[:, 2] < 0.7235)
    return np.where(ear, -0.01, inside)


def _recedes(p: np.ndarray, more_m: float) -> np.ndarray:
    """How much higher hair begins in front than the line seen from the side says: in a bow, with
    corners at the temples, and where it has receded by ``more_m``, there most."""
    front = np.clip((-0.09 - p[:, 1]) / 0.04, 0, 1)
    corner = np.exp(-(((np.abs(p[:, 0]) - 0.044) / 0.017) ** 2))
    more = more_m * (0.35 + 0.65 * np.clip(np.abs(p[:, 0]) / 0.04, 0, 1))
    return front * (BOW_M + CORNER_M * corner + more)


@cache
def scalp(raise_front_m: float = 0.0, margin_m: float = 0.004) -> Scalp:
    """The scalp, cut ``margin_m`` outside the hairline; a receding one is raised in front."""
    figure = make_figure()
    template = figure.template_m
    faces = figure.surface.faces["skin"]
    head = faces[template[faces][..., 2].min(axis=1) > 0.6]
    piece = cloth.cut_out(head, len(template))
    p = piece.of_base @ template
    inside = _grown(p, hairline(p) - _recedes(p, raise_front_m))
    piece = cloth.clip(piece, inside + margin_m)
    v = piece.of_base @ template
    mean = cloth.neighbour_mean(piece.faces, len(piece))
    normals = vertex_normals(cloth.smooth(v, mean, 6), piece.faces)
    return Scalp(v, piece.faces, normals, _grown(v, hairline(v) - _recedes(v, raise_front_m)))


def roots(
    ground: Scalp, spacing_m: float, rng: np.random.Generator, inside_m: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evenly scattered places on the scalp, their normals, and how far inside the hairline."""
    corners = ground.vertices[ground.faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    count = int(12 * area.sum() / 2 / spacing_m**2)
    face = rng.choice(len(area), count, p=area / area.sum())
    share = rng.dirichlet((1.0, 1.0, 1.0), count)
    at = (share[..., None] * corners[face]).sum(axis=1)
    normal = unit((share[..., None] * ground.normals[ground.faces[face]]).sum(axis=1))
    inside = (share * ground.inside[ground.faces[face]]).sum(axis=1)
    keep = inside > inside_m
    at, normal, inside = at[keep], normal[keep], inside[keep]
    tree = KDTree(at)
    alive = np.ones(len(at), bool)
    for k in range(len(at)):
        if alive[k]:
            close = tree.query_ball_point(at[k], spacing_m)
            alive[[j for j in close if j > k]] = False
    return at[alive], normal[alive], inside[alive]
