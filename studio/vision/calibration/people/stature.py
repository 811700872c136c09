"""How tall a person is, from keypoints, whatever they do: along the body from ankle to head.

The path ankle, knee, hip, middle of the hips, middle of the shoulders, ears is nearly the same
share of everybody's stature, standing or bent: a joint that is marked too high makes one segment
longer and the next one shorter. The shares were measured on 80 adults of the parametric person;
they differ by whether a detector marks what annotators mark (COCO) or the joints' centres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from studio.core.types import Layout

_SHARES = {
    "ear": (0.8751, 0.8857), "eye": (0.8995, 0.9085), "nose": (0.8926, 0.9004),
    "head_top": (0.9491, 0.9491), "": (0.7606, 0.7586),
}  # fmt: skip
"""The top of the path: its share of stature as annotated, and from the joints' centres."""
_VARIES = {"ear": 0.005, "eye": 0.005, "nose": 0.005, "head_top": 0.004, "": 0.012}
MARKED = 0.01
"""What the errors of a detector along the body add, as a share: one standard deviation."""


@dataclass(frozen=True)
class Stature:
    """A body's height in the units of its keypoints, and one standard deviation of it as a share
    (how people differ, and how it scattered over the take)."""

    height: float
    spread: float


def stature(
    layout: Layout, xyz: Float[np.ndarray, "frames points 3"], *, centres: bool = False
) -> Stature | None:
    """The height of the person; None where legs or shoulders are never seen whole.

    ``centres`` says that points lie at the joints' centres, not where annotators mark them.
    """
    p = {name: xyz[:, i] for i, name in enumerate(layout.points)}
    if any(f"{side}_{stem}" not in p for side in ("left", "right")
           for stem in ("ankle", "knee", "hip", "shoulder")):  # fmt: skip
        return None
    legs = [_length(p, [f"{side}_{stem}" for stem in ("ankle", "knee", "hip")])
            for side in ("left", "right")]  # fmt: skip
    hips, shoulders = _middle(p, "hip"), _middle(p, "shoulder")
    trunk = np.linalg.norm(hips - shoulders, axis=-1)
    parts = [np.concatenate(legs), trunk]
    top, head = _head(p)
    if head is not None:
        parts.append(np.linalg.norm(head - shoulders, axis=-1))
    medians, errors = [], []
    for part in parts:
        known = part[np.isfinite(part)]
        if len(known) < 5:
            return None
        medians.append(float(np.median(known)))
        scatter = 1.48 * float(np.median(np.abs(known - medians[-1])))
        # Errors last for about a second: far fewer looks than frames.
        errors.append(scatter / np.sqrt(max(len(known) / 30, 1)))
    height = sum(medians) / _SHARES[top][centres]
    spread = np.hypot(_VARIES[top], MARKED)
    return Stature(height, float(np.hypot(spread, np.linalg.norm(errors) / sum(medians))))


def _length(p: dict[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    return sum(
        (np.linalg.norm(p[b] - p[a], axis=-1) for a, b in pairwise(names)),
        np.zeros(()),
    )


def _middle(p: dict[str, np.ndarray], stem: str) -> np.ndarray:
    return (p[f"left_{stem}"] + p[f"right_{stem}"]) / 2


def _head(p: dict[str, np.ndarray]) -> tuple[str, np.ndarray | None]:
    """The best point of the head that the layout has, and its name."""
    for stem in ("ear", "eye"):
        if f"left_{stem}" in p and np.isfinite(_middle(p, stem)).any():
            return stem, _middle(p, stem)
    for name in ("nose", "head_top"):
        if name in p and np.isfinite(p[name]).any():
            return name, p[name]
    return "", None
