"""The degrees of freedom of the person's joints: axes, limits, and what is usual.

A degree of freedom turns one or several bones about an axis in world axes of the reference pose
(Z up, the person faces -Y, left is +X). Limits are degrees from the reference pose, an A-pose.

Sources: the ranges of motion of the American Academy of Orthopaedic Surgeons (Joint Motion:
Method of Measuring and Recording, 1965) and Kapandji (The Physiology of the Joints), widened by
about a fifth because a keypoint is no goniometer. ``usual`` is the deviation that keypoints must
pay for: wide where they see the joint well, narrow where they do not (the single vertebrae).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.human.rig import BONE_NAMES

Heads = Float[np.ndarray, "bones 3"]
Number = int | float
Row = tuple[str, Mapping[str, Number], str, Number, Number, Number]
"""Name, bones with shares, axis, lowest, highest and usual angle in degrees."""


@dataclass(frozen=True)
class Dof:
    """One degree of freedom. ``shares`` says which bones turn, and by which part of the angle."""

    name: str
    shares: Mapping[str, float]
    axis: tuple[float, float, float]
    low_deg: float
    high_deg: float
    usual_deg: float
    part: str = "body"


_SPINE = {"spine05": 1 / 3, "spine04": 1 / 3, "spine03": 1 / 3}
_CHEST = {"spine02": 0.5, "spine01": 0.5}
_NECK = {"neck01": 1 / 3, "neck02": 1 / 3, "neck03": 1 / 3}
_MIDLINE: tuple[Row, ...] = (
    ("lumbar_flexion", _SPINE, "x", -30, 65, 14), ("lumbar_side", _SPINE, "y", -30, 30, 12),
    ("lumbar_twist", _SPINE, "z", -15, 15, 8),
    ("chest_flexion", _CHEST, "x", -25, 45, 12), ("chest_side", _CHEST, "y", -30, 30, 12),
    ("chest_twist", _CHEST, "z", -42, 42, 18),
    ("neck_flexion", _NECK, "x", -45, 45, 15), ("neck_side", _NECK, "y", -35, 35, 12),
    ("neck_twist", _NECK, "z", -45, 45, 20),
    ("head_flexion", {"head": 1}, "x", -30, 35, 12), ("head_side", {"head": 1}, "y", -18, 18, 8),
    ("head_twist", {"head": 1}, "z", -50, 50, 20),
)  # fmt: skip

_CLAVICLE = {"clavicle": 0.7, "shoulder01": 0.3}
_FOREARM = {"lowerarm01": 0.2, "lowerarm02": 0.5, "wrist": 0.3}
_TOES = {f"toe{k}-1": 1.0 for k in range(1, 6)}
# The same of the left side; axes beginning with @ are found from the rest pose.
_LEFT: tuple[Row, ...] = (
    ("hip_flexion", {"upperleg01": 1}, "-x", -35, 135, 60),
    ("hip_abduction", {"upperleg01": 1}, "-y", -40, 60, 30),
    ("hip_rotation", {"upperleg01": 1}, "z", -50, 50, 25),
    ("knee_flexion", {"lowerleg01": 1}, "@knee", -6, 155, 60),
    ("ankle_flexion", {"foot": 1}, "x", -35, 60, 22),
    ("ankle_inversion", {"foot": 1}, "y", -35, 35, 12),
    ("ankle_rotation", {"foot": 1}, "z", -25, 25, 12),
    ("toe_flexion", _TOES, "x", -70, 40, 15),
    ("clavicle_elevation", _CLAVICLE, "-y", -15, 45, 9),
    ("clavicle_protraction", _CLAVICLE, "-z", -30, 35, 9),
    ("shoulder_x", {"upperarm01": 1}, "x", -160, 100, 60),
    ("shoulder_y", {"upperarm01": 1}, "y", -150, 80, 60),
    ("shoulder_z", {"upperarm01": 1}, "z", -140, 90, 60),
    ("elbow_flexion", {"lowerarm01": 1}, "@elbow", -46, 115, 60),
    ("forearm_twist", _FOREARM, "@forearm", -95, 95, 35),
    ("wrist_flexion", {"wrist": 1}, "@wrist", -80, 90, 25),
    ("wrist_deviation", {"wrist": 1}, "@hand", -40, 30, 15),
)  # fmt: skip

_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _left_axes(heads: Heads) -> dict[str, np.ndarray]:
    """Axes of the left hinges, from the heads of the bones in the reference pose."""

    def at(bone: str) -> np.ndarray:
        return heads[BONE_NAMES.index(f"{bone}.L")]

    upper = at("lowerarm01") - at("upperarm01")
    fore = at("wrist") - at("lowerarm01")
    shin = _unit(at("foot") - at("lowerleg01"))
    hand = _unit(at("finger3-1") - at("wrist"))
    across = at("finger2-1") - at("finger5-1")
    across = _unit(across - hand * (across @ hand))
    axes = {
        "@knee": _unit(np.array((1.0, 0, 0)) - shin * shin[0]),
        "@elbow": _unit(np.cross(upper, fore)),
        "@forearm": _unit(fore),
        "@wrist": across,
        "@hand": _unit(np.cross(across, hand)),
    }
    for k in range(1, 6):
        bone = _unit(at(f"finger{k}-3") - at(f"finger{k}-1"))
        if k == 1:
            palm = at("finger2-1") - at("wrist")
            curl = _unit(np.cross(bone, _unit(palm)))
            curl = _unit(across - bone * (across @ bone)) if abs(curl @ across) < 0.2 else curl
        else:
            curl = _unit(across - bone * (across @ bone))
        axes[f"@curl{k}"] = curl
        axes[f"@spread{k}"] = _unit(np.cross(curl, bone))
    return axes


def _fingers() -> list[Row]:
    rows: list[Row] = []
    for k in range(1, 6):
        low, high = (-35, 50) if k == 1 else (-45, 85)
        wide = 45 if k == 1 else 25
        rows.append((f"finger{k}_curl1", {f"finger{k}-1": 1}, f"@curl{k}", low, high, 30))
        rows.append((f"finger{k}_spread", {f"finger{k}-1": 1}, f"@spread{k}", -wide, wide, 10))
        rows.append((f"finger{k}_curl2", {f"finger{k}-2": 1}, f"@curl{k}", -25, 105, 30))
        rows.append((f"finger{k}_curl3", {f"finger{k}-3": 1}, f"@curl{k}", -25, 80, 20))
    return rows


def body_names() -> tuple[str, ...]:
    """The names of the degrees of freedom without those of the fingers, in their order."""
    left = [row[0] for row in _LEFT]
    return (*(row[0] for row in _MIDLINE), *(n + side for side in (".L", ".R") for n in left))


def dofs(heads: Heads, hands: bool = True) -> tuple[Dof, ...]:
    """All degrees of freedom of a person whose bones' heads are these in the reference pose."""
    axes = _left_axes(heads)

    def axis(name: str) -> np.ndarray:
        sign = -1.0 if name.startswith("-") else 1.0
        key = name.removeprefix("-")
        return sign * np.asarray(axes[key] if key.startswith("@") else _AXES[key])

    def make(row: Row, side: str, flip: np.ndarray, part: str) -> Dof:
        name, shares, way, low, high, usual = row
        x, y, z = (float(value) for value in axis(way) * flip)
        sided = {f"{bone}{side}": float(share) for bone, share in shares.items()}
        return Dof(name + side, sided, (x, y, z), float(low), float(high), float(usual), part)

    found = [make(row, "", np.ones(3), "body") for row in _MIDLINE]
    for side, flip in ((".L", np.ones(3)), (".R", np.array((1.0, -1.0, -1.0)))):
        found += [make(row, side, flip, "body") for row in _LEFT]
        found += [make(row, side, flip, "hand") for row in (_fingers() if hands else ())]
    return tuple(found)
