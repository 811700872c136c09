"""Simple solids as meshes: what rooms and props are put together from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from studio.core.types import Mesh

Point = tuple[float, float, float]
Colour = tuple[int, int, int]


def _painted(vertices: np.ndarray, faces: np.ndarray, colour: Colour, uv: np.ndarray | None = None):
    colours = np.tile(np.array(colour, np.uint8), (len(vertices), 1))
    return Mesh(np.asarray(vertices, np.float64), np.asarray(faces), uv, colours)


def _quads(corners: np.ndarray, colour: Colour, uv: np.ndarray | None = None) -> Mesh:
    """Separate quads (n, 4, 3), so that edges stay sharp."""
    count = len(corners)
    start = 4 * np.arange(count)[:, None, None]
    split = np.array([[0, 1, 2], [0, 2, 3]])
    faces = (start + split).reshape(-1, 3)
    if uv is None:
        uv = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]), (count, 1, 1))
    return _painted(corners.reshape(-1, 3), faces, colour, uv.reshape(-1, 2)[faces])


def box(low: Point, high: Point, colour: Colour = (255, 255, 255)) -> Mesh:
    """An axis-aligned box between two corners."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    corners = np.array([(x, y, z) for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)], float)
    sides = [(0, 4, 5, 1), (4, 6, 7, 5), (6, 2, 3, 7), (2, 0, 1, 3), (1, 5, 7, 3), (0, 2, 6, 4)]
    return _quads(corners[np.array(sides)], colour)


def quad(a: Point, b: Point, c: Point, d: Point, colour: Colour = (255, 255, 255)) -> Mesh:
    """A flat quad a b c d; the texture's bottom left corner lies at ``a``, bottom right at b."""
    return _quads(np.array([[a, b, c, d]], float), colour)


def panel(
    origin: Point,
    across: Point,
    up: Point,
    steps: int,
    colour: Colour,
    repeat: float = 1.0,
    edge_shade: float = 0.3,
) -> Mesh:
    """A flat panel cut into ``steps`` squares a side; ``edge_shade`` darkens it near its edges, as
    rooms' corners are.

    The texture repeats every ``repeat`` metres.
    """
    s, t = np.meshgrid(np.linspace(0, 1, steps + 1), np.linspace(0, 1, steps + 1))
    a, b = np.array(across, float), np.array(up, float)
    vertices = np.array(origin) + s[..., None] * a + t[..., None] * b
    index = np.arange((steps + 1) ** 2).reshape(steps + 1, steps + 1)
    c = [index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]]
    faces = np.stack(
        [np.stack([c[0], c[1], c[2]], -1), np.stack([c[0], c[2], c[3]], -1)], axis=2
    ).reshape(-1, 3)
    lengths = np.array([np.linalg.norm(a), np.linalg.norm(b)])
    place = np.stack([s, t], axis=-1).reshape(-1, 2) * lengths
    edge = np.minimum(place, lengths - place).min(axis=1)
    shade = 1 - edge_shade * np.exp(-edge / 0.35)
    colours = (np.array(colour) * shade[:, None]).astype(np.uint8)
    return Mesh(vertices.reshape(-1, 3), faces, (place / repeat)[faces], colours)


def lathe(
    centre: Point, profile: Iterable[tuple[float, float]], colour: Colour, sides: int = 24
) -> Mesh:
    """A solid of revolution about a vertical axis; ``profile`` are (radius, height) upwards."""
    outline = np.array(list(profile), float)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    flat = outline[:, None, :1] * ring
    height = np.broadcast_to(outline[:, None, 1:], (len(outline), sides, 1))
    vertices = np.concatenate([flat, height], axis=-1).reshape(-1, 3) + np.array(centre)
    k, j = np.meshgrid(np.arange(len(outline) - 1), np.arange(sides), indexing="ij")
    a, b = k * sides + j, k * sides + (j + 1) % sides
    faces = np.concatenate(
        [np.stack([a, b, b + sides], -1), np.stack([a, b + sides, a + sides], -1)]
    )
    return _painted(vertices, faces.reshape(-1, 3), colour)


def tube(a: Point, b: Point, radius_m: float, colour: Colour, sides: int = 12) -> Mesh:
    """A closed cylinder from ``a`` to ``b``."""
    start, end = np.array(a, float), np.array(b, float)
    length = float(np.linalg.norm(end - start))
    upright = lathe(
        (0, 0, 0), [(0, 0), (radius_m, 0), (radius_m, length), (0, length)], colour, sides
    )
    axis = (end - start) / length
    side = np.cross(axis, [1.0, 0, 0] if abs(axis[0]) < 0.9 else [0, 1.0, 0])
    side /= np.linalg.norm(side)
    turn = np.column_stack([side, np.cross(axis, side), axis])
    return Mesh(upright.vertices_m @ turn.T + start, upright.faces, None, upright.colours)


def curtain(
    origin: Point, across: Point, height_m: float, colour: Colour, folds: int, depth_m: float
) -> Mesh:
    """A hanging cloth with vertical folds."""
    s = np.linspace(0, 1, folds * 10 + 1)
    a = np.array(across, float)
    out = np.cross([0, 0, 1.0], a / np.linalg.norm(a))
    wave = depth_m * (np.sin(2 * np.pi * folds * s) + 0.35 * np.sin(2 * np.pi * folds * 1.7 * s))
    line = np.array(origin) + s[:, None] * a + wave[:, None] * out
    vertices = np.concatenate([line, line + np.array([0, 0, height_m])])
    n = len(s)
    k = np.arange(n - 1)
    faces = np.concatenate(
        [np.stack([k, k + 1, k + 1 + n], -1), np.stack([k, k + 1 + n, k + n], -1)]
    )
    return _painted(vertices, faces, colour)


def merge(meshes: Iterable[Mesh]) -> Mesh:
    """Several coloured meshes as one (without texture coordinates)."""
    vertices, faces, colours, count = [], [], [], 0
    for mesh in meshes:
        vertices.append(mesh.vertices_m)
        faces.append(mesh.faces + count)
        blank = np.full((len(mesh.vertices_m), 3), 255, np.uint8)
        colours.append(blank if mesh.colours is None else mesh.colours)
        count += len(mesh.vertices_m)
    return Mesh(np.concatenate(vertices), np.concatenate(faces), None, np.concatenate(colours))
