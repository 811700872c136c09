"""Twist along the limbs, shared by the two bones of the upper arm and of the thigh."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.human.rig import BONE_NAMES
from studio.vision.rotations import rotation

_PAIRS = tuple(
    (BONE_NAMES.index(f"{stem}01.{side}"), BONE_NAMES.index(f"{stem}02.{side}"))
    for stem in ("upperarm", "upperleg")
    for side in "LR"
)


def spread_twist(
    turns: Float[np.ndarray, "frames bones 3 3"], offsets_m: Float[np.ndarray, "bones 3"]
) -> Float[np.ndarray, "frames bones 3 3"]:
    """Half of each upper bone's twist about its own axis is moved to the bone below it.

    The end of the limb turns as before; the skin of the shoulder and the hip is wrung less.
    """
    turns = turns.copy()
    for upper, lower in _PAIRS:
        axis = offsets_m[lower] / np.linalg.norm(offsets_m[lower])
        D = turns[:, upper]
        # The twist of R about a: atan2 of the quaternion's part along a, from the matrix.
        along = np.einsum("fii->f", D) + 1
        spun = np.stack(
            [D[:, 2, 1] - D[:, 1, 2], D[:, 0, 2] - D[:, 2, 0], D[:, 1, 0] - D[:, 0, 1]], -1
        )
        twist = 2 * np.arctan2(spun @ axis, np.maximum(along, 1e-9))
        half = rotation(0.5 * twist[:, None] * axis)
        turns[:, upper] = D @ half.transpose(0, 2, 1)
        turns[:, lower] = half @ turns[:, lower]
    return turns
