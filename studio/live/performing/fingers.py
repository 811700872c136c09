"""From the 21 points of a hand to turns of its fingers' bones, within what fingers do.

Fingers bend about the palm's axis and spread at the knuckle alone; thumbs swing as they are seen.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from studio.live.turning import Turn, Vector, about, basis, limited, swing, unit

X, Y, Z = np.eye(3)
FINGERS = ("Index", "Middle", "Ring", "Little")
JOINTS = ("Proximal", "Intermediate", "Distal")
THUMB = ("ThumbMetacarpal", "ThumbProximal", "ThumbDistal")
_BEND_DEG = ((-20.0, 95.0), (-5.0, 110.0), (-5.0, 85.0))
_SPREAD_DEG = 20.0
_THUMB_DEG = (45.0, 60.0, 85.0)
_ASIDE = 0.35
"""Beyond this cosine a finger stands up so far that its spread cannot be told."""


def palm(points: Float[np.ndarray, "21 3"]) -> tuple[Vector, Vector]:
    """Which way a palm points, and the way from its index to its little finger."""
    return points[[5, 9, 13, 17]].mean(0) - points[0], points[17] - points[5]


def thumb_at_rest(side: str) -> Vector:
    """Which way a thumb points in T-pose: half ahead."""
    out = 1.0 if side == "left" else -1.0
    return unit(np.array([out, -1.0, 0.0]))


def finger_turns(points: Float[np.ndarray, "21 3"], side: str) -> dict[str, Turn]:
    """The turn of each finger bone relative to its parent, from T-pose."""
    out = 1.0 if side == "left" else -1.0
    axes = basis(*palm(points)) @ basis(out * X, Y).T
    local = points @ axes  # as the hand is in T-pose
    turns: dict[str, Turn] = {}
    for number, finger in enumerate(FINGERS):
        first = 5 + 4 * number
        ways = np.diff(local[first : first + 4], axis=0)
        spread = 0.0
        flat = unit(ways[0])
        if out * flat[0] > _ASIDE:
            spread = float(np.arctan2(flat[1], out * flat[0]))
        spread = float(np.clip(spread, -np.radians(_SPREAD_DEG), np.radians(_SPREAD_DEG)))
        aside = about(Z, out * spread)
        before = 0.0
        for k, joint in enumerate(JOINTS):
            way = aside.T @ ways[k]
            down = float(np.arctan2(-way[2], out * way[0]))
            if down < -np.pi / 2:  # curled beyond the palm, not bent back
                down += 2 * np.pi
            low, high = np.radians(_BEND_DEG[k])
            bend = float(np.clip(down - before, low, high))
            before += bend
            turn = about(out * Y, bend)
            turns[f"{side}{finger}{joint}"] = aside @ turn if k == 0 else turn
    rest, stood = thumb_at_rest(side), np.eye(3)
    for k, bone in enumerate(THUMB):
        way = local[k + 2] - local[k + 1]
        turn = limited(swing(rest, stood.T @ way), _THUMB_DEG[k])
        turns[f"{side}{bone}"] = turn
        stood = stood @ turn
    return turns
