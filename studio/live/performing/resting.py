"""How somebody stands of whom only the face is seen: arms hang, hands are loose."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.live.performing.fingers import FINGERS, JOINTS
from studio.live.turning import Turn, about

X, Y, Z = np.eye(3)
_HANGS_DEG, _AHEAD_DEG, _ELBOW_DEG = 72.0, 8.0, 14.0
_LOOSE_DEG = {"Index": 14.0, "Middle": 18.0, "Ring": 22.0, "Little": 26.0}


@cache
def resting() -> dict[str, Turn]:
    """The turns of arms and fingers at rest, from T-pose."""
    turns: dict[str, Turn] = {}
    for side, out in (("left", 1.0), ("right", -1.0)):
        hangs = about(out * Y, np.radians(_HANGS_DEG))
        ahead = about(X, np.radians(-_AHEAD_DEG))
        turns[f"{side}UpperArm"] = ahead @ hangs
        turns[f"{side}LowerArm"] = about(-out * Z, np.radians(_ELBOW_DEG))
        for finger in FINGERS:
            for joint in JOINTS:
                turns[f"{side}{finger}{joint}"] = about(out * Y, np.radians(_LOOSE_DEG[finger]))
    return turns
