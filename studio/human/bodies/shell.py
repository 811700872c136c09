"""A body as one closed mesh on the house's rig: what a field tells, with the template's head and
hands, whose lips, lids and fingers no field of that size can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import connected_components

from studio.core.errors import StudioError
from studio.human.bodies.canonical import SKIN, Canonical
from studio.human.bodies.field import Field, MeshField, neck_cuts
from studio.human.bodies.joining import cut, loops, zipped
from studio.human.bodies.parting import halfway, parted
from studio.human.bodies.surface import (
    Surface,
    eased,
    largest,
    neighbours,
    polished,
    simplified,
    surface_of,
)
from studio.human.person import whole
from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.asset import BASE_VERTICES
from studio.human.wardrobe.fitting import base_weights, bind
from studio.human.wardrobe.layers import vertex_normals

ROOM_M = 0.06
GAP_M = 0.002
"""Half of the gap between template and field, closed by a band of triangles."""
NECK_R_M, HAND_R_M = 0.17, 0.16
"""So far from neck and forearm what lies beyond the cuts is head and hand."""
_APART_M, _THIGHS_M, _EVENED = 0.09, 0.05, 60
"""So near to halfway between thighs weights are evened out, and the surface; in so many rounds."""
Unwrap = Callable[[Surface], Float[np.ndarray, "faces 3 2"]]
_STEPS = np.linspace(-0.02, 0.02, 17)


@dataclass(frozen=True, eq=False)
class Shell:
    """A closed mesh in the canonical pose. ``base`` and ``shares`` bind every vertex to three base
    vertices, ``weights`` are its bones; ``part`` is, of each face, 0 the body, 1 the template, 2 a
    band between them; ``texture`` the template's texture coordinates where it has some, else NaN,
    ``uv`` the body's own, NaN elsewhere."""

    canonical: Canonical
    vertices_m: Float[np.ndarray, "vertices 3"]
    faces: Int[np.ndarray, "faces 3"]
    base: Int[np.ndarray, "vertices 3"]
    shares: Float[np.ndarray, "vertices 3"]
    weights: csr_matrix
    part: Int[np.ndarray, " faces"]
    texture: Float[np.ndarray, "faces 3 2"]
    uv: Float[np.ndarray, "faces 3 2"]

    @property
    def surface(self) -> Surface:
        return Surface(self.vertices_m, self.faces)

    @property
    def kept(self) -> Bool[np.ndarray, " vertices"]:
        """Which vertices are the template's."""
        found = np.zeros(len(self.vertices_m), bool)
        found[self.faces[self.part == 1]] = True
        return found


def beyond(canonical: Canonical, points_m: Float[np.ndarray, "points 3"]) -> np.ndarray:
    """How far beyond the cuts of neck and wrists points lie (metres): above 0 is head or hand."""
    cuts = neck_cuts(canonical)
    level = cuts.bottom_m + 0.55 * (cuts.top_m - cuts.bottom_m)
    best = _past(points_m, canonical.head_m("neck01"), cuts.axis, level, NECK_R_M)
    for side in "LR":
        wrist = canonical.head_m(f"wrist.{side}")
        knuckle = canonical.head_m(f"finger3-1.{side}")
        axis = (knuckle - wrist) / np.linalg.norm(knuckle - wrist)
        level = float(wrist @ axis) + 0.012
        best = np.maximum(best, _past(points_m, wrist, axis, level, HAND_R_M))
    return best


def _past(
    points: np.ndarray, on: np.ndarray, axis: np.ndarray, level: float, radius: float
) -> np.ndarray:
    along = points @ axis
    away = points - on
    away = np.linalg.norm(away - np.outer(away @ axis, axis), axis=1)
    return np.minimum(along - level, radius - away)


