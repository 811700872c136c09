"""From a skeleton's points to turns of VRM's bones: trunk, arms, legs.

Directions tell the swing of every limb. How a limb is twisted about itself shows in the plane in
which its elbow or knee bends; straight limbs twist as little as they can. Hands tell how forearms
are twisted, half of which the forearm takes itself. Joints stop where a person's stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.types import Skeleton
from studio.live.performing.fingers import finger_turns, palm
from studio.live.turning import (
    EYE,
    Turn,
    Vector,
    about,
    between,
    limited,
    part_of,
    swing,
    twist_of,
    unit,
)
from studio.perception.faces.solver import angles_of

X, Y, Z = np.eye(3)
_BENT = (0.1, 0.35)
"""Sines of the bend between which its plane comes to tell the twist."""
TRUNK = ("spine", "chest", "upperChest")
PARENTS: Mapping[str, str] = {
    "spine": "hips", "chest": "spine", "upperChest": "chest", "neck": "upperChest", "head": "neck",
    **{f"{side}{bone}": f"{side}{above}" if above[0].isupper() else above
       for side in ("left", "right") for bone, above in (
           ("Shoulder", "upperChest"), ("UpperArm", "Shoulder"), ("LowerArm", "UpperArm"),
           ("Hand", "LowerArm"), ("UpperLeg", "hips"), ("LowerLeg", "UpperLeg"),
           ("Foot", "LowerLeg"))},
}  # fmt: skip
"""What each bone of trunk and limbs hangs on."""
_HEAD, _NOSE_DEG = ("left_ear", "right_ear", "nose"), 17.0
"""A nose lies so far below its ears where a head is level."""
_HAND_DEG, _FOREARM_DEG, _FOOT_DEG, _SPINE_DEG = 80.0, 80.0, 50.0, 70.0
_SHOULDER_SHARE, _SHOULDER_DEG = 0.35, 28.0


@dataclass(frozen=True)
class Parts:
    """What of a skeleton is to be believed."""

    legs: bool = True
    left_arm: bool = True
    right_arm: bool = True
    left_hand: bool = True
    right_hand: bool = True


def limb_turns(skeleton: Skeleton, parts: Parts = Parts()) -> dict[str, Turn]:
    """The turn of each bone relative to its parent, from T-pose.

    ``skeleton`` needs the body's points of ``openpose_137`` (metres, Z up); a hand its 21. Bones
    of parts that are not believed are left out.
    """
    at = {name: skeleton.xyz_m[k] for k, name in enumerate(skeleton.layout.points)}
    across = at["left_shoulder"] - at["right_shoulder"]
    up = at["neck"] - at["pelvis"]
    chest = between((Z, X), (up, across))
    hips = between((Z, X), (up, at["left_hip"] - at["right_hip"])) if parts.legs else _level(chest)
    turns: dict[str, Turn] = {"hips": hips}
    bend = limited(hips.T @ chest, _SPINE_DEG)
    chest = hips @ bend
    turns |= dict.fromkeys(TRUNK, part_of(bend, 1 / len(TRUNK)))
    for side, out in (("left", 1.0), ("right", -1.0)):
        if getattr(parts, f"{side}_arm"):
            turns |= _arm(at, side, out, chest, getattr(parts, f"{side}_hand"))
        if parts.legs:
            turns |= _leg(at, side, hips)
    return turns


def head_of(skeleton: Skeleton) -> tuple[float, float, float]:
    """Yaw, pitch and roll of the head (degrees) by its ears and its nose: roughly, for faces that
    are too small to be seen."""
    at = {name: skeleton.xyz_m[skeleton.layout.index(name)] for name in _HEAD}
    across = at["left_ear"] - at["right_ear"]
    ahead = at["nose"] - (at["left_ear"] + at["right_ear"]) / 2
    yaw, pitch, roll = angles_of(between((X, -Y), (across, ahead)))
    return yaw, pitch + _NOSE_DEG, roll


def _level(chest: Turn) -> Turn:
    """Hips of somebody of whom only the upper half is seen: half as far round, upright."""
    ahead = chest @ -Y
    return about(Z, 0.5 * float(np.arctan2(ahead[0], -ahead[1])))


def _limb(
    rest: tuple[Vector, Vector], parent: Turn, upper: Vector, lower: Vector
) -> tuple[Turn, Turn]:
    """Where the two bones of a limb have turned to, in the world. ``rest`` are the direction of
    the limb and the axis about which its joint bends, in T-pose."""
    a, b = unit(upper), unit(lower)
    straight = parent @ swing(rest[0], parent.T @ a)
    axis = np.cross(a, b)
    bent = float(np.linalg.norm(axis))
    share = float(np.clip((bent - _BENT[0]) / (_BENT[1] - _BENT[0]), 0, 1))
    guess = straight @ rest[1]
    wanted = guess if share == 0 else unit(share * unit(axis) + (1 - share) * guess)
    first = between(rest, (a, wanted))
    return first, first @ swing(rest[0], first.T @ b)


def _arm(
    at: Mapping[str, Vector], side: str, out: float, chest: Turn, hand_seen: bool
) -> dict[str, Turn]:
    shoulder, elbow, wrist = (at[f"{side}_{p}"] for p in ("shoulder", "elbow", "wrist"))
    rest = (out * X, -out * Z)
    raised = _raised(chest.T @ (elbow - shoulder), out)
    collar = chest @ raised
    upper, lower = _limb(rest, collar, elbow - shoulder, wrist - elbow)
    turns = {f"{side}Shoulder": raised, f"{side}UpperArm": collar.T @ upper}
    if not hand_seen:
        return turns | {f"{side}LowerArm": upper.T @ lower}
    points = np.stack(
        [p for name, p in at.items() if name.startswith(f"{side}_") and _of_hand(name)]
    )
    hand = between((out * X, Y), palm(points))
    loose = lower.T @ hand
    spun = float(np.clip(twist_of(loose, rest[0]), -np.radians(2 * _FOREARM_DEG),
                         np.radians(2 * _FOREARM_DEG)))  # fmt: skip
    half = about(rest[0], 0.5 * spun)
    bent = limited(half.T @ loose, _HAND_DEG)
    turns |= {f"{side}LowerArm": upper.T @ lower @ half, f"{side}Hand": bent}
    return turns | finger_turns(points, side)


def _of_hand(name: str) -> bool:
    _, _, point = name.partition("_")
    return point == "hand_wrist" or point.startswith(("thumb_", "index_", "middle_", "ring_",
                                                      "pinky_"))  # fmt: skip


def _raised(upper: Vector, out: float) -> Turn:
    """The collar bone goes along with an arm that is raised over the shoulder's height."""
    above = np.arcsin(np.clip(unit(upper)[2], 0, 1))
    most = np.radians(_SHOULDER_DEG)
    return about(-out * Y, float(min(_SHOULDER_SHARE * above, most)))


