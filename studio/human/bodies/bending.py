"""Bones turned until a surface that hangs on them meets a photograph's outline, before the surface
itself is moved onto it: what a limb's wrong pose puts aside is not its shape."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from studio.human.bodies.fitted import BodyView
from studio.human.bodies.hanging import Hung, Sight
from studio.human.rig import BONE_NAMES, BONE_PARENTS
from studio.human.wardrobe.fitting import base_weights

_BOTH = ("upperleg01", "lowerleg01", "foot", "clavicle", "upperarm01", "lowerarm01")
TURNED: tuple[int, ...] = tuple(
    BONE_NAMES.index(name)
    for name in (
        "root",
        "spine03",
        "spine01",
        *(f"{name}.{side}" for name in _BOTH for side in "LR"),
    )
)
"""The bones that are turned; the whole person is moved, too."""
_ROUNDS, _STEPS = 4, 3
_TURN, _MOVE_M = 0.03, 0.02
"""How far bones (radians) and the whole person are off, usually."""
_HEAD, _HELD_M = BONE_NAMES.index("head"), 0.0005
"""The face tells where the head is: so far from there it may be moved."""
_OFF_M, _HUBER, _SAY = 0.012, 2.0, 150.0
"""How far outlines are off for other reasons, usually; beyond how many times that they pull less;
and for how many places all of an outline counts."""


def bent(hung: Hung, sight: Sight, heads_m: Float[np.ndarray, "bones 3"]) -> Sight:
    """The same photograph, the person's bones turned by few degrees to where its outline has them;
    the head stays. ``heads_m`` is where the bones begin in the rig's reference pose."""
    share, now = np.asarray(base_weights()[hung.near] @ _above()), sight
    face = heads_m[_HEAD] + 0.1 * np.vstack([np.zeros(3), np.eye(3)])
    still = _carried(sight, face)
    count = len(TURNED)
    total = np.zeros(3 * count + 3)
    usual = np.repeat([_TURN, _MOVE_M], [3 * count, 3])
    for _ in range(_ROUNDS):
        found = hung.beside(now)
        at, carried = found.at_m[found.vertex], now.carried
        joints = np.einsum("bij,bj->bi", carried[..., :3, :3], heads_m)[list(TURNED)]
        joints = joints + carried[list(TURNED), :3, 3]
        # What moves a place along the outline's normal in the picture, by how far it goes there.
        way = np.column_stack([found.normals, -(at[:, :2] * found.normals).sum(1) / at[:, 2]])
        arms = np.cross(at[:, None] - joints, way[:, None]) * share[found.vertex][..., None]
        moves = np.column_stack([arms.reshape(len(at), -1), way])
        there = _carried(now, face)
        held, stay = _held(there, joints), (still - there).ravel()
        step = np.zeros_like(total)
        for _ in range(_STEPS):
            off = (moves @ step - found.out_m) / _OFF_M
            say = _SAY / len(at) / np.sqrt(1 + (off / _HUBER) ** 2) / _OFF_M**2
            pull, hold = moves.T * say, held.T / _HELD_M**2
            step = np.linalg.solve(
                pull @ moves + hold @ held + np.diag(1 / usual**2),
                pull @ found.out_m + hold @ stay - total / usual**2,
            )
        total += step
        now = replace(now, carried=_turned(carried, joints, step))
    return now


@cache
def _above() -> Float[np.ndarray, "bones turned"]:
    """Which of the bones that are turned each bone is, or hangs on."""
    found = np.zeros((len(BONE_NAMES), len(TURNED)))
    for bone in range(len(BONE_NAMES)):
        above = bone
        while above >= 0:
            if above in TURNED:
                found[bone, TURNED.index(above)] = 1.0
            above = BONE_PARENTS[above]
    return found


def _carried(sight: Sight, face_m: np.ndarray) -> Float[np.ndarray, "points 3"]:
    """Where points that hang on the head are before the camera."""
    carried = sight.carried[_HEAD]
    return face_m @ carried[:3, :3].T + carried[:3, 3]


def _held(at_m: np.ndarray, joints_m: np.ndarray) -> Float[np.ndarray, "rows unknowns"]:
    """How the unknowns move points of the head, along x, y and z each."""
    ways = np.eye(3)
    arms = np.cross((at_m[:, None] - joints_m)[:, None], ways[None, :, None])
    arms = (arms * _above()[_HEAD][:, None]).reshape(3 * len(at_m), -1)
    return np.column_stack([arms, np.tile(ways, (len(at_m), 1))])


def _turned(carried: np.ndarray, joints_m: np.ndarray, step: np.ndarray) -> np.ndarray:
    """What carries bones, once these are turned about their joints and the whole is moved."""
    moved = np.tile(np.eye(4), (len(BONE_NAMES), 1, 1))
    for bone, parent in enumerate(BONE_PARENTS):
        if parent >= 0:
            moved[bone] = moved[parent]
        else:
            moved[bone, :3, 3] = step[-3:]
        if bone in TURNED:
            which = TURNED.index(bone)
            own = np.eye(4)
            own[:3, :3] = Rotation.from_rotvec(step[3 * which : 3 * which + 3]).as_matrix()
            own[:3, 3] = joints_m[which] - own[:3, :3] @ joints_m[which]
            moved[bone] = moved[bone] @ own
    return moved @ carried


def in_view(view: BodyView, sight: Sight, heads_m: Float[np.ndarray, "bones 3"]) -> BodyView:
    """The view of a photograph with the bones as they are turned in it."""
    camera = view.camera
    turns = camera.rotation.T @ sight.carried[:, :3, :3]
    own = turns.copy()
    for bone, parent in enumerate(BONE_PARENTS):
        if parent >= 0:
            own[bone] = turns[parent].T @ turns[bone]
    root = sight.carried[0, :3, :3] @ heads_m[0] + sight.carried[0, :3, 3]
    place = (root - camera.translation_m) @ camera.rotation
    return replace(view, turns_rad=Rotation.from_matrix(own).as_rotvec(), root_m=place)
