"""Sewing: draped panels, bands and buttons become one asset, bound to the base mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags, lil_matrix, vstack

from studio.human.rig import BONE_NAMES
from studio.human.wardrobe.asset import Asset, AssetMaterial, AssetMesh, Binding, Card
from studio.human.wardrobe.fitting import bind
from studio.render.scene import vertex_normals
from studio.synth import cloth
from studio.synth.tailor.cutting import Cut, dummy
from studio.synth.tailor.fabric import Cloth2D, texels
from studio.synth.tailor.unwrapping import Panel, pack, panels


@dataclass(frozen=True, eq=False)
class Shell:
    """A surface of the garment: vertices on the dummy, between which base vertices each lies,
    where it is on the average person, and its flat panels (over its own vertices)."""

    vertices_m: np.ndarray
    base: np.ndarray
    shares: np.ndarray
    coat_m: np.ndarray
    faces: np.ndarray
    panels: list[Panel]
    extra_faces: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), int))
    extra_of: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    weights: csr_matrix | None = None


def three(cut: Cut) -> tuple[np.ndarray, np.ndarray]:
    """The (at most three) base vertices of each vertex of a cut, and their shares."""
    rows: Any = cut.piece.of_base.tocsr()
    rows.eliminate_zeros()
    base = np.zeros((len(cut.coat_m), 3), np.int64)
    shares = np.zeros((len(cut.coat_m), 3))
    for k in range(len(cut.coat_m)):
        part = slice(rows.indptr[k], rows.indptr[k + 1])
        order = np.argsort(-rows.data[part])[:3]
        found, share = rows.indices[part][order], rows.data[part][order]
        base[k] = found[0]
        base[k, : len(found)] = found
        shares[k, : len(found)] = share / share.sum()
    return base, shares


def shell(cut: Cut, draped_m: np.ndarray, pattern_m: np.ndarray, thick_m: float = 0.004) -> Shell:
    """A draped cut with the thickness of its hems; laid flat by its pattern."""
    base, shares = three(cut)
    flat = panels(pattern_m, cut.faces, cut.front)
    normals = vertex_normals(draped_m, cut.faces)
    faces, vertices, source = cloth.hem(cut.faces, draped_m, normals, thick_m)
    every = np.concatenate([np.arange(len(draped_m)), source])
    return Shell(
        vertices, base[every], shares[every], cut.coat_m[every], cut.faces, flat,
        faces[len(cut.faces) :], every,
    )  # fmt: skip


def hanging(of: Shell, high_m: float = 0.15, low_m: float = 0.03) -> csr_matrix:
    """Skin weights for the lower part of a garment (on the average person), which moves more and
    more with the skirt volume, as cloth does that hangs over both legs; zero elsewhere."""
    at = of.coat_m
    share = np.clip((high_m - at[:, 2]) / (high_m - low_m), 0, 1) * (np.abs(at[:, 0]) < 0.30)
    low = np.flatnonzero(share > 0)
    figure = dummy()
    volume = bind(of.vertices_m[low], figure.vertices_m, figure.surface.faces["skirt"])
    over_legs = volume.matrix @ figure.weights
    own = Binding(of.base[low], of.shares[low], np.zeros((len(low), 3))).matrix @ figure.weights
    mixed: Any = diags(share[low]) @ over_legs + diags(1 - share[low]) @ own
    every = lil_matrix((len(at), mixed.shape[1]))
    every[low] = mixed
    return csr_matrix(every)


def loops(faces: np.ndarray) -> list[np.ndarray]:
    """The closed edges of a surface, as rings of vertices in the order in which faces run."""
    after = {int(a): int(b) for a, b in cloth.border(faces)}
    found: list[np.ndarray] = []
    while after:
        start = next(iter(after))
        ring = [start]
        while (nxt := after.pop(ring[-1])) != start:
            ring.append(nxt)
        found.append(np.array(ring))
    return found


def band(of: Shell, cut: Cut, ring: np.ndarray, rows: np.ndarray, turned: bool = False) -> Shell:
    """A band sewn to a ring of the garment's edge: ``rows`` (rows, ring, 2) say how far out of the
    cloth and how far beyond the edge each of its vertices lies (metres). One that is ``turned``
    down, as a collar is, shows its other side."""
    points = of.vertices_m[ring]
    normals = vertex_normals(of.vertices_m[: len(cut.coat_m)], cut.faces)[ring]
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    for _ in range(3):
        normals = 0.5 * normals + 0.25 * (np.roll(normals, 1, 0) + np.roll(normals, -1, 0))
    beyond = np.cross(along, normals)
    beyond /= np.linalg.norm(beyond, axis=1, keepdims=True)
    for _ in range(6):
        beyond = 0.5 * beyond + 0.25 * (np.roll(beyond, 1, 0) + np.roll(beyond, -1, 0))
    beyond /= np.linalg.norm(beyond, axis=1, keepdims=True)
    grid = points + rows[..., :1] * normals + rows[..., 1:] * beyond
    if turned:
        grid, ring = grid[:, ::-1], ring[::-1]
    return strip(grid, of.base[ring], of.shares[ring], of.coat_m[ring])


def strip(grid: np.ndarray, base: np.ndarray, shares: np.ndarray, coat: np.ndarray) -> Shell:
    """Rows of vertices (rows, ring, 3) as a closed band; each column is bound to one place."""
    rows, count, _ = grid.shape
    index = np.arange(rows * count).reshape(rows, count)
    a, b = index[:-1], np.roll(index[:-1], -1, axis=1)
    c, d = np.roll(index[1:], -1, axis=1), index[1:]
    faces = np.concatenate(
        [np.stack([a, d, c], -1).reshape(-1, 3), np.stack([a, c, b], -1).reshape(-1, 3)]
    )
    step = np.linalg.norm(np.roll(grid[0], -1, axis=0) - grid[0], axis=1)
    u = np.concatenate([[0], np.cumsum(step)])
    v = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(grid, axis=0), axis=2).mean(axis=1))])
    flat = np.stack(np.broadcast_arrays(u[None], -v[:, None]), axis=-1).reshape(-1, 2)
    wide = np.arange(rows * (count + 1)).reshape(rows, count + 1)
    a, b, c, d = wide[:-1, :-1], wide[:-1, 1:], wide[1:, 1:], wide[1:, :-1]
    flat_faces = np.concatenate(
        [np.stack([a, d, c], -1).reshape(-1, 3), np.stack([a, c, b], -1).reshape(-1, 3)]
    )
    vertices = np.concatenate([index, index[:, :1]], axis=1).ravel()
    return Shell(
        grid.reshape(-1, 3),
        np.tile(base, (rows, 1)),
        np.tile(shares, (rows, 1)),
        np.tile(coat, (rows, 1)),
        faces,
        [Panel(flat, flat_faces, vertices)],
    )


@dataclass(frozen=True, eq=False)
class Look:
    """How a garment is described and worn."""

    name: str
    card: Card
    z_depth: int
    deletes: np.ndarray
    roughness: float
    tags: tuple[str, ...] = ()
    size_px: int = 1024


def sew(shells: list[Shell], look: Look, paint: Callable[[Cloth2D], None]) -> Asset:
    """One asset of all surfaces; ``paint`` draws on its picture."""
    pieces: list[Panel] = []
    owners: list[int] = []
    start = 0
    hems: set[tuple[int, int]] = set()
    for one in shells:
        for panel in one.panels:
            pieces.append(Panel(panel.flat_m, panel.faces, panel.vertices + start))
            owners.append(start)
        hems |= {
            (int(min(edge)) + start, int(max(edge)) + start) for edge in cloth.border(one.faces)
        }
        start += len(one.vertices_m)
    coat = np.concatenate([one.coat_m for one in shells])
    layout = pack(pieces)
    canvas = Cloth2D.plain(texels(pieces, layout, coat, hems, look.size_px))
    paint(canvas)
    vertices = np.concatenate([one.vertices_m for one in shells])
    base = np.concatenate([one.base for one in shells])
    shares = np.round(np.concatenate([one.shares for one in shells]), 4)
    shares[:, 0] = 1 - shares[:, 1] - shares[:, 2]
    faces, uv_faces, uv = _faces(shells, pieces, owners, layout.uv)
    mesh = AssetMesh(vertices, *quads(vertices, faces, uv, uv_faces))
    middle = np.einsum("vk,vkd->vd", shares, dummy().vertices_m[base])
    colour = look.card.colours.get("main", "#ffffff")
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    material = AssetMaterial(
        look.name, (red, green, blue), shininess=0.1, roughness=look.roughness,
        backface_cull=False, pictures=canvas.pictures(look.name),
    )  # fmt: skip
    return Asset(
        look.name, look.card, (material,), mesh, Binding(base, shares, vertices - middle),
        look.deletes, look.z_depth, None, look.tags, weights=_weights(shells),
    )  # fmt: skip


def _weights(shells: list[Shell]) -> csr_matrix | None:
    """The shells' own skin weights; rows are zero where they have none."""
    if all(one.weights is None for one in shells):
        return None
    bones = len(BONE_NAMES)
    rows = [
        csr_matrix((len(one.vertices_m), bones)) if one.weights is None else one.weights
        for one in shells
    ]
    return csr_matrix(vstack(rows))


