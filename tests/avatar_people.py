"""Avatars for tests: rigs with other makers' names, resting in A- and in T-pose."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Armature, Character, Material, Mesh, Part
from studio.human.character import character
from studio.human.person import Shape
from studio.media.formats.avatar import Avatar, avatar_of
from studio.media.formats.vrm.humanoid import humanoid_bones
from studio.media.formats.vrm.tpose import t_posed

# A figure of sticks in T-pose: bone, its parent, where it begins (metres; left side).
_STICKS = (
    ("Hips", "", (0, 0, 1.0)), ("Spine", "Hips", (0, 0, 1.1)), ("Spine1", "Spine", (0, 0, 1.2)),
    ("Spine2", "Spine1", (0, 0, 1.3)), ("Neck", "Spine2", (0, 0, 1.5)),
    ("Head", "Neck", (0, 0, 1.6)), ("LeftEye", "Head", (0.03, -0.08, 1.68)),
    ("LeftShoulder", "Spine2", (0.05, 0, 1.45)), ("LeftArm", "LeftShoulder", (0.18, 0, 1.45)),
    ("LeftForeArm", "LeftArm", (0.45, 0, 1.45)), ("LeftHand", "LeftForeArm", (0.7, 0, 1.45)),
    ("LeftHandIndex1", "LeftHand", (0.8, -0.03, 1.45)),
    ("LeftHandIndex2", "LeftHandIndex1", (0.83, -0.03, 1.45)),
    ("LeftHandIndex3", "LeftHandIndex2", (0.86, -0.03, 1.45)),
    ("LeftHandIndex4", "LeftHandIndex3", (0.88, -0.03, 1.45)),
    ("LeftHandPinky1", "LeftHand", (0.79, 0.04, 1.45)),
    ("LeftUpLeg", "Hips", (0.1, 0, 0.95)), ("LeftLeg", "LeftUpLeg", (0.1, 0, 0.5)),
    ("LeftFoot", "LeftLeg", (0.1, 0, 0.08)), ("LeftToeBase", "LeftFoot", (0.1, -0.14, 0.02)),
)  # fmt: skip


def _both() -> list[tuple[str, str, np.ndarray]]:
    out = []
    for name, parent, place in _STICKS:
        out.append((name, parent, np.array(place, float)))
        if name.startswith("Left"):
            right = [part.replace("Left", "Right") for part in (name, parent)]
            out.append((right[0], right[1], np.array(place, float) * (-1, 1, 1)))
    return out


def sticks(spell: Callable[[str], str] = str, arms_deg: float = 0.0, seed: int = 0) -> Character:
    """A figure of sticks whose bones' own axes lie anyhow. ``spell`` spells a Mixamo name another
    way, ``arms_deg`` lowers the arms of its rest pose."""
    rng = np.random.default_rng(seed)
    told = _both()
    names = [name for name, _, _ in told]
    parents = np.array([names.index(parent) if parent else -1 for _, parent, _ in told])
    places = np.array([place for _, _, place in told])
    for side, way in (("Left", 1.0), ("Right", -1.0)):
        pivot = places[names.index(f"{side}Arm")]
        turn = Rotation.from_rotvec((0, way * np.radians(arms_deg), 0)).as_matrix()
        for k, name in enumerate(names):
            if name.startswith((f"{side}ForeArm", f"{side}Hand")):
                places[k] = pivot + turn @ (places[k] - pivot)
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    rest[:, :3, :3] = Rotation.random(len(names), rng=rng).as_matrix()
    rest[:, :3, 3] = places
    order = np.argsort([_depth(parents, k) for k in range(len(names))], kind="stable")
    place = {int(old): new for new, old in enumerate(order)}
    armature = Armature(
        tuple(spell(names[k]) for k in order),
        np.array([place.get(int(parents[k]), -1) for k in order]),
        rest[order],
        places[order] + (0, 0, 0.05),
    )
    count = len(names)
    box = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * 0.02
    vertices = (places[order][:, None] + box).reshape(-1, 3)
    faces = (np.arange(count)[:, None, None] * 8 + [[0, 1, 3], [4, 6, 7], [0, 4, 5]]).reshape(-1, 3)
    joints = np.zeros((len(vertices), 4), int)
    joints[:, 0] = np.repeat(np.arange(count), 8)
    weights = np.tile((1.0, 0, 0, 0), (len(vertices), 1))
    part = Part("sticks", Mesh(vertices, faces), Material("wood"), joints, weights)
    return Character("Sticks", armature, (part,))


def _depth(parents: np.ndarray, bone: int) -> int:
    depth = 0
    while parents[bone] >= 0:
        bone, depth = int(parents[bone]), depth + 1
    return depth


@cache
def person() -> Avatar:
    """The parametric person, which rests in an A-pose."""
    return avatar_of(character(Shape.of()))


@cache
def person_in_t() -> Avatar:
    """The same person, who rests in a T-pose as VRM has it."""
    own = person().character
    return avatar_of(t_posed(own, humanoid_bones(own.armature)))
