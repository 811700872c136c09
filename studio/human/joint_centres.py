"""From where a detector sees the joints to where they are: measured on people with known bones.

MediaPipe marks hips too wide and too high, shoulders too near the skin. The correction of a joint
is a sum of vectors that are made of the motion's own points (across the shoulders, along the
thigh, out of the chest ...), each times a number measured on rendered strangers
(``installer/measure_bias.py``). So it turns with the person, grows with the person, and is the
same, mirrored, on both sides. Points of layouts whose detectors were not measured stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from studio.core.types import Layout, Motion

Points = Callable[[str], np.ndarray]
"""Gives the track (frames, 3) of a point by its name without side: ``own hip`` and ``other hip``
are the two hips seen from the joint's side."""

JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
MEASURED = ("mediapipe_33", "whole_body")
_TABLE = Path(__file__).parent / "joint_blends.json"


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-9)


def _size(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1, keepdims=True)


def _trunk(p: Points, side: float) -> dict[str, np.ndarray]:
    shoulders, hips = p("own shoulder") - p("other shoulder"), p("own hip") - p("other hip")
    up = 0.5 * (p("own shoulder") + p("other shoulder") - p("own hip") - p("other hip"))
    out = _unit(_unit(shoulders) + _unit(hips))
    forward = side * np.cross(out, _unit(up)) * _size(up)
    return {"shoulders": shoulders, "hips": hips, "up": up, "forward": -forward}


def _bent(a: np.ndarray, b: np.ndarray, side: float) -> dict[str, np.ndarray]:
    """Two limb vectors that leave a joint, and what is square to them."""
    size = 0.5 * (_size(a) + _size(b))
    inside = (_unit(a) + _unit(b)) * size
    return {"before": a, "after": b, "inside": inside, "hinge": side * np.cross(_unit(a), _unit(b))
            * size}  # fmt: skip


def _front(out: np.ndarray, limb: np.ndarray, side: float) -> np.ndarray:
    """What is before a limb that hangs from the trunk: square to it and to ``out``."""
    return side * np.cross(_unit(out), _unit(limb)) * _size(limb)


def features(joint: str, p: Points, side: float) -> dict[str, np.ndarray]:
    """The vectors (frames, 3) whose weighted sum leads from a joint as seen to its centre.

    ``side`` is 1 on the left, -1 on the right.
    """
    trunk = _trunk(p, side)
    if joint == "shoulder":
        arm = p("own elbow") - p("own shoulder")
        return {**trunk, "arm": arm, "arm_front": _front(trunk["shoulders"], arm, side),
                "forearm": p("own wrist") - p("own elbow")}  # fmt: skip
    if joint == "hip":
        thigh = p("own knee") - p("own hip")
        return {**trunk, "thigh": thigh, "thigh_front": _front(trunk["hips"], thigh, side),
                "shin": p("own ankle") - p("own knee")}  # fmt: skip
    if joint == "elbow":
        limb = _bent(p("own shoulder") - p("own elbow"), p("own wrist") - p("own elbow"), side)
        return {**limb, "shoulders": trunk["shoulders"], "up": trunk["up"]}
    if joint == "knee":
        limb = _bent(p("own hip") - p("own knee"), p("own ankle") - p("own knee"), side)
        foot = p("own foot_index") - p("own heel")
        return {**limb, "hips": trunk["hips"], "forward": trunk["forward"], "foot": foot}
    if joint == "wrist":
        index, little = p("own index") - p("own wrist"), p("own pinky") - p("own wrist")
        palm = side * np.cross(_unit(index), _unit(little)) * _size(index)
        return {"before": p("own elbow") - p("own wrist"), "index": index, "little": little,
                "palm": palm}  # fmt: skip
    heel, toe = p("own heel") - p("own ankle"), p("own foot_index") - p("own ankle")
    across = side * np.cross(_unit(heel), _unit(toe)) * _size(toe - heel)
    return {"before": p("own knee") - p("own ankle"), "heel": heel, "toe": toe, "across": across}


@cache
def blends() -> Mapping[str, Mapping[str, float]]:
    """For each joint, the number of each vector."""
    return json.loads(_TABLE.read_text("utf-8"))


def points_of(layout: Layout, xyz_m: np.ndarray, side: str) -> Points:
    """The tracks of a motion seen from one side (``left`` or ``right``)."""
    other = {"left": "right", "right": "left"}[side]

    def point(name: str) -> np.ndarray:
        whose, _, part = name.partition(" ")
        return xyz_m[:, layout.index(f"{side if whose == 'own' else other}_{part}")]

    return point


def shift(
    joint: str,
    p: Points,
    side: float,
    weights: Mapping[str, float] | None = None,
) -> Float[np.ndarray, "frames 3"]:
    """What to add to a joint as seen. A vector that needs a missing point counts as none."""
    weights = blends()[joint] if weights is None else weights
    total = np.zeros_like(p(f"own {joint}"))
    for name, vector in features(joint, p, side).items():
        total = total + weights[name] * np.nan_to_num(vector)
    return total


def joint_centres(motion: Motion) -> Motion:
    """The motion with shoulders, elbows, wrists, hips, knees and ankles at the joints' centres.

    The layout stays; motions of layouts that were not measured come back unchanged. Positions
    stay missing where they were missing.
    """
    if motion.layout.name not in MEASURED:
        return motion
    moved = motion.xyz_m.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        p = points_of(motion.layout, motion.xyz_m, side)
        for joint in JOINTS:
            at = motion.layout.index(f"{side}_{joint}")
            moved[:, at] = moved[:, at] + shift(joint, p, sign)
    return replace(motion, xyz_m=moved)