def quads(
    vertices_m: np.ndarray, faces: np.ndarray, uv: np.ndarray, uv_faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of triangles joined into quads where that makes good ones: faces, uv, uv faces."""
    pairs = faces[:, [[0, 1], [1, 2], [2, 0]]]
    lengths = np.linalg.norm(vertices_m[pairs[..., 0]] - vertices_m[pairs[..., 1]], axis=2)
    by_edge: dict[tuple[int, int, int, int], tuple[int, int]] = {}
    meetings: list[tuple[float, int, int, int, int]] = []
    for f in range(len(faces)):
        for k in range(3):
            a, b = int(uv_faces[f, k]), int(uv_faces[f, (k + 1) % 3])
            i, j = int(faces[f, k]), int(faces[f, (k + 1) % 3])
            other = by_edge.pop((b, a, j, i), None)
            if other is None:
                by_edge[a, b, i, j] = f, k
                continue
            g, m = other
            longest = lengths[f, k] / max(lengths[f].max(), 1e-9)
            longest += lengths[g, m] / max(lengths[g].max(), 1e-9)
            meetings.append((-longest, f, k, g, m))
    taken = np.zeros(len(faces), bool)
    found: list[list[int]] = []
    found_uv: list[list[int]] = []
    for score, f, k, g, m in sorted(meetings):
        if score > -1.9 or taken[f] or taken[g]:
            continue
        taken[[f, g]] = True
        for table, out in ((faces, found), (uv_faces, found_uv)):
            a, b = table[f, k], table[f, (k + 1) % 3]
            out.append([int(table[f, (k + 2) % 3]), int(a), int(table[g, (m + 2) % 3]), int(b)])
    for f in np.flatnonzero(~taken):
        found.append([*map(int, faces[f]), -1])
        found_uv.append([*map(int, uv_faces[f]), -1])
    return np.array(found), uv, np.array(found_uv)


def _faces(
    shells: list[Shell], pieces: list[Panel], owners: list[int], uv: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces, their texture corners and all coordinates; turned-in hems take their edge's."""
    faces, uv_faces, coordinate, count = [], [], {}, 0
    for piece, at in zip(pieces, uv, strict=True):
        faces.append(piece.vertices[piece.faces])
        uv_faces.append(piece.faces + count)
        for k, vertex in enumerate(piece.vertices):
            coordinate.setdefault(int(vertex), count + k)
        count += len(at)
    start = 0
    for one in shells:
        if len(one.extra_faces):
            faces.append(one.extra_faces + start)
            edge = np.array([coordinate[int(v) + start] for v in one.extra_of])
            uv_faces.append(edge[one.extra_faces])
        start += len(one.vertices_m)
    return np.concatenate(faces), np.concatenate(uv_faces), np.concatenate(uv)
