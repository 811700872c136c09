"""How an armature's bones turn to stand in a T: arms to the sides, palms down, legs and toes ahead.

Limbs are swung onto their axes from the root outwards; the roll that turns the palms down is shared
by the forearm and the wrist. Source: VRMC_vrm 1.0, "VRM T-pose".
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Armature

_FRONT, _UP = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
SHOULDER_SHARE = 0.4
_FINGERS = ("Index", "Middle", "Ring", "Little")


def turns_to_t(armature: Armature, bones: Mapping[str, int]) -> np.ndarray:
    """What each bone has turned from rest in the T-pose, in world axes (bones, 3, 3).

    ``bones`` maps VRM bones to the armature's; limbs that it lacks stay as they are.
    """
    pose = _Pose(armature, bones)
    for side, out in (("left", 1.0), ("right", -1.0)):
        along = np.array([out, 0.0, 0.0])
        pose.aim(f"{side}UpperLeg", f"{side}LowerLeg", -_UP)
        pose.aim(f"{side}LowerLeg", f"{side}Foot", -_UP)
        pose.flatten(f"{side}Foot")
        pose.raise_arm(side, along)
        pose.aim(f"{side}LowerArm", f"{side}Hand", along)
        pose.aim(f"{side}Hand", f"{side}MiddleProximal", along)
        pose.palm_down(side, along)
        for finger in _FINGERS:
            pose.aim(f"{side}{finger}Proximal", f"{side}{finger}Intermediate", along)
            pose.aim(f"{side}{finger}Intermediate", f"{side}{finger}Distal", along)
            pose.aim(f"{side}{finger}Distal", None, along)
        aslant = (along + _FRONT) / np.sqrt(2)
        pose.aim(f"{side}ThumbMetacarpal", f"{side}ThumbProximal", aslant, share=0.5)
        pose.aim(f"{side}ThumbProximal", f"{side}ThumbDistal", aslant)
        pose.aim(f"{side}ThumbDistal", None, aslant)
    return pose.total


class _Pose:
    """An armature being posed: ``total`` is what each bone has turned from rest so far."""

    def __init__(self, armature: Armature, bones: Mapping[str, int]) -> None:
        self.heads, self.tails = armature.rest_world[:, :3, 3], armature.tails_m
        self.parents, self.bones = armature.parents.tolist(), bones
        self.total = np.tile(np.eye(3), (len(self.parents), 1, 1))

    def turn(self, bone: int, rotation: np.ndarray) -> None:
        """Rotate a bone and all below it."""
        below = {bone}
        for k in range(bone + 1, len(self.parents)):
            if self.parents[k] in below:
                below.add(k)
        for k in below:
            self.total[k] = rotation @ self.total[k]

    def way(self, bone: int, tip: int | None) -> np.ndarray:
        """From a bone's head to the head of one below it, or to its own tail."""
        if tip is None:
            return self.total[bone] @ (self.tails[bone] - self.heads[bone])
        way = np.zeros(3)
        while tip != bone:
            parent = self.parents[tip]
            way += self.total[parent] @ (self.heads[tip] - self.heads[parent])
            tip = parent
        return way

    def aim(self, name: str, tip: str | None, goal: np.ndarray, share: float = 1.0) -> None:
        """Swing a bone so that ``tip`` (or its tail) lies in a direction, or a share of the way."""
        if name in self.bones and (tip is None or tip in self.bones):
            bone = self.bones[name]
            way = self.way(bone, None if tip is None else self.bones[tip])
            self.turn(bone, _swing(way, goal, share))

    def raise_arm(self, side: str, along: np.ndarray) -> None:
        """Raise an upper arm; a bone between it and the collar bone takes a part, as a joint's
        muscles do, so that the skin over the shoulder does not fold."""
        arm, elbow = (self.bones.get(f"{side}{name}") for name in ("UpperArm", "LowerArm"))
        if arm is None or elbow is None:
            return
        between = self.parents[arm]
        if between >= 0 and between not in self.bones.values():
            self.turn(between, _swing(self.way(arm, elbow), along, SHOULDER_SHARE))
        self.aim(f"{side}UpperArm", f"{side}LowerArm", along)

    def flatten(self, name: str) -> None:
        """Stand a foot as in rest, turned about the vertical only, its toes to the front."""
        if name not in self.bones:
            return
        bone = self.bones[name]
        toes = [k for k, parent in enumerate(self.parents) if parent == bone]
        tip = self.heads[toes].mean(0) if toes else self.tails[bone]
        way = (tip - self.heads[bone]) * (1, 1, 0)
        self.turn(bone, _swing(way, _FRONT) @ self.total[bone].T)

    def palm_down(self, side: str, along: np.ndarray) -> None:
        """Roll the hand about the arm until the index finger lies straight before the little one.

        Half of the roll goes to the bone above the wrist where that is not the elbow's.
        """
        hand, upper = self.bones.get(f"{side}Hand"), self.bones.get(f"{side}UpperArm")
        if hand is None or upper is None:
            return
        fingers = [self.bones.get(f"{side}{finger}Proximal") for finger in ("Index", "Little")]
        index, little = (None if k is None else self.way(hand, k) for k in fingers)
        if index is None or little is None:
            return
        across = index - little
        roll = np.arctan2(np.dot(np.cross(across, _FRONT), along), np.dot(across, _FRONT))
        arm = self.parents[hand]
        if arm != upper:
            self.turn(arm, Rotation.from_rotvec(along * roll / 2).as_matrix())
            roll /= 2
        self.turn(hand, Rotation.from_rotvec(along * roll).as_matrix())


def _swing(now: np.ndarray, goal: np.ndarray, share: float = 1.0) -> np.ndarray:
    """The smallest rotation from one direction to another, or a share of it."""
    length = np.linalg.norm(now)
    axis = np.cross(now, goal)
    sine = np.linalg.norm(axis)
    if sine < 1e-9 * max(float(length), 1e-9):
        return np.eye(3)
    angle = np.arctan2(sine, now @ goal)
    return Rotation.from_rotvec(axis / sine * angle * share).as_matrix()
