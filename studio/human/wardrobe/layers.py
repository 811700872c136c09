"""One layer over another: what lies inside is kept inside, at rest and in every pose.

A garment keeps, for each of its vertices that is near the surface below (skin or another garment),
the nearest triangle of that surface and how far outside of it the vertex lies. In a pose, vertices
that come closer are pushed out along that triangle's normal, and their neighbours a little too, so
that no dent shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from studio.human.wardrobe.fitting import nearest_shares

REACH_M = 0.05
"""Surfaces that are further apart than this at rest don't meet."""
THROUGH_M = 0.02
"""What comes through a face by more is something else."""
SEAM_M, LEAVES_M = 0.006, 0.02
"""An edge that is nearer to another piece of the garment, which leaves the own one by that within
the second, is sewn to it."""
HEM_M, PEEP = 0.030, 0.8
"""What lies further inside a garment's edge than the first, and the second times as far as the gap
there is wide, cannot be seen from outside."""

LINING = 0.3
"""So much of a garment's distance from the skin is left to its linings."""


@dataclass(frozen=True, eq=False)
class Contact:
    """Vertices ``own`` of a garment that lie over triangles of a surface below, and how far."""

    own: Int[np.ndarray, " near"]
    corners: Int[np.ndarray, "near 3"]
    shares: Float[np.ndarray, "near 3"]
    gap_m: Float[np.ndarray, " near"]

    def depth(
        self, cloth_m: Float[np.ndarray, "vertices 3"], below_m: Float[np.ndarray, "below 3"]
    ) -> tuple[Float[np.ndarray, " near"], Float[np.ndarray, "near 3"]]:
        """How far each vertex is too deep (negative where it isn't), and the way out."""
        a, b, c = (below_m[self.corners[:, k]] for k in range(3))
        out = np.cross(b - a, c - a)
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        at = self.shares[:, :1] * a + self.shares[:, 1:2] * b + self.shares[:, 2:] * c
        return self.gap_m - np.einsum("nd,nd->n", cloth_m[self.own] - at, out), out


def vertex_normals(vertices_m: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals of a mesh's vertices, by the area of the faces around."""
    a, b, c = (vertices_m[faces[:, k]] for k in range(3))
    area = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    total = np.stack(
        [np.bincount(faces.ravel(), area[:, k], len(vertices_m)) for k in range(3)], axis=1
    )
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True, eq=False)
class Below:
    """A surface on which something may lie, ready to be asked for its nearest triangles.

    ``at_edge`` tells the vertices on its edges, beyond which there is no in or out.
    """

    vertices_m: Float[np.ndarray, "below 3"]
    faces: Int[np.ndarray, "faces 3"]

    @cached_property
    def corners(self) -> Float[np.ndarray, "faces 3 3"]:
        return self.vertices_m[self.faces]

    @cached_property
    def tree(self) -> KDTree:
        return KDTree(self.corners.mean(axis=1))

    @cached_property
    def at_edge(self) -> Bool[np.ndarray, " below"]:
        found = np.zeros(len(self.vertices_m), bool)
        found[rim(self.faces)] = True
        return found

    @cached_property
    def hems(self) -> Int[np.ndarray, " hems"]:
        """The vertices where it ends. Edges that lie on another piece of it, as those of a collar
        that was sewn on, are seams, unless that piece lies along the own one all about (a facing).
        """
        edge = np.flatnonzero(self.at_edge)
        piece = pieces(self.faces, len(self.vertices_m))
        seam = np.zeros(len(edge), bool)
        for number in np.unique(piece[edge]):
            own = piece[self.faces[:, 0]] == number
            mine = piece[edge] == number
            if own.all():
                continue
            ends = self.vertices_m[edge[mine]]
            other = Below(self.vertices_m, self.faces[~own])
            points = other.vertices_m[other.used]
            _, _, off = Below(self.vertices_m, self.faces[own]).nearest(points)
            leaves = points[off > SEAM_M]
            if len(leaves):
                seam[mine] = (other.nearest(ends)[2] < SEAM_M) & (
                    KDTree(leaves).query(ends)[0] < LEAVES_M
                )
        return edge[~seam]

    @cached_property
    def used(self) -> Int[np.ndarray, " used"]:
        return np.unique(self.faces)

    @cached_property
    def normals(self) -> Float[np.ndarray, "below 3"]:
        return vertex_normals(self.vertices_m, self.faces)

    def nearest(
        self, points_m: Float[np.ndarray, "points 3"], near: int = 6
    ) -> tuple[
        Int[np.ndarray, " points"], Float[np.ndarray, "points 3"], Float[np.ndarray, " points"]
    ]:
        """The nearest triangle to each point, the shares of its corners in the nearest place on
        it, and how far that is."""
        _, found = self.tree.query(points_m, k=min(near, len(self.faces)))
        found = np.asarray(found).reshape(len(points_m), -1)
        count = found.shape[1]
        corners = self.corners[found.ravel()]
        shares = nearest_shares(np.repeat(points_m, count, axis=0), corners)
        places = np.einsum("nk,nkd->nd", shares, corners).reshape(-1, count, 3)
        away = np.linalg.norm(places - points_m[:, None], axis=2)
        best = away.argmin(axis=1)
        rows = np.arange(len(points_m))
        return found[rows, best], shares.reshape(-1, count, 3)[rows, best], away[rows, best]


