"""Solids that worn things are put together from: sheets, tubes along curves, lathes, rims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Piece:
    """A mesh with a texture coordinate a face corner (metres)."""

    vertices: np.ndarray
    faces: np.ndarray
    uv: np.ndarray

    def flipped(self) -> Piece:
        """The same with its other side out."""
        return Piece(self.vertices, self.faces[:, ::-1], self.uv[:, ::-1])

    def moved(self, turn: np.ndarray, move_m: np.ndarray | Sequence[float]) -> Piece:
        """Turned (3, 3), or mirrored, and moved; its outside stays outside."""
        other = Piece(self.vertices @ np.asarray(turn).T + move_m, self.faces, self.uv)
        return other.flipped() if np.linalg.det(turn) < 0 else other

    def mirrored(self) -> Piece:
        """The same on the other side (x)."""
        return self.moved(np.diag([-1.0, 1.0, 1.0]), np.zeros(3))


def joined(pieces: Sequence[Piece]) -> Piece:
    """Several pieces as one."""
    starts = np.cumsum([0, *(len(p.vertices) for p in pieces)])
    return Piece(
        np.concatenate([p.vertices for p in pieces]),
        np.concatenate([p.faces + start for p, start in zip(pieces, starts, strict=False)]),
        np.concatenate([p.uv for p in pieces]),
    )


def unit(v: np.ndarray) -> np.ndarray:
    """Rows of unit length."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def grid(v: np.ndarray, uv: np.ndarray, around: bool = False) -> Piece:
    """A sheet of vertices (rows, columns, 3) as a mesh; ``around`` closes each row.

    ``uv`` has one more column than the vertices where the rows are closed.
    """
    rows, columns = v.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    place = np.arange(rows * uv.shape[1]).reshape(rows, uv.shape[1])
    if around:
        index = np.concatenate([index, index[:, :1]], axis=1)
    corners = [grid_[s] for grid_ in (index, place) for s in _CORNERS]
    a, b, c, d, ta, tb, tc, td = corners
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], -2).reshape(-1, 3)
    texel = np.stack([np.stack([ta, tb, tc], -1), np.stack([ta, tc, td], -1)], -2).reshape(-1, 3)
    return Piece(v.reshape(-1, 3), faces, uv.reshape(-1, 2)[texel])


_CORNERS = (
    (slice(None, -1), slice(None, -1)), (slice(1, None), slice(None, -1)),
    (slice(1, None), slice(1, None)), (slice(None, -1), slice(1, None)),
)  # fmt: skip


def tube(
    line: np.ndarray, across_m: np.ndarray | float, along_m: np.ndarray | float, up: np.ndarray,
    place: tuple[float, float] = (0.5, 0.5), closed: bool = False, sides: int = 8,
    square: float = 1.0,
) -> Piece:  # fmt: skip
    """A tube along a line (n, 3): half as wide as ``across_m`` the way of ``up``, ``along_m`` the
    other way; ``square`` above 1 flattens its sides. Its texel is one ``place`` of the picture.
    """
    way = np.roll(line, -1, 0) - np.roll(line, 1, 0) if closed else np.gradient(line, axis=0)
    way = unit(way)
    up = np.broadcast_to(up, line.shape)
    side = unit(np.cross(way, up))
    up = unit(np.cross(side, way))
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False) + np.pi / sides
    c, s = np.cos(turn), np.sin(turn)
    c = np.sign(c) * np.abs(c) ** (1 / square)
    s = np.sign(s) * np.abs(s) ** (1 / square)
    a = np.broadcast_to(across_m, len(line))[:, None, None]
    b = np.broadcast_to(along_m, len(line))[:, None, None]
    v = line[:, None] + a * c[:, None] * up[:, None] + b * s[:, None] * side[:, None]
    if closed:
        v = np.concatenate([v, v[:1]])
    flat = np.broadcast_to(np.array(place), (len(v), sides + 1, 2))
    piece = outwards(grid(v, flat, True), np.concatenate([line, line[:1]]) if closed else line)
    if closed:
        return piece
    ends = [_lid(piece, v.shape[1], 0), _lid(piece, v.shape[1], len(v) - 1)]
    faces = np.concatenate([piece.faces, *ends])
    uv = np.concatenate([piece.uv, np.tile(np.array(place), (sum(map(len, ends)), 3, 1))])
    return Piece(piece.vertices, faces, uv)


def _lid(piece: Piece, sides: int, row: int) -> np.ndarray:
    first = row * sides
    k = np.arange(1, sides - 1)
    fan = np.stack([np.full_like(k, first), first + k, first + k + 1], axis=-1)
    return fan[:, ::-1] if row else fan


def outwards(piece: Piece, core: np.ndarray) -> Piece:
    """The mesh with its faces turned away from the nearest of the ``core`` points."""
    corners = piece.vertices[piece.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middle = corners.mean(axis=1)
    near = core[np.linalg.norm(middle[:, None] - core[None], axis=-1).argmin(axis=1)]
    if ((normal * (middle - near)).sum(axis=1) < 0).mean() > 0.5:
        return piece.flipped()
    return piece
