"""Rotations as vectors and matrices, over arrays of any shape."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def cross_matrix(v: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """[v]×, with [v]× w = v × w."""
    out = np.zeros((*v.shape, 3))
    out[..., 0, 1], out[..., 0, 2], out[..., 1, 2] = -v[..., 2], v[..., 1], -v[..., 0]
    return out - np.swapaxes(out, -1, -2)


def rotation(vector: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation by |vector| rad about it (Rodrigues)."""
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    k = cross_matrix(vector)
    small = angle < 1e-6
    safe = np.where(small, 1.0, angle)
    sine = np.where(small, 1 - angle**2 / 6, np.sin(safe) / safe)
    versine = np.where(small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    return np.eye(3) + sine * k + versine * (k @ k)


def left_jacobian(vectors: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """d R(v) = [J dv]× R(v): the left Jacobian of SO(3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    k = cross_matrix(vectors)
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    b = np.where(small, 1 / 6 - angle**2 / 120, (safe - np.sin(safe)) / safe**3)
    return np.eye(3) + a * k + b * (k @ k)


def angle_deg(
    a: Float[np.ndarray, "*batch 3 3"], b: Float[np.ndarray, "*batch 3 3"]
) -> Float[np.ndarray, "*batch"]:
    """The angle between two rotations, in degrees (accurate for small ones too)."""
    apart = np.linalg.norm(a - b, axis=(-2, -1)) / np.sqrt(8.0)
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(apart, 0.0, 1.0))))


def nearest(matrix: Float[np.ndarray, "*batch 3 3"]) -> Float[np.ndarray, "*batch 3 3"]:
    """The rotation nearest to a matrix (Frobenius); the mean of rotations is that of their sum."""
    u, _, vt = np.linalg.svd(matrix)
    flip = np.ones((*matrix.shape[:-2], 3))
    flip[..., 2] = np.linalg.det(u @ vt)
    return (u * flip[..., None, :]) @ vt


def rigid(rotation: np.ndarray, translation: np.ndarray) -> Float[np.ndarray, "*batch 4 4"]:
    """4x4 matrices of x → R x + t."""
    out = np.zeros((*rotation.shape[:-2], 4, 4))
    out[..., :3, :3], out[..., :3, 3], out[..., 3, 3] = rotation, translation, 1.0
    return out


def twice(turn: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "6 6"]:
    """One rotation of two vectors that stand one above the other."""
    out = np.zeros((6, 6))
    out[:3, :3] = out[3:, 3:] = turn
    return out


def inverse(pose: Float[np.ndarray, "*batch 4 4"]) -> Float[np.ndarray, "*batch 4 4"]:
    """The inverse of rigid 4x4 matrices."""
    turned = np.swapaxes(pose[..., :3, :3], -1, -2)
    return rigid(turned, -(turned @ pose[..., :3, 3:])[..., 0])
