"""Which bones of a rig are the humanoid's, told by their names, in the spellings of many makers.

Anny, VRM and VRoid, Unity, Unreal, Mixamo, Ready Player Me, Character Creator, Biped, Rigify and
what resembles them. The spine is told by its place between hips and neck, not by its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from studio.core.types import Armature
from studio.human.humanoid import HUMANOID

_MIDDLE = {
    "hips": ("hips", "hip", "pelvis"),
    "neck": ("neck", "necktwist", "cervical"),
    "head": ("head",),
    "jaw": ("jaw", "jawroot", "lowerjaw", "jawbone"),
}
_SIDED = {
    "Eye": ("eye", "eyeball", "faceeye"),
    "Shoulder": ("shoulder", "clavicle", "collar", "collarbone"),
    "UpperArm": ("upperarm", "arm", "uparm"),
    "LowerArm": ("lowerarm", "forearm", "elbow", "loarm"),
    "Hand": ("hand", "wrist"),
    "UpperLeg": ("upperleg", "upleg", "thigh"),
    "LowerLeg": ("lowerleg", "leg", "calf", "shin", "knee", "loleg"),
    "Foot": ("foot", "ankle"),
    "Toes": ("toebase", "toe", "toes", "ball"),
}
_FINGERS = {"Thumb": "thumb", "Index": "index", "Middle": "mid(?:dle)?", "Ring": "ring",
            "Little": "(?:pinky|pinkie|little)"}  # fmt: skip
_JOINTS = ("Proximal", "Intermediate", "Distal")
_THUMB = ("Metacarpal", "Proximal", "Distal")
_LEFT, _RIGHT = {"l", "left", "lft"}, {"r", "right", "rgt"}
_NOISE = {"mixamorig", "bip", "bip01", "bip001", "j", "b", "c", "f", "cc", "base", "valve", "biped",
          "def", "character", "armature", "jnt", "joint", "bone", "bind", "skel", "sk", "m", "bn",
          "adj", "sec", "g", "rig", "main"}  # fmt: skip
_OTHERS = {"twist", "roll", "end", "nub", "ik", "pole", "target", "tip", "ctrl", "helper", "share",
           "socket", "metacarpal", "offset", "org", "mch"}  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def humanoid_of(armature: Armature) -> dict[str, int]:
    """VRM's bones that the rig has, as far as its names tell. Never fails; it may be empty."""
    known = _exactly(armature)
    if "head" in known and len(known) > 12:
        return known
    found: dict[str, int] = {}
    fingers: dict[str, list[tuple[int, int]]] = {}
    for bone, name in enumerate(armature.names):
        side, key, number, plain = _told(name)
        if not plain:
            continue
        if not side:
            for role, spelled in _MIDDLE.items():
                if key in spelled:
                    found.setdefault(role, bone)
            continue
        finger = _finger(key)
        if finger:
            fingers.setdefault(f"{side}{finger}", []).append((number, bone))
            continue
        for role, spelled in _SIDED.items():
            if key in spelled:
                found.setdefault(f"{side}{role}", bone)
    for name, joints in fingers.items():
        steps = _THUMB if name.endswith("Thumb") else _JOINTS
        for step, (_, bone) in zip(steps, sorted(joints), strict=False):
            found.setdefault(f"{name}{step}", bone)
    _spine(armature, found)
    return found | {k: v for k, v in known.items() if k not in found}


def _exactly(armature: Armature) -> dict[str, int]:
    """Bones with the very names of Anny, of VRM or of Unity."""
    at = {name.casefold(): k for k, name in enumerate(armature.names)}
    names = {**HUMANOID, "jaw": "jaw", "leftToes": "toe1-1.L", "rightToes": "toe1-1.R"}
    return {
        bone: at[name.casefold()]
        for bone, own in names.items()
        for name in (own, bone)
        if name.casefold() in at
    }


