"""Marks of a foot that lie still in its own axes, by which its pose is told in pictures."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.human.anchors import REFERENCE_M

MARKS = (
    "heel", "big_toe", "small_toe", "inner_ball", "outer_ball", "instep", "inner_ankle",
    "outer_ankle", "achilles",
)  # fmt: skip
"""The marks of a foot, in order."""
MARKS_M = np.array([
    [0.002, 0.061, 0.022], [-0.020, -0.2156, 0.0155], [0.053, -0.160, 0.018],
    [-0.038, -0.140, 0.020], [0.0635, -0.112, 0.015], [0.008, -0.075, 0.086],
    [-0.030, -0.002, 0.085], [0.042, 0.012, 0.075], [0.003, 0.052, 0.110],
])  # fmt: skip
"""Where they lie on the average adult's left foot, in the frame of ``foot.L``
(:mod:`studio.human.anchors`); toes as they are when they lie flat."""
FOOT_M = REFERENCE_M["foot"]


def marks_m(side: str, foot_m: float = FOOT_M) -> Float[np.ndarray, "9 3"]:
    """The marks of a foot of that length, in its own frame; ``side`` is L or R."""
    return MARKS_M * (foot_m / FOOT_M) * np.array([1.0 if side == "L" else -1.0, 1.0, 1.0])