def snapped(field: Field, surface: Surface, at_most_m: float = 0.02) -> Surface:
    """A surface whose vertices were moved along their normals onto the nearest place where the
    field is 0; those that find none within reach stay."""
    normals = vertex_normals(surface.vertices_m, surface.faces)
    steps = _STEPS * (at_most_m / _STEPS[-1])
    line = surface.vertices_m[:, None] + steps[None, :, None] * normals[:, None]
    value = field.inside(line.reshape(-1, 3)).reshape(len(normals), len(steps)).astype(float)
    leaves = (value[:, :-1] > 0) & (value[:, 1:] <= 0)
    far = np.where(leaves, np.abs(0.5 * (steps[1:] + steps[:-1]))[None], np.inf)
    which = far.argmin(1)
    rows = np.arange(len(which))
    inner, outer = value[rows, which], value[rows, which + 1]
    t = inner / np.fmax(inner - outer, 1e-9)
    move = steps[which] + t * (steps[which + 1] - steps[which])
    move = np.where(np.isfinite(far[rows, which]), move, 0.0)
    return Surface(surface.vertices_m + move[:, None] * normals, surface.faces)


def template_uv() -> Float[np.ndarray, "faces 3 2"]:
    """The texture coordinates of the skin's triangles, in the order of ``Canonical.faces``."""
    model = whole().model
    mine = (model.faces.numpy() < SKIN).all(1)
    at = model.texture_coordinates.numpy()[model.face_texture_coordinate_indices.numpy()[mine]]
    return at.astype(float)


@dataclass(frozen=True, eq=False)
class _Piece:
    vertices_m: np.ndarray
    faces: np.ndarray
    base: np.ndarray
    shares: np.ndarray
    texture: np.ndarray
    uv: np.ndarray


def shell_of(
    field: Field,
    canonical: Canonical,
    grown_m: Float[np.ndarray, "vertices 3"],
    unwrap: Unwrap,
    triangles: int = 26_000,
    spacing_m: float = 0.008,
) -> Shell:
    """The closed mesh of a field. ``grown_m`` are the base vertices as head and hands have them
    (canonical), ``triangles`` how many the body may have besides them. Holes are closed, and
    bridges cut, that the grown template has not.

    Raises StudioError if neck or wrists cannot be cut through: when clothes or hair run on.
    """
    body = _body(field, canonical, grown_m, unwrap, triangles, spacing_m)
    kept = _template(canonical, grown_m)
    count = len(body.vertices_m)
    vertices = np.concatenate([body.vertices_m, kept.vertices_m])
    base, shares = (
        np.concatenate([getattr(p, k) for p in (body, kept)]) for k in ("base", "shares")
    )
    bands = [
        zipped(vertices, ring + count, other)
        for ring, other in _matched(vertices, loops(kept.faces), loops(body.faces), count)
    ]
    band = np.concatenate([faces for faces, _ in bands])
    strip = [at * (0.1, 0.5) + (0, k) for k, (_, at) in enumerate(bands)]
    faces = np.concatenate([body.faces, kept.faces + count, band])
    part = np.repeat([0, 1, 2], [len(body.faces), len(kept.faces), len(band)])
    lacks = np.full((len(band), 3, 2), np.nan)
    texture = np.concatenate([body.texture, kept.texture, lacks])
    uv = np.concatenate([body.uv, kept.uv, *strip])
    near = halfway(vertices, canonical, _APART_M) * (np.arange(len(vertices)) < count)
    weights = _weights(base, shares, faces, count, near)
    shell = Shell(canonical, vertices, faces, base, shares, weights, part, texture, uv)
    shell = _faired(shell, count)
    neck = neck_band(shell)
    return replace(shell, vertices_m=eased(shell.surface, neck).vertices_m) if len(neck) else shell


def neck_band(shell: Shell) -> Int[np.ndarray, " vertices"]:
    """The vertices of the band that joins head and body."""
    cuts = neck_cuts(shell.canonical)
    near = np.linalg.norm(shell.vertices_m - shell.canonical.head_m("neck01"), axis=1) < NECK_R_M
    band = np.unique(shell.faces[shell.part == 2])
    return band[near[band] & (shell.vertices_m[band] @ cuts.axis < cuts.top_m + 0.05)]


