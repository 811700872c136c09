"""Euler angles of the six Tait-Bryan orders, as BVH channels name them."""

from __future__ import annotations

from typing import Literal

import numpy as np

Order = Literal["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"]


def to_matrix(angles: np.ndarray, order: str) -> np.ndarray:
    """Angles (..., n) in radians as rotations (..., 3, 3): R = R1(a1) R2(a2) ...

    ``order`` names one axis per angle; BVH channels are read this way from left to right.
    """
    turn = np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3))
    for k, axis in enumerate(order):
        i = "XYZ".index(axis)
        j, m = (i + 1) % 3, (i + 2) % 3
        one = np.zeros_like(turn)
        one[..., i, i] = 1
        one[..., j, j] = one[..., m, m] = np.cos(angles[..., k])
        one[..., m, j] = np.sin(angles[..., k])
        one[..., j, m] = -one[..., m, j]
        turn = turn @ one
    return turn


def from_matrix(turn: np.ndarray, order: Order) -> np.ndarray:
    """Rotations (..., 3, 3) as angles (..., 3) in radians; the third is 0 in gimbal lock."""
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    sine = np.clip(sign * turn[..., i, k], -1, 1)
    free = np.hypot(turn[..., i, i], turn[..., i, j]) > 1e-7
    first = np.where(
        free,
        np.arctan2(-sign * turn[..., j, k], turn[..., k, k]),
        np.arctan2(sign * turn[..., k, j], turn[..., j, j]),
    )
    cosine = np.hypot(turn[..., i, i], turn[..., i, j])
    third = np.where(free, np.arctan2(-sign * turn[..., i, j], turn[..., i, i]), 0.0)
    return np.stack([first, np.arctan2(sine, cosine), third], -1)


def continuous(angles: np.ndarray) -> np.ndarray:
    """Angles (frames, ..., 3) without jumps: of each rotation's representations the nearest.

    (a, b, c) and (a + π, π - b, c + π) are the same rotation, as are whole turns of each angle.
    """
    smooth = angles.copy()
    for frame in range(1, len(smooth)):
        before = smooth[frame - 1]
        plain = angles[frame]
        other = np.stack([plain[..., 0] + np.pi, np.pi - plain[..., 1], plain[..., 2] + np.pi], -1)
        near = [_nearest(choice, before) for choice in (plain, other)]
        away = [np.abs(choice - before).sum(-1, keepdims=True) for choice in near]
        smooth[frame] = np.where(away[0] <= away[1], near[0], near[1])
    return smooth


def _nearest(angles: np.ndarray, goal: np.ndarray) -> np.ndarray:
    return angles + 2 * np.pi * np.rint((goal - angles) / (2 * np.pi))
