"""Poses of people who try something on: hands at glasses, hats, ears and necks, wrists held up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.synth.factory.hands import HANDS, hand
from studio.synth.factory.motions import make_pose, motions_of
from studio.synth.factory.phrases import arm_to, easy, either, hanging, placed, spot, stood
from studio.synth.factory.poses import Pose
from studio.synth.factory.streams import Split
from studio.synth.figure import Figure
from studio.synth.posing import Arm

Rng = np.random.Generator

_FACE = {
    "glasses": ((168, 0.06), (33, 0.05), (263, 0.05), (4, 0.04), (152, 0.05)),
    "hat": ((10, 0.07), (10, 0.09), (151, 0.06), (127, 0.06), (356, 0.06)),
    "earrings": ((132, 0.05), (361, 0.05), (177, 0.05), (401, 0.05)),
    "necklace": ((152, 0.12), (152, 0.15)),
}  # fmt: skip
_LIKE = {"sunglasses": "glasses", "ears": "hat"}
"""Points of the face mesh at which a hand may be for each kind, and how far about them."""
_SHAPES = ("pinch", "open", "relaxed", "flat", "claw", "ring", "point", "two", "fist", "three")


def head_pose(kind: str, split: Split, rng: Rng, figure: Figure, hands: float = 0.55) -> Pose:
    """Somebody whose hand is near what they wear on the head or neck, perhaps (``hands``), else
    anything that people do; the head turned."""
    if rng.random() >= hands:
        pose = make_pose(str(rng.choice(motions_of(split))), rng, figure)
    else:
        side, sign = either(rng)
        arm = _at(kind, side, sign, rng, figure)
        other = hanging(rng)
        if rng.random() < 0.15:  # both hands
            across = "R" if side == "L" else "L"
            other = _at(kind, across, -sign, rng, figure)
        left, right = stood(rng)
        pose = Pose("touch", easy(rng, *placed(side, arm, other)), left, right)
    head = (float(rng.normal(0, 9)), float(rng.normal(0, 16)), float(rng.normal(0, 7)))
    return replace(pose, stance=replace(pose.stance, head=head))


def _at(kind: str, side: str, sign: float, rng: Rng, figure: Figure) -> Arm:
    """An arm whose hand is about an item on the head."""
    points = _FACE[_LIKE.get(kind, kind)]
    point, far = points[int(rng.integers(len(points)))]
    target = spot(figure, point) + rng.normal(0, far / 2, 3)
    target += [0.02 * sign, -rng.uniform(0.0, 0.10), 0.0]
    if kind == "necklace":
        target[2] -= rng.uniform(0.03, 0.14)
    elbow = (float(rng.uniform(0.2, 1.0)), -0.3, float(rng.uniform(-1.2, 0.1)))
    arm = arm_to(figure, side, target, elbow, float(rng.uniform(-50, 60)),
                 float(rng.uniform(0.09, 0.16)))  # fmt: skip
    arm = replace(arm, wrist=float(rng.normal(0, 15)))
    return hand(arm, str(rng.choice(_SHAPES if rng.random() < 0.85 else tuple(HANDS))), rng)


def wrist_pose(side: str, split: Split, rng: Rng, figure: Figure) -> Pose:
    """A forearm held up to be looked at, the other hand on it perhaps; or anything people do."""
    if rng.random() < 0.4:
        return make_pose(str(rng.choice(motions_of(split))), rng, figure)
    shape = str(rng.choice(["relaxed", "fist", "flat", "open", "claw"]))
    arm = Arm((float(rng.uniform(0.1, 0.6)), float(rng.uniform(-0.8, -0.2)), -0.8),
              (float(rng.uniform(-0.9, 0.4)), -1.0, float(rng.uniform(-0.3, 0.9))),
              float(rng.uniform(-60, 60)), float(rng.normal(0, 15)))  # fmt: skip
    arm, other = hand(arm, shape, rng), hanging(rng)
    if rng.random() < 0.5:  # the other hand at the wrist, seen from a chest that is not turned
        mirror = np.array([1.0 if side == "L" else -1.0, 1.0, 1.0])
        shoulder, elbow, wrist = (
            figure.head(f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist")
        )
        upper, fore = (np.array(way) * mirror for way in (arm.upper, arm.fore))
        upper, fore = upper / np.linalg.norm(upper), fore / np.linalg.norm(fore)
        at = shoulder + upper * np.linalg.norm(elbow - shoulder)
        at = at + fore * (np.linalg.norm(wrist - elbow) - rng.uniform(0.0, 0.07))
        at += [0.0, -rng.uniform(-0.01, 0.06), rng.uniform(-0.02, 0.05)]
        across = "R" if side == "L" else "L"
        other = arm_to(figure, across, at, (0.6, 0.2, -0.8), float(rng.uniform(-40, 60)),
                       float(rng.uniform(0.06, 0.15)))  # fmt: skip
        other = hand(other, str(rng.choice(_SHAPES)), rng)
    left, right = stood(rng)
    return Pose("watch", easy(rng, *placed(side, arm, other)), left, right)


def foot_pose(split: Split, rng: Rng, figure: Figure) -> Pose:
    """Somebody who stands, walks or sits as people do who look at their shoes."""
    if rng.random() < 0.5:
        return make_pose(str(rng.choice(motions_of(split))), rng, figure)
    kinds = [name for name in ("stand", "walk", "stand", "sit_easy", "lunge", "balance", "talk")
             if name in motions_of(split)]  # fmt: skip
    return make_pose(str(rng.choice(kinds)), rng, figure)