def neck_jump_deg(shell: Shell) -> float:
    """How far normals turn at most from one vertex to the next where head and body are joined: over
    the edges that touch the band between them (degrees)."""
    band = neck_band(shell)
    edges = np.concatenate([shell.faces[:, [0, 1]], shell.faces[:, [1, 2]], shell.faces[:, [2, 0]]])
    edges = edges[np.isin(edges, band).any(1)]
    normals = vertex_normals(shell.vertices_m, shell.faces)
    along = np.einsum("ij,ij->i", normals[edges[:, 0]], normals[edges[:, 1]])
    return float(np.degrees(np.arccos(np.clip(along, -1, 1))).max())


def _body(
    field: Field, canonical: Canonical, grown_m: np.ndarray, unwrap: Unwrap, triangles: int,
    spacing_m: float,
) -> _Piece:  # fmt: skip
    skin = np.unique(canonical.faces)
    low, high = grown_m[skin].min(0) - ROOM_M, grown_m[skin].max(0) + ROOM_M
    shoes = tuple(
        (foot.min(0) - 0.03, foot.max(0) + 0.03)
        for foot in (_hung(canonical, grown_m, f".{side}", ("foot", "toe")) for side in "LR")
    )
    like = None if isinstance(field, MeshField) else MeshField(grown_m[:SKIN], canonical.faces)
    apart, like = parted(field, like, canonical)
    rough = surface_of(apart, low, high, spacing_m, shoes, like=like)
    coarse = simplified(polished(rough), triangles // 4 + 2000)
    left = cut(coarse.faces, -(beyond(canonical, coarse.vertices_m) + GAP_M))
    body = largest(Surface(left.mix @ coarse.vertices_m, left.faces))
    if len(loops(body.faces)) != 3:
        raise StudioError(
            "Neck and wrists cannot be told from what is around them.",
            "Choose a photograph in which hands and neck are free.",
        )
    uv = unwrap(body)
    fine, uv = _halved(body, uv)
    fine = snapped(apart, polished(fine, 2, _inner(fine)))
    if apart is not field:
        near = halfway(fine.vertices_m, canonical, _THIGHS_M) * _inner(fine)
        fine = Surface(_evened(fine.faces, fine.vertices_m, near), fine.faces)
    bound = bind(fine.vertices_m, grown_m, canonical.faces)
    return _Piece(fine.vertices_m, fine.faces, bound.base, bound.shares,
                  np.full((len(fine.faces), 3, 2), np.nan), uv)  # fmt: skip


def _inner(surface: Surface) -> np.ndarray:
    share = np.ones(len(surface.vertices_m))
    for ring in loops(surface.faces):
        share[ring] = 0
    return share


def _hung(
    canonical: Canonical, grown_m: np.ndarray, side: str, starts: tuple[str, ...]
) -> np.ndarray:
    bones = [k for k, n in enumerate(BONE_NAMES) if n.startswith(starts) and n.endswith(side)]
    skin = np.unique(canonical.faces)
    share = np.asarray(base_weights()[skin][:, bones].sum(1)).ravel()
    return grown_m[skin[share > 0.3]]


def _halved(surface: Surface, uv: np.ndarray) -> tuple[Surface, np.ndarray]:
    """Every triangle as four."""
    faces = surface.faces
    edges = np.stack([faces, np.roll(faces, -1, 1)], -1)
    ends, which = np.unique(np.sort(edges.reshape(-1, 2), 1), axis=0, return_inverse=True)
    middle = len(surface.vertices_m) + which.reshape(-1, 3)
    vertices = np.concatenate([surface.vertices_m, surface.vertices_m[ends].mean(1)])
    half = 0.5 * (uv + np.roll(uv, -1, 1))
    new, coordinates = [middle], [half]
    for k in range(3):
        new.append(np.stack([faces[:, k], middle[:, k], middle[:, k - 1]], 1))
        coordinates.append(np.stack([uv[:, k], half[:, k], half[:, k - 1]], 1))
    return Surface(vertices, np.concatenate(new)), np.concatenate(coordinates)


def _template(canonical: Canonical, grown_m: np.ndarray) -> _Piece:
    left = cut(canonical.faces, _closed(beyond(canonical, grown_m[:SKIN]) - GAP_M, canonical.faces))
    rows: Any = left.mix.tocoo()
    count = int(rows.shape[0])
    base, shares = np.zeros((count, 3), np.int64), np.zeros((count, 3))
    order = np.argsort(rows.row, kind="stable")
    row = rows.row[order]
    slot = np.arange(len(row)) - np.searchsorted(row, row)
    base[row, slot], shares[row, slot] = rows.col[order], rows.data[order]
    uv = np.einsum("fcb,fbk->fck", left.corners, template_uv()[left.origin])
    vertices = left.mix @ grown_m[:SKIN]
    return _Piece(vertices, left.faces, base, shares, uv, np.full_like(uv, np.nan))


def _closed(say: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The same, but that only one part of the mesh is below 0: the throat stays with the head."""
    low = say <= 0
    a, b = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    both = low[a] & low[b]
    joined = csr_matrix((np.ones(both.sum()), (a[both], b[both])), (len(say), len(say)))
    _, part = connected_components(joined, False)
    main = np.bincount(part[low]).argmax()
    return np.where(low & (part != main), GAP_M, say)


def _matched(
    points: np.ndarray, kept: list[np.ndarray], body: list[np.ndarray], count: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each ring of the template with the body's ring nearest to it."""
    if len(kept) != len(body):
        raise StudioError(
            "Head and hands do not meet the body.", "Choose a photograph of a standing person."
        )
    middles = np.array([points[ring].mean(0) for ring in body])
    found = []
    for ring in kept:
        near = np.linalg.norm(middles - points[ring + count].mean(0), axis=1)
        found.append((ring, body[int(near.argmin())]))
    return found


def _evened(
    faces: np.ndarray, values: np.ndarray, share: np.ndarray
) -> Float[np.ndarray, "vertices values"]:
    """Values at vertices, evened out over the surface as far as the ``share`` of each says."""
    mean, near = neighbours(faces, len(values)), 0.5 * share[:, None]
    for _ in range(_EVENED):
        values = values + near * (mean @ values - values)
    return values


def _weights(
    base: np.ndarray, shares: np.ndarray, faces: np.ndarray, body: int, between: np.ndarray
) -> csr_matrix:
    """Bones' weights: those of the template, smoothed over the body, whose nearest points jump from
    limb to limb, and more where places lie ``between`` the thighs."""
    count = len(base)
    rows = np.repeat(np.arange(count), 3)
    mix = csr_matrix((np.clip(shares, 0, None).ravel(), (rows, base.ravel())),
                     (count, BASE_VERTICES))  # fmt: skip
    found = csr_matrix(mix @ base_weights())
    mean = neighbours(faces, count)
    free = diags(np.where(np.arange(count) < body, 0.5, 0.0))
    hold = diags(np.where(np.arange(count) < body, 0.5, 1.0))
    for _ in range(12):
        found = csr_matrix(hold @ found + free @ (mean @ found))
        found.data[found.data < 2e-3] = 0
        found.eliminate_zeros()
    used = np.unique(found[between > 0].indices)
    if len(used):
        dense = found.toarray()
        dense[:, used] = _evened(faces, dense[:, used], between)
        found = csr_matrix(dense)
    return csr_matrix(diags(1 / np.asarray(found.sum(1)).ravel()) @ found)


def _faired(shell: Shell, body: int) -> Shell:
    """The same with the bands and what is next to them made smooth; the body moves most."""
    count = len(shell.vertices_m)
    near = np.zeros(count)
    near[np.unique(shell.faces[shell.part == 2])] = 1
    mean = neighbours(shell.faces, count)
    for _ in range(5):
        near = np.fmax(near, 0.75 * np.asarray(mean @ near))
    near[body:] = np.where(near[body:] > 0.6, 0.5 * near[body:], 0)
    at = shell.vertices_m
    for _ in range(6):
        at = at + 0.5 * near[:, None] * (mean @ at - at)
    return replace(shell, vertices_m=at)
