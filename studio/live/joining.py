"""Hands and faces that were found a moment ago, on bodies that have moved since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.types import Keypoints

FRESH_S, GONE_S = 0.15, 0.45
"""Hands and faces are believed as they were found for so long, and from then on less and less."""
_CARRIED = {
    "left_hand": ("left_wrist",),
    "right_hand": ("right_wrist",),
    "face": ("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
}
"""The points of the body that each part goes with."""


@dataclass(frozen=True, eq=False)
class Whole:
    """People of one picture of a camera, hands and faces included."""

    time_s: float
    people: tuple[Keypoints, ...]


def joined(
    bodies: Sequence[Keypoints], time_s: float, whole: Whole | None
) -> tuple[Keypoints, ...]:
    """The people of a picture: their bodies as just found, the rest as it was found last, moved
    with wrist and head. Without any body, whoever was told whole."""
    age_s = np.inf if whole is None else time_s - whole.time_s
    if whole is None or not 0 <= age_s < GONE_S:
        return tuple(bodies)
    say = float(np.clip((GONE_S - age_s) / (GONE_S - FRESH_S), 0.0, 1.0))
    if not bodies:
        return tuple(replace(one, confidence=say * one.confidence) for one in whole.people)
    before = {one.person: one for one in whole.people}
    return tuple(
        one if one.person not in before else _joined(one, before[one.person], say) for one in bodies
    )


def _joined(body: Keypoints, whole: Keypoints, say: float) -> Keypoints:
    xy, sure = body.xy_px.copy(), body.confidence.copy()
    for part, points in _CARRIED.items():
        own = list(body.layout.parts.get(part, ()))
        at = [body.layout.index(point) for point in points]
        moved = body.xy_px[at] - whole.xy_px[at]
        moved = moved[np.isfinite(moved).all(1)]
        if own and len(moved):
            xy[own] = whole.xy_px[own] + moved.mean(0)
            sure[own] = say * whole.confidence[own]
    return replace(body, xy_px=xy, confidence=sure)
