"""Turns of bones: frames from two directions, swings and twists, quaternions.

All in the axes of the world in T-pose: Z up, facing -Y, x to the person's left.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

Quaternion = tuple[float, float, float, float]
Turn = Float[np.ndarray, "3 3"]
Vector = Float[np.ndarray, "3"]
EYE = np.eye(3)
_SMALL = 1e-9


def unit(way: Vector) -> Vector:
    """The direction of a vector; of none, none."""
    return way / max(float(np.linalg.norm(way)), _SMALL)


def swing(a: Vector, b: Vector) -> Turn:
    """The smallest turn that brings direction ``a`` to direction ``b``."""
    a, b = unit(a), unit(b)
    v, cosine = np.cross(a, b), float(a @ b)
    if cosine < -1 + 1e-6:  # the other way round: about any axis across
        aside = unit(np.cross(a, [1.0, 0.0, 0.0] if abs(a[0]) < 0.8 else [0.0, 1.0, 0.0]))
        return 2 * np.outer(aside, aside) - EYE
    K = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return EYE + K + K @ K / (1 + cosine)


def basis(along: Vector, across: Vector) -> Turn:
    """Axes of which the first lies along one direction and the second nearest to another."""
    x = unit(along)
    y = unit(across - x * (x @ across))
    return np.stack([x, y, np.cross(x, y)], axis=1)


def between(rest: tuple[Vector, Vector], now: tuple[Vector, Vector]) -> Turn:
    """The turn that brings one pair of directions (along, across) to another."""
    return basis(*now) @ basis(*rest).T


def part_of(turn: Turn, share: float) -> Turn:
    """A share of a turn, about the same axis."""
    return Rotation.from_rotvec(share * Rotation.from_matrix(turn).as_rotvec()).as_matrix()


def limited(turn: Turn, most_deg: float) -> Turn:
    """The same turn, by no more than ``most_deg``."""
    rotvec = Rotation.from_matrix(turn).as_rotvec()
    angle = float(np.degrees(np.linalg.norm(rotvec)))
    return turn if angle <= most_deg else part_of(turn, most_deg / angle)


def twist_of(turn: Turn, axis: Vector) -> float:
    """How far a turn spins about an axis, radians (swing-twist decomposition)."""
    x, y, z, w = Rotation.from_matrix(turn).as_quat()
    return float(2 * np.arctan2(axis @ [x, y, z], w) + np.pi) % (2 * np.pi) - np.pi


def about(axis: Vector, angle_rad: float) -> Turn:
    """The turn about an axis (a unit vector)."""
    return Rotation.from_rotvec(angle_rad * np.asarray(axis, float)).as_matrix()


def head_turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Turn:
    """The turn of a head: to the own left, up, and towards the own left shoulder."""
    return Rotation.from_euler("ZXY", [yaw_deg, -pitch_deg, roll_deg], degrees=True).as_matrix()


def quaternions(turns: Mapping[str, Turn]) -> dict[str, Quaternion]:
    """Turns by bone as quaternions (x, y, z, w), w never negative."""
    if not turns:
        return {}
    found = Rotation.from_matrix(np.stack(list(turns.values()))).as_quat(canonical=True)
    return {bone: (x, y, z, w) for bone, (x, y, z, w) in zip(turns, found.tolist(), strict=True)}


def near(
    turns: Mapping[str, Quaternion], before: Mapping[str, Quaternion]
) -> dict[str, Quaternion]:
    """The same turns, each of the two signs that is nearer to how its bone stood before: whoever
    mixes them number by number never goes the long way round."""

    def signed(bone: str, turn: Quaternion) -> Quaternion:
        x, y, z, w = turn
        a, b, c, d = before.get(bone, turn)
        return (-x, -y, -z, -w) if x * a + y * b + z * c + w * d < 0 else turn

    return {bone: signed(bone, turn) for bone, turn in turns.items()}


def matrices(turns: Mapping[str, Quaternion]) -> dict[str, Turn]:
    """Quaternions by bone as 3 x 3 turns."""
    if not turns:
        return {}
    found = Rotation.from_quat(np.array(list(turns.values()))).as_matrix()
    return dict(zip(turns, found, strict=True))


def slerp(
    a: Float[np.ndarray, "turns 4"],
    b: Float[np.ndarray, "turns 4"],
    share: Float[np.ndarray, "turns"],
) -> Float[np.ndarray, "turns 4"]:
    """Quaternions between others, each a share of the shorter way (Shoemake 1985)."""
    cosine = np.sum(a * b, axis=1)
    b = np.where(cosine[:, None] < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    near = angle < 1e-4
    sine = np.where(near, 1.0, np.sin(angle))
    first = np.where(near, 1 - share, np.sin((1 - share) * angle) / sine)
    second = np.where(near, share, np.sin(share * angle) / sine)
    found = first[:, None] * a + second[:, None] * b
    return found / np.linalg.norm(found, axis=1, keepdims=True)