def _leg(at: Mapping[str, Vector], side: str, hips: Turn) -> dict[str, Turn]:
    hip, knee, ankle = (at[f"{side}_{p}"] for p in ("hip", "knee", "ankle"))
    upper, lower = _limb((-Z, X), hips, knee - hip, ankle - knee)
    foot = at[f"{side}_big_toe"] - at[f"{side}_heel"]
    bent = limited(swing(-Y, lower.T @ foot), _FOOT_DEG)
    return {
        f"{side}UpperLeg": hips.T @ upper,
        f"{side}LowerLeg": upper.T @ lower,
        f"{side}Foot": bent,
    }


def forward(
    turns: Mapping[str, Turn], offsets_m: Mapping[str, Float[np.ndarray, "3"]], root_m: Vector
) -> dict[str, tuple[Vector, Turn]]:
    """Where each bone begins and how it stands in the world; what is not turned rests.

    ``offsets_m`` lead from the parent's beginning to a bone's own, in T-pose, parents first.
    """
    placed: dict[str, tuple[Vector, Turn]] = {"hips": (root_m, turns.get("hips", EYE))}
    for bone, offset in offsets_m.items():
        start, turn = placed[PARENTS[bone]]
        placed[bone] = start + turn @ offset, turn @ turns.get(bone, EYE)
    return placed
