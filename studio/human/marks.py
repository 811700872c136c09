"""Where MediaPipe marks its points, seen from the joints and the skin of the parametric person.

It marks fingertips before their ends, knuckles nearer to the wrist and to the palm than the rig
has them, hips lower and further out. Measured on rendered people of the training split by
``installer/measure_marks.py``, which tells how far it is off on other people before and after.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from studio.human import keypoints
from studio.human.keypoints import Source
from studio.human.names import HAND

LAYOUTS = ("mediapipe_33", "whole_body")
TABLE = Path(__file__).with_name("marks.json")
JOINTS = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hip", "knee", "ankle")
"""Body points that are marked beside the heads of their bones."""
_PALMS = {
    "left": (10582, 10354, 9840, 9334, 9334, 9798, 8714, 8716, 8716, 9779, 8861, 8882, 8882, 10476,
             9054, 9074, 9074, 9824, 9245, 9266, 9266),
    "right": (3917, 3686, 3172, 2666, 2666, 3130, 2046, 2048, 2048, 3111, 2193, 2214, 2214, 3810,
              2386, 2406, 2406, 3156, 2577, 2598, 2598),
}  # fmt: skip
"""For each point of a hand, the vertex of the palm's side under it (a tip's: under the joint
before)."""


@cache
def table() -> Mapping[str, Mapping[str, list[float]]]:
    """``body``: from a left joint's centre to its mark, metres in world axes of the reference pose,
    turning with the joint's bone. ``hand``: for each point, shares of what :func:`around` tells.
    """
    return json.loads(TABLE.read_text("utf-8"))


def around(point: str) -> tuple[Source, ...]:
    """What a hand's point is pulled to, besides its own centre: the joints before and after it and
    the palm's side."""
    side, _, name = point.partition("_")
    at = HAND.index(name)
    place = (at - 1) % 4
    if at == 0:
        near = (9,)
    elif place == 0:
        near = (0, at + 1)
    else:
        near = (at - 1, at + 1) if place < 3 else (at - 1,)
    joints = [keypoints.sources(f"{side}_{HAND[k]}")[0] for k in near]
    return (*joints, (1.0, "vertex", _PALMS[side][at]))


def sources(point: str) -> list[Source]:
    """What a mark is the mean of (see :func:`studio.human.keypoints.sources`)."""
    plain = keypoints.sources(point, "mediapipe")
    shares = table()["hand"].get(point.partition("_")[2])
    if shares is None:
        return plain
    mark: list[Source] = []
    for weight, what, which in plain:
        mark.append((weight * (1 - sum(shares)), what, which))
    for share, (_, what, which) in zip(shares, around(point), strict=True):
        mark.append((share, what, which))
    return mark


def offset(point: str) -> np.ndarray:
    """What is added to a body point (3,) (see :func:`studio.human.keypoints.offset`)."""
    side, _, name = point.partition("_")
    if side not in ("left", "right") or name not in JOINTS:
        return np.zeros(3)
    return np.array(table()["body"][name]) * (-1.0 if side == "right" else 1.0, 1.0, 1.0)