def pieces(faces: Int[np.ndarray, "faces 3"], count: int) -> Int[np.ndarray, " vertices"]:
    """The number of the piece of each of ``count`` vertices: what faces join is one."""
    ones = np.ones(faces.size)
    joined = coo_matrix((ones, (faces.ravel(), np.roll(faces, 1, 1).ravel())), shape=(count, count))
    return connected_components(joined, directed=False)[1]


def looks_out(cloth: Below, skin: Below) -> Bool[np.ndarray, " faces"]:
    """Which faces of a garment look away from the skin below; linings don't."""
    a, b, c = (cloth.corners[:, k] for k in range(3))
    which, _, _ = skin.nearest((a + b + c) / 3)
    d, e, f = (skin.corners[which, k] for k in range(3))
    return np.einsum("nd,nd->n", np.cross(b - a, c - a), np.cross(e - d, f - d)) > 0


def linings(cloth: Below, skin: Below) -> Bool[np.ndarray, " vertices"]:
    """Which vertices of a garment belong to linings alone, as those of hems: they lie between the
    skin and the garment's own outer faces."""
    found = np.zeros(len(cloth.vertices_m), bool)
    found[cloth.used] = True
    found[cloth.faces[looks_out(cloth, skin)]] = False
    return found


def contact(
    cloth_m: Float[np.ndarray, "vertices 3"],
    below: Below,
    gap_m: float | Float[np.ndarray, " vertices"],
    reach_m: float = REACH_M,
) -> Contact:
    """Where a garment is near a surface below it, to be kept at least ``gap_m`` outside (one gap,
    or one of each vertex).

    Beyond the surface's edges there is no in or out: what is nearest to an edge is let be.
    """
    return _contact(below, *below.nearest(cloth_m), gap_m, reach_m)


def _contact(
    below: Below, which: np.ndarray, shares: np.ndarray, away: np.ndarray,
    gap_m: float | np.ndarray, reach_m: float,
) -> Contact:  # fmt: skip
    faces = below.faces
    beyond = (below.at_edge[faces[which]] | (shares < 1e-6)).all(axis=1)
    own = np.flatnonzero((away < reach_m) & ~beyond)
    gaps = np.broadcast_to(gap_m, len(which))[own]
    return Contact(own, faces[which[own]], shares[own], gaps)


def laid_over(
    cloth_m: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    below: Below,
    gap_m: float,
    spread: csr_matrix,
    lining: Bool[np.ndarray, " vertices"] | None = None,
) -> tuple[Float[np.ndarray, "vertices 3"], Contact]:
    """A garment at least ``gap_m`` outside of a surface below it, vertices and faces alike, and how
    the two touch then. A ``lining`` may lie closer, or it would come through what it lines.

    What was pushed out may have another nearest triangle: it is looked for twice.
    """
    which, shares, away = below.nearest(cloth_m)
    gaps = gap_m if lining is None else np.where(lining, LINING * gap_m, gap_m)
    touching = _contact(below, which, shares, away, gaps, REACH_M)
    for _ in range(2):
        pushed = push_out(cloth_m, below.vertices_m, touching, spread)
        pushed = _over(pushed, faces, below, spread, gap_m)
        moved = np.flatnonzero((pushed != cloth_m).any(axis=1))
        cloth_m = pushed
        if not len(moved):
            break
        which[moved], shares[moved], away[moved] = below.nearest(cloth_m[moved])
        touching = _contact(below, which, shares, away, gaps, REACH_M)
    return cloth_m, touching


def spread_matrix(faces: Int[np.ndarray, "faces 3"], count: int) -> csr_matrix:
    """The matrix that gives each vertex the mean of its neighbours."""
    pairs = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1]])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0]])
    matrix = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    matrix.data[:] = 1
    total = np.asarray(matrix.sum(axis=1)).ravel()
    return csr_matrix(diags(1 / np.maximum(total, 1)) @ matrix)


def push_out(
    cloth_m: Float[np.ndarray, "vertices 3"],
    below_m: Float[np.ndarray, "below 3"],
    contact: Contact,
    spread: csr_matrix,
    rounds: int = 2,
) -> Float[np.ndarray, "vertices 3"]:
    """A garment with no vertex deeper than its contact allows."""
    cloth_m = cloth_m.copy()
    for _ in range(rounds):
        deep, out = contact.depth(cloth_m, below_m)
        if not (deep > 1e-6).any():
            break
        push = np.zeros_like(cloth_m)
        push[contact.own] = np.maximum(deep, 0)[:, None] * out
        cloth_m += _eased(push, spread)
    return cloth_m


