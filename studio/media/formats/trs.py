"""Bone matrices as file formats want them: local, and split into T, R and S."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.frames import Up
from studio.core.types import Animation, Armature, Character


def local_matrices(parents: Sequence[int] | np.ndarray, world: np.ndarray) -> np.ndarray:
    """Bone-to-world matrices (..., bones, 4, 4) as bone-to-parent; roots stay as they are."""
    local = np.array(world, np.float64)
    child = np.flatnonzero(np.asarray(parents) >= 0)
    parent = np.asarray(parents)[child]
    local[..., child, :, :] = np.linalg.solve(world[..., parent, :, :], world[..., child, :, :])
    return local


def world_matrices(parents: Sequence[int] | np.ndarray, local: np.ndarray) -> np.ndarray:
    """Inverse of :func:`local_matrices`."""
    world = np.array(local, np.float64)
    for bone, parent in enumerate(parents):
        if parent >= 0:
            world[..., bone, :, :] = world[..., parent, :, :] @ world[..., bone, :, :]
    return world


def split(local: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrices (..., 4, 4) as translations (..., 3), quaternions (..., 4; x y z w), scales.

    Axis lengths within 1e-4 of one are rounding, not scale. Shear cannot be expressed and is
    dropped.
    """
    scale = np.linalg.norm(local[..., :3, :3], axis=-2)
    turn = local[..., :3, :3] / scale[..., None, :]
    scale[np.abs(scale - 1) < 1e-4] = 1.0
    quaternion = Rotation.from_matrix(turn.reshape(-1, 3, 3)).as_quat()
    return local[..., :3, 3], quaternion.reshape(*local.shape[:-2], 4), scale


def continuous(quaternions: np.ndarray) -> np.ndarray:
    """Quaternions (frames, ..., 4) with signs such that neighbours in time are near each other."""
    dots = np.sum(quaternions[1:] * quaternions[:-1], -1)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), 0)
    return np.concatenate([quaternions[:1], quaternions[1:] * signs[..., None]])


def in_frame(
    armature: Armature, animation: Animation | None, up: Up, unit: str = "m"
) -> tuple[np.ndarray, np.ndarray | None]:
    """Rest matrices (bones, 4, 4) and animated ones (frames, bones, 4, 4) in a foreign frame."""
    rest = frames.matrices_from_world(armature.rest_world, up, unit)
    if animation is None or len(animation) == 0:
        return rest, None
    return rest, frames.matrices_from_world(animation.bones_world, up, unit)


def check(character: Character) -> None:
    """Raise StudioError unless the character can be written: finite, parents first, in range."""
    armature, animation = character.armature, character.animation
    bones = len(armature.names)
    if any(parent >= bone for bone, parent in enumerate(armature.parents)):
        raise StudioError(
            f"The bones of “{character.name}” are not ordered parents first.",
            "Run the step that made this person again.",
        )
    arrays = [armature.rest_world, *(part.mesh.vertices_m for part in character.parts)]
    if animation is not None:
        arrays += [animation.bones_world, animation.morphs]
    if not all(np.isfinite(values).all() for values in arrays):
        raise StudioError(
            f"“{character.name}” has missing values in its mesh or its motion.",
            "Fill the gaps of the motion, then make the person again.",
        )
    for part in character.parts:
        if bones and part.joints.size and not 0 <= part.joints.min() <= part.joints.max() < bones:
            raise StudioError(
                f"The part “{part.name}” is bound to a bone that does not exist.",
                "Run the step that made this person again.",
            )
