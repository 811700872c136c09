"""How far one motion's body is from another's, in the ways that the field counts it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.types import Fact, Motion
from studio.human.convert import convert
from studio.human.joint_centres import joint_centres
from studio.vision.similarity import nearest_similar

_LIMBS = "coco_17"
_ROWS = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
_HIPS = (6, 7)
_LEAST = 6


@dataclass(frozen=True)
class Distance:
    """Mean distances of the twelve limb joints (mm), over ``frames`` frames.

    ``rooted_mm`` with the middle of the hips at the same place (root-aligned MPJPE), ``aligned_mm``
    after the best turn, shift and scale of each frame (PA-MPJPE), ``placed_mm`` as they stand.
    """

    rooted_mm: float
    aligned_mm: float
    placed_mm: float
    frames: int

    def fact(self) -> Fact:
        """The distance from a triangulated motion as a fact."""
        text = (
            f"{self.aligned_mm:.0f} mm aligned (PA-MPJPE), {self.rooted_mm:.0f} mm hips on hips, "
            f"over {self.frames} frames"
        )
        verdict = "good" if self.aligned_mm < 60 else "look" if self.aligned_mm < 120 else "stop"
        return Fact("From triangulated", text, verdict)


def joints_of(motion: Motion) -> Float[np.ndarray, "frames 12 3"]:
    """The limb joints of a motion, at their centres where that was measured."""
    centred = joint_centres(motion)
    return convert(centred.xyz_m, motion.layout, _LIMBS)[:, list(_ROWS)]


def distance(motion: Motion, truth: Motion) -> Distance | None:
    """How far a motion is from another of the same take; None if they share nothing."""
    if not len(motion) or not len(truth):
        return None
    near = np.abs(truth.times_s[None] - motion.times_s[:, None])
    place = near.argmin(1)
    step = 0.75 / max(truth.rate_hz, 1.0)
    both = near.min(1) <= max(step, 1e-6)
    a, b = joints_of(motion)[both], joints_of(truth)[place[both]]
    known = np.asarray(np.isfinite(np.concatenate([a, b], -1)).all(-1))
    whole = known[:, list(_HIPS)].all(1) & (known.sum(1) >= _LEAST)
    if not whole.any():
        return None
    a, b, known = a[whole], b[whole], known[whole]
    rooted = [x - x[:, list(_HIPS)].mean(1, keepdims=True) for x in (a, b)]
    best = nearest_similar(a, b, known)
    return Distance(
        _mm(rooted[0] - rooted[1], known), _mm(best - b, known), _mm(a - b, known),
        int(whole.sum()),
    )  # fmt: skip


def _mm(off: np.ndarray, known: np.ndarray) -> float:
    return float(1000 * np.linalg.norm(off, axis=-1)[known].mean())