def _eased(push: np.ndarray, spread: csr_matrix, rounds: int = 3) -> np.ndarray:
    """Moves of some vertices, which those around take part in, so that no dent shows."""
    firm = np.linalg.norm(push, axis=1, keepdims=True) > 0
    soft = push
    for _ in range(rounds):
        soft = np.where(firm, push, spread @ soft)
    return soft


def _over(
    cloth_m: np.ndarray, faces: np.ndarray, below: Below, spread: csr_matrix, gap_m: float
) -> np.ndarray:
    """A garment whose faces, too, lie outside of a surface below: where a vertex of that comes
    through a face that looks the same way, or nearly so, the face's corners go out, with what is
    around."""
    points, normals = below.vertices_m[below.used], below.normals[below.used]
    away, _ = KDTree(cloth_m).query(points, distance_upper_bound=2 * THROUGH_M)
    near = np.isfinite(away)
    points, normals = points[near], normals[near]
    if not len(points):
        return cloth_m
    a, b, c = (cloth_m[faces[:, k]] for k in range(3))
    _, nearest = KDTree(points).query((a + b + c) / 3)
    alike = np.einsum("nd,nd->n", np.cross(b - a, c - a), normals[nearest])
    outer = faces[alike > 0]  # hems and facings look the other way
    if not len(outer):
        return cloth_m
    cloth_m = cloth_m.copy()
    for _ in range(2):
        which, shares, away = Below(cloth_m, outer).nearest(points)
        corners = outer[which]
        a, b, c = (cloth_m[corners[:, k]] for k in range(3))
        out = np.cross(b - a, c - a)
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        at = shares[:, :1] * a + shares[:, 1:2] * b + shares[:, 2:] * c
        deep = gap_m + np.einsum("nd,nd->n", points - at, out)
        inside = (shares > 1e-6).all(axis=1) & (away < THROUGH_M)
        inside &= np.einsum("nd,nd->n", normals, out) > 0.2
        deep = np.where(inside, np.clip(deep, 0, 3 * gap_m), 0)
        most = np.zeros(len(cloth_m))
        np.maximum.at(most, corners.ravel(), np.repeat(deep, 3))
        if not (most > 1e-6).any():
            break
        push = np.zeros_like(cloth_m)
        for k in range(3):
            first = deep == most[corners[:, k]]
            push[corners[first, k]] = deep[first, None] * out[first]
        cloth_m += _eased(push, spread)
    return cloth_m


def pushed_by(
    cloth_m: Float[np.ndarray, "vertices 3"],
    loose: Int[np.ndarray, " loose"],
    limb_m: Float[np.ndarray, "limb 3"],
    normals: Float[np.ndarray, "limb 3"],
    spread: csr_matrix,
    gap_m: float,
    reach_m: float = 0.12,
) -> Float[np.ndarray, "vertices 3"]:
    """A garment whose ``loose`` vertices are out of limbs that have moved into it, by the nearest
    point of them (with its outward normal) in this very pose, as legs push a skirt."""
    cloth_m = cloth_m.copy()
    tree = KDTree(limb_m)
    for _ in range(3):
        away, found = tree.query(cloth_m[loose], distance_upper_bound=reach_m)
        near = np.isfinite(away)
        where, which = loose[near], np.asarray(found)[near]
        deep = gap_m - np.einsum("nd,nd->n", cloth_m[where] - limb_m[which], normals[which])
        if not (deep > 1e-6).any():
            break
        push = np.zeros_like(cloth_m)
        push[where] = np.maximum(deep, 0)[:, None] * normals[which]
        cloth_m += 0.9 * _eased(push, spread, 8)
    return cloth_m


def rim(faces: Int[np.ndarray, "faces 3"]) -> Int[np.ndarray, " rim"]:
    """The vertices on the edges of a surface."""
    pairs = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64), axis=1)
    many = int(pairs.max(initial=0)) + 1
    edges, count = np.unique(pairs[:, 0] * many + pairs[:, 1], return_counts=True)
    return np.unique(np.stack(np.divmod(edges[count == 1], many)))


def covered(
    inner_m: Float[np.ndarray, "inner 3"],
    outer: Below,
    within_m: float = 0.04,
    out_m: float = 0.0,
    hem_m: float = HEM_M,
) -> Bool[np.ndarray, " inner"]:
    """Which points lie closely under a garment, well away from its edges (``hem_m`` and the more
    the wider the gap is); ``out_m`` lets them stand out of it by that much (where its faces are
    coarser than what they cover)."""
    found = np.zeros(len(inner_m), bool)
    around = within_m + 0.03
    away, _ = KDTree(outer.vertices_m).query(inner_m, distance_upper_bound=around)
    near = np.flatnonzero(away < around)
    if not len(near):
        return found
    points = inner_m[near]
    which, shares, away = outer.nearest(points)
    corners = outer.corners[which]
    out = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    at = np.einsum("nk,nkd->nd", shares, corners)
    under = (np.einsum("nd,nd->n", points - at, out) < out_m) & (away < within_m)
    edge = outer.vertices_m[outer.hems]
    if len(edge):
        under &= KDTree(edge).query(at)[0] > hem_m + PEEP * away
    found[near] = under
    return found