def _told(name: str) -> tuple[str, str, int, bool]:
    """A name's side (``left``, ``right``, or empty), its words as one, its number, and whether it
    is a bone that carries something, not one that only helps."""
    bare = name.rpartition(":")[2] if ":" in name else name
    words = [word.casefold() for word in _WORDS.findall(bare)]
    side, rest, number = "", list[str](), 0
    for word in words:
        if word in _LEFT and not side:
            side = "left"
        elif word in _RIGHT and not side:
            side = "right"
        elif word.isdigit():
            number = int(word)
        elif word in _NOISE and len(words) > 1:
            continue
        else:
            rest.append(word)
    if not side and rest:
        for start, said in (("left", "left"), ("right", "right")):
            if rest[0].startswith(start) and rest[0] != start:
                side, rest[0] = said, rest[0].removeprefix(start)
    plain = bool(rest) and not _OTHERS & set(rest)
    if rest and rest[-1] == "twist" and rest[0] == "neck":
        plain = True
    return side, "".join(rest), number, plain


def _finger(key: str) -> str:
    """Which finger a key speaks of, if any."""
    for finger, spelled in _FINGERS.items():
        if re.fullmatch(
            f"(?:hand|finger)?{spelled}(?:finger)?(?:proximal|intermediate|distal)?", key
        ):
            return finger
    return ""


def _spine(armature: Armature, found: dict[str, int]) -> None:
    """The bones between hips and neck: the first, a middle one and the last."""
    top = found.get("neck", found.get("head"))
    hips = found.get("hips")
    if top is None:
        return
    if hips is None:
        legs = [found[k] for k in ("leftUpperLeg", "rightUpperLeg") if k in found]
        if len(legs) == 2:
            hips = _shared(armature, *legs)
        if hips is None or hips < 0:
            return
        found["hips"] = hips
    above = _line(armature, top)
    if hips not in above:
        common = next((k for k in _line(armature, hips) if k in above), None)
        between = above[1 : above.index(common)] if common is not None else []
    else:
        between = above[1 : above.index(hips)]
    chain = between[::-1]
    chain = [k for k in chain if not _told(armature.names[k])[1].startswith("neck")]
    if not chain:
        return
    found["spine"] = chain[0]
    if len(chain) == 2:
        found["chest"] = chain[1]
    elif len(chain) > 2:
        found["chest"], found["upperChest"] = chain[len(chain) // 2], chain[-1]


def _line(armature: Armature, bone: int) -> list[int]:
    """A bone and all above it."""
    line: list[int] = []
    while bone >= 0:
        line.append(bone)
        bone = int(armature.parents[bone])
    return line


def _shared(armature: Armature, a: int, b: int) -> int | None:
    line = _line(armature, a)
    return next((k for k in _line(armature, b) if k in line), None)


def parents_of(armature: Armature, bones: Mapping[str, int]) -> dict[str, str]:
    """The nearest humanoid bone above each humanoid bone; empty for the topmost."""
    called = {bone: name for name, bone in bones.items()}
    out: dict[str, str] = {}
    for name, bone in bones.items():
        above = (called[k] for k in _line(armature, bone)[1:] if k in called)
        out[name] = next(above, "")
    return out


def up_and_left(armature: Armature, bones: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors from the hips to the head and from the right side to the left; zero where the
    rig does not tell."""
    heads = armature.rest_world[:, :3, 3]
    up = left = np.zeros(3)
    low = [bones[k] for k in ("hips", "spine", "leftUpperLeg") if k in bones]
    if "head" in bones and low:
        up = heads[bones["head"]] - heads[low[0]]
    for pair in ("UpperArm", "Shoulder", "UpperLeg", "Eye"):
        if f"left{pair}" in bones and f"right{pair}" in bones:
            left = heads[bones[f"left{pair}"]] - heads[bones[f"right{pair}"]]
            if np.linalg.norm(left) > 1e-9:
                break

    def unit(v: np.ndarray) -> np.ndarray:
        return v / max(float(np.linalg.norm(v)), 1e-12)

    return unit(up), unit(left)
