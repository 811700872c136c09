"""Solids of jewellers and watchmakers: turned profiles, balls, rings, cut stones."""

from __future__ import annotations

import numpy as np

from studio.synth.solids import Piece, grid, outwards, tube, unit

Flat = tuple[tuple[float, float], ...]
_Z = np.array([0.0, 0.0, 1.0])


def turned(profile: np.ndarray | Flat, sides: int = 48) -> Piece:
    """A profile (n, 2: distance from the axis and height, metres) turned about z, closed where it
    reaches the axis. The profile runs so that its outside is at its right."""
    flat = np.asarray(profile, float)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    way = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=-1)
    v = flat[:, :1, None] * way[None] + flat[:, 1:, None] * _Z
    u = np.linspace(0, 1, sides + 1)
    run = np.concatenate([[0.0], np.linalg.norm(np.diff(flat, axis=0), axis=1).cumsum()])
    uv = np.stack(np.broadcast_arrays(u[None], (run / max(run[-1], 1e-9))[:, None]), axis=-1)
    return grid(v, uv, True).flipped()


def rounded(profile: np.ndarray | Flat, by_m: float, steps: int = 3) -> np.ndarray:
    """A profile whose inner corners are rounded, by at most a third of the sides at each."""
    flat = np.asarray(profile, float)
    found = [flat[0]]
    for before, at, after in zip(flat[:-2], flat[1:-1], flat[2:], strict=True):
        back, ahead = before - at, after - at
        reach = [min(by_m, np.linalg.norm(side) / 3) for side in (back, ahead)]
        start, end = at + reach[0] * unit(back), at + reach[1] * unit(ahead)
        t = np.linspace(0, 1, steps + 1)[:, None]
        found += [*((1 - t) ** 2 * start + 2 * t * (1 - t) * at + t**2 * end)]
    return np.stack([*found, flat[-1]])


def ball(radius_m: float, sides: int = 20, rows: int = 12, long: float = 1.0) -> Piece:
    """A ball about the origin; ``long`` draws it out along z."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rows)
    return turned(radius_m * np.stack([np.cos(angle), long * np.sin(angle)], axis=-1), sides)


def drop(radius_m: float, long_m: float, sides: int = 24) -> Piece:
    """A pear whose tip is the origin and which hangs down so far."""
    t = np.linspace(0, np.pi, 22)
    wide = np.sin(t) * np.sin(t / 2) ** 1.35
    return turned(
        np.stack([radius_m * wide / wide.max(), -0.5 * long_m * (1 - np.cos(t))], -1)[::-1], sides
    )


def ring(
    radius_m: float, thick_m: float, across: np.ndarray, up: np.ndarray, points: int = 48,
    sides: int = 10, long: float = 1.0,
) -> Piece:  # fmt: skip
    """A ring about the origin in the plane of two unit vectors; ``long`` draws it out along ``up``;
    half as thick as ``thick_m`` says twice."""
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    line = radius_m * (np.cos(turn)[:, None] * across + long * np.sin(turn)[:, None] * up)
    return tube(line, thick_m, thick_m, np.cross(across, up), closed=True, sides=sides)


def stone(radius_m: float, sides: int = 8) -> Piece:
    """A brilliant about z with its table up, faceted, its girdle at height 0; its facets take turns
    with the eight tones of :func:`studio.synth.items.paint.facets`."""
    turn = 2 * np.pi * np.arange(sides) / sides
    half = turn + np.pi / sides

    def circle(share: float, high: float, at: np.ndarray) -> np.ndarray:
        flat = share * radius_m * np.stack([np.cos(at), np.sin(at)], axis=-1)
        return np.column_stack([flat, np.full(sides, high * radius_m)])

    table, star, girdle = circle(0.58, 0.34, turn), circle(0.78, 0.20, half), circle(1, 0.02, turn)
    middle, tip = np.array([0, 0, 0.34 * radius_m]), np.array([0, 0, -0.86 * radius_m])
    faces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for k in range(sides):
        n = (k + 1) % sides
        faces += [
            (middle, table[k], table[n]), (table[k], star[k], table[n]),
            (table[k], girdle[k], star[k]), (star[k], girdle[n], table[n]),
            (star[k], girdle[k], girdle[n]), (girdle[k], tip, girdle[n]),
        ]  # fmt: skip
    v = np.array(faces).reshape(-1, 3)
    count = len(faces)
    kinds = np.tile((0, 3, 1, 6, 4, 2), sides) + 3 * np.repeat(np.arange(sides) % 3, 6)
    kinds[::6] = 5
    uv = np.full((count, 3, 2), 0.5)
    uv[..., 0] = ((kinds % 8 + 0.5) / 8)[:, None]
    piece = Piece(v, np.arange(3 * count).reshape(-1, 3), uv)
    return outwards(piece, np.zeros((1, 3)))


def facing(way: np.ndarray, up: np.ndarray = _Z) -> np.ndarray:
    """The turn (3, 3) that brings z to look along ``way``, y as far up as it can be."""
    z = unit(np.asarray(way, float))
    x = unit(np.cross(up, z))
    return np.stack([x, np.cross(z, x), z], axis=1)


def swept(line: np.ndarray, section: np.ndarray, up: np.ndarray, closed: bool = False) -> Piece:
    """A section (m, 2: along ``up``, and beside it) carried along a line (n, 3), with lids where it
    is open. ``section`` may be (n, m, 2)."""
    way = np.roll(line, -1, 0) - np.roll(line, 1, 0) if closed else np.gradient(line, axis=0)
    up = np.broadcast_to(up, line.shape)
    side = unit(np.cross(unit(way), up))
    up = unit(np.cross(side, unit(way)))
    flat = np.broadcast_to(section, (len(line), *np.shape(section)[-2:]))
    v = line[:, None] + flat[..., :1] * up[:, None] + flat[..., 1:] * side[:, None]
    run = np.concatenate([[0.0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    if closed:
        v, line = np.concatenate([v, v[:1]]), np.concatenate([line, line[:1]])
        run = np.append(run, run[-1] + np.linalg.norm(line[-1] - line[-2]))
    else:
        v = np.concatenate([line[:1, None] + 0 * v[:1], v, line[-1:, None] + 0 * v[-1:]])
        run = np.concatenate([run[:1], run, run[-1:]])
        line = np.concatenate([line[:1], line, line[-1:]])
    around = np.linspace(0, 1, v.shape[1] + 1)
    uv = np.stack(np.broadcast_arrays(around[None], (run / run[-1])[:, None]), axis=-1)
    return outwards(grid(v, uv, True), line)
