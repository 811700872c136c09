"""Light from everywhere: the radiance of a sky or a room as nine spherical harmonics.

What a matt surface receives from distant surroundings is so smooth that the harmonics of degree 0
to 2 hold it within a few per cent (R. Ramamoorthi and P. Hanrahan, "An efficient representation
for irradiance environment maps", SIGGRAPH 2001).

Surroundings are pictures of linear radiance (height, width, 3) in the equirectangular projection:
row 0 looks straight up (+Z), the middle column along +Y, and columns run clockwise seen from
above, as they do for somebody who turns to the right.
"""

from __future__ import annotations

import numpy as np

MATT = np.array([1.0] + [2 / 3] * 3 + [1 / 4] * 5)
"""How much of each harmonic a matt surface keeps (the clamped cosine over pi)."""
MIRRORED = np.array([1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0])
"""What each harmonic is multiplied by where left and right (x) change places."""


def basis(directions: np.ndarray) -> np.ndarray:
    """The nine real spherical harmonics (..., 9) of unit vectors (..., 3), degree by degree."""
    x, y, z = np.moveaxis(np.asarray(directions), -1, 0)
    return np.stack(
        [
            np.full_like(x, 0.28209479177387814),
            0.4886025119029199 * y, 0.4886025119029199 * z, 0.4886025119029199 * x,
            1.0925484305920792 * x * y, 1.0925484305920792 * y * z,
            0.31539156525252005 * (3 * z * z - 1),
            1.0925484305920792 * x * z, 0.5462742152960396 * (x * x - y * y),
        ],
        axis=-1,
    )  # fmt: skip


def directions(height: int, width: int) -> np.ndarray:
    """The unit vectors (height, width, 3) along which an equirectangular picture looks."""
    down = (np.arange(height) + 0.5) / height * np.pi
    turn = ((np.arange(width) + 0.5) / width - 0.5) * 2 * np.pi
    level = np.sin(down)[:, None]
    return np.stack(
        [
            level * np.sin(turn),
            level * np.cos(turn),
            np.broadcast_to(np.cos(down)[:, None], (height, width)),
        ],
        axis=-1,
    )


def spread(count: int) -> np.ndarray:
    """Unit vectors (count, 3) spread evenly over a sphere, from the top down (a Fibonacci
    lattice)."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    turn = np.pi * (1 + 5**0.5) * k
    level = np.sqrt(1 - z * z)
    return np.stack([level * np.cos(turn), level * np.sin(turn), z], axis=1)


def harmonics(surroundings: np.ndarray) -> np.ndarray:
    """The coefficients (9, 3) of an equirectangular picture of radiance (height, width, 3)."""
    height, width = surroundings.shape[:2]
    way = directions(height, width)
    edges = np.cos(np.arange(height + 1) / height * np.pi)
    solid = (edges[:-1] - edges[1:]) * 2 * np.pi / width
    return np.einsum("hwk,hwc,h->kc", basis(way), surroundings.astype(np.float64), solid)


def diffuse(coefficients: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """What a white matt surface sends back (..., 3), its unit normals being (..., 3)."""
    return basis(normals) @ (MATT[:, None] * coefficients)


def turned(surroundings: np.ndarray, degrees: float) -> np.ndarray:
    """The surroundings turned about the vertical, counter-clockwise seen from above."""
    shift = -degrees / 360 * surroundings.shape[1]
    whole = int(np.floor(shift))
    share = shift - whole
    rolled = np.roll(surroundings, whole, axis=1)
    return (1 - share) * rolled + share * np.roll(rolled, 1, axis=1)


def sky(
    sun: tuple[float, float, float],
    zenith: tuple[float, float, float] = (0.30, 0.48, 0.85),
    horizon: tuple[float, float, float] = (0.75, 0.80, 0.86),
    ground: tuple[float, float, float] = (0.22, 0.20, 0.17),
    glow: float = 1.2,
    height: int = 64,
) -> np.ndarray:
    """A clear or hazy sky over even ground, without the sun's disc (that is the key light).

    ``sun`` points to it, ``glow`` is how much brighter the sky is around it.
    """
    way = directions(height, 2 * height)
    up = way[..., 2:]
    towards = np.asarray(sun) / np.linalg.norm(sun)
    share = np.clip(up, 0, 1) ** 0.45
    above = np.array(horizon) + share * (np.array(zenith) - np.array(horizon))
    near = np.clip(way @ towards, 0, 1)[..., None]
    above = above * (1 + glow * (0.25 * near**4 + near**40))
    edge = np.clip(up / 0.03 + 0.5, 0, 1)
    return np.array(ground) + edge * (above - np.array(ground))


def room(
    lamps: tuple[tuple[tuple[float, float, float], float, tuple[float, float, float]], ...],
    walls: tuple[float, float, float] = (0.32, 0.31, 0.29),
    ceiling: tuple[float, float, float] = (0.42, 0.42, 0.41),
    floor: tuple[float, float, float] = (0.20, 0.17, 0.14),
    height: int = 64,
) -> np.ndarray:
    """A room as one sees it from its middle, with windows or lamps.

    Each lamp is a direction, its half width in degrees, and its radiance.
    """
    way = directions(height, 2 * height)
    up = way[..., 2:]
    out = np.where(up > 0.55, np.array(ceiling), np.array(walls))
    out = np.where(up < -0.45, np.array(floor), out)
    for towards, half_deg, radiance in lamps:
        axis = np.asarray(towards) / np.linalg.norm(towards)
        away = np.degrees(np.arccos(np.clip(way @ axis, -1, 1)))[..., None]
        inside = np.clip((half_deg - away) / (0.1 * half_deg) + 0.5, 0, 1)
        out = out + inside * (np.array(radiance) - out)
    return out
