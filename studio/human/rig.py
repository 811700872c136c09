"""The ``anny`` rig: its 104 bones and their tree, known without loading the person."""

from __future__ import annotations

import itertools


def _leg(side: str) -> list[tuple[str, str]]:
    chain = ["root", "pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot"]
    bones = [(b, a) for a, b in itertools.pairwise(chain)]
    for toe in range(1, 6):
        joints = ["foot", *(f"toe{toe}-{k}" for k in range(1, 3 if toe == 1 else 4))]
        bones += [(b, a) for a, b in itertools.pairwise(joints)]
    return [_sided(bone, side) for bone in bones]


def _arm(side: str) -> list[tuple[str, str]]:
    chain = ["spine01", "clavicle", "shoulder01", "upperarm01", "upperarm02",
             "lowerarm01", "lowerarm02", "wrist"]  # fmt: skip
    bones = [(b, a) for a, b in itertools.pairwise(chain)]
    for finger in range(1, 6):
        base = "wrist" if finger == 1 else f"metacarpal{finger - 1}"
        if finger > 1:
            bones.append((base, "wrist"))
        joints = [base, *(f"finger{finger}-{k}" for k in (1, 2, 3))]
        bones += [(b, a) for a, b in itertools.pairwise(joints)]
    return [_sided(bone, side) for bone in bones]


def _sided(bone: tuple[str, str], side: str) -> tuple[str, str]:
    child, parent = bone
    middle = parent == "root" or parent.startswith("spine")
    return f"{child}.{side}", parent if middle else f"{parent}.{side}"


_SPINE = ["root", "spine05", "spine04", "spine03", "spine02", "spine01"]
_HEAD = ["spine01", "neck01", "neck02", "neck03", "head"]

_BONES: list[tuple[str, str]] = [
    ("root", ""),
    *_leg("L"), *_leg("R"),
    *((b, a) for a, b in itertools.pairwise(_SPINE)),
    *_arm("L"), *_arm("R"),
    *((b, a) for a, b in itertools.pairwise(_HEAD)),
    ("eye.L", "head"), ("eye.R", "head"),
]  # fmt: skip

BONE_NAMES: tuple[str, ...] = tuple(name for name, _ in _BONES)
BONE_PARENTS: tuple[int, ...] = tuple(
    BONE_NAMES.index(parent) if parent else -1 for _, parent in _BONES
)

HAND = ("wrist", "metacarpal", "finger")
ARM = ("upperarm", "lowerarm", *HAND)
"""What the names of a hand's and an arm's bones start with."""


def bones_of(starts: tuple[str, ...], side: str = "") -> list[int]:
    """The numbers of the bones whose names start so, of both sides or of one (``L``, ``R``)."""
    end = f".{side}" if side else ""
    return [k for k, n in enumerate(BONE_NAMES) if n.startswith(starts) and n.endswith(end)]


ACTIONS: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft",
    "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft",
    "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 facial actions, by ARKit's names, in alphabetical order."""
