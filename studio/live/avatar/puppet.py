"""An avatar that does what a performance says: face, gaze, head, body, and breath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Posed
from studio.human.rig import ACTIONS
from studio.live.avatar.face import Face
from studio.live.avatar.rig import Rig, mixed, turn_of
from studio.live.performance import Performance
from studio.live.turning import EYE
from studio.media.formats.avatar import Avatar

NECK_SHARE = 0.4
"""What the neck takes of a head's turn."""
HANG_DEG, ELBOW_DEG = 72.0, 12.0
"""Arms that are not seen: this far down from T-pose, and so far bent."""
EASE_S = 0.35
"""In what time a limb that is lost goes back to rest, or one that is found takes over."""
BREATH_HZ, BREATH_DEG = 0.25, 0.7
JAW_DEG = 17.0
HIPS_M = 0.93
"""How high the hips of the people are whose ``hips_m`` are told."""


@dataclass
class _Held:
    """A bone's turn as last told, and how far it is followed (0 rests, 1 follows)."""

    turn: np.ndarray
    share: float = 0.0


class Puppet:
    """Plays performances on an avatar. It remembers what was told, to ease lost limbs to rest.

    ``hang`` lets arms that nobody tells of hang down, whatever pose the avatar rests in. For one
    thread.
    """

    def __init__(self, avatar: Avatar, *, hang: bool = True, breathe: bool = True) -> None:
        self.avatar = avatar
        self.rig = Rig(avatar.character.armature, avatar.bones)
        self._face = Face(avatar)
        self._idle = self._hanging() if hang else {}
        self._breathe = breathe
        self._held: dict[str, _Held] = {}
        self._last_s: float | None = None
        self._eyes = eyes_by_bones(avatar)
        self._jaw = "jaw" in avatar.bones and "jawOpen" not in avatar.actions
        hips = avatar.bones.get("hips")
        height = avatar.character.armature.rest_world[hips, 2, 3] if hips is not None else HIPS_M
        self._stride = float(np.clip(height / HIPS_M, 0.2, 3.0))

    def pose(self, one: Performance) -> Posed:
        """The avatar at the moment of a performance."""
        step_s = 0.0 if self._last_s is None else max(one.time_s - self._last_s, 0.0)
        first, self._last_s = self._last_s is None, one.time_s
        turns = self._told(one, 1.0 if first else min(step_s / EASE_S, 1.0))
        if self._breathe:
            self._breathed(turns, one)
        self._head(turns, one)
        if self._eyes:
            across, up = one.gaze_deg
            look = facing(across, up, 0.0)
            for eye in ("leftEye", "rightEye"):
                if eye not in one.turns:
                    turns[eye] = self.rig.own(eye, look)
        if self._jaw:
            opened = np.radians(JAW_DEG) * one.weight("jawOpen")
            turns["jaw"] = self.rig.own("jaw", Rotation.from_rotvec((opened, 0, 0)).as_matrix())
        moved = None if one.hips_m is None else self._stride * np.array(one.hips_m)
        world = self.rig.posed(turns, moved)
        shapes = self._face.shapes(one.weights, one.gaze_deg)
        return Posed(self.avatar.character, one.time_s, world, shapes)

    def _told(self, one: Performance, ease: float) -> dict[str, np.ndarray]:
        """The own turns of all bones that do not rest, eased in and out."""
        told = kept({name: turn_of(q) for name, q in one.turns.items()}, self.rig.bones)
        for name, turn in told.items():
            held = self._held.setdefault(name, _Held(EYE))
            held.turn = self.rig.own(name, turn)
            held.share = min(held.share + ease, 1.0)
        turns = dict(self._idle)
        for name, held in list(self._held.items()):
            if name not in told:
                held.share -= ease
                if held.share <= 0:
                    del self._held[name]
                    continue
            turns[name] = mixed(self._idle.get(name, EYE), held.turn, held.share)
        return turns

    def _head(self, turns: dict[str, np.ndarray], one: Performance) -> None:
        """Split the head's turn before the camera over neck and head, whatever the trunk does."""
        if "head" not in self.rig.bones or "head" in one.turns:
            return
        body, above = EYE, self.rig.above["head"]
        while above:
            if above != "neck" or "neck" in one.turns:
                body = self.rig.told(above, turns.get(above, EYE)) @ body
            above = self.rig.above[above]
        left = body.T @ facing(*one.head_deg)
        if "neck" in self.rig.bones and "neck" not in one.turns:
            bent = mixed(EYE, left, NECK_SHARE)
            turns["neck"] = self.rig.own("neck", bent)
            left = bent.T @ left
        turns["head"] = self.rig.own("head", left)

    def _breathed(self, turns: dict[str, np.ndarray], one: Performance) -> None:
        """A breath in what nobody tells of."""
        wave = np.sin(2 * np.pi * BREATH_HZ * one.time_s)
        swell = np.radians(BREATH_DEG) * wave
        for name, turn in (("chest", (-swell, 0, 0)), ("upperChest", (-0.5 * swell, 0, 0)),
                           ("leftShoulder", (0, -swell, 0)),
                           ("rightShoulder", (0, swell, 0))):  # fmt: skip
            if name in self.rig.bones and name not in self._held:
                breath = self.rig.own(name, Rotation.from_rotvec(turn).as_matrix())
                turns[name] = turns.get(name, EYE) @ self.rig.own(name, EYE).T @ breath

    def _hanging(self) -> dict[str, np.ndarray]:
        out: dict[str, np.ndarray] = {}
        for side, way in (("left", 1.0), ("right", -1.0)):
            for bone, turn in (("UpperArm", (0, way * HANG_DEG, 0)),
                               ("LowerArm", (0, 0, -way * ELBOW_DEG))):  # fmt: skip
                name = f"{side}{bone}"
                if name in self.rig.bones:
                    told = Rotation.from_rotvec(np.radians(turn)).as_matrix()
                    out[name] = self.rig.own(name, told)
        return out


def kept(
    turns: Mapping[str, np.ndarray], bones: Mapping[str, int]
) -> dict[str, np.ndarray]:  # fmt: skip
    """The turns of bones that a rig has; what it lacks of trunk, neck and shoulders is handed to
    the bone next to it, so that chest, head and hands face where they should."""
    told = dict(turns)
    for bone, above in (("upperChest", "chest"), ("chest", "spine")):
        if bone in told and bone not in bones:
            told[above] = told.get(above, EYE) @ told.pop(bone)
    for bone, below in (("neck", "head"), ("leftShoulder", "leftUpperArm"),
                        ("rightShoulder", "rightUpperArm")):  # fmt: skip
        if bone in told and bone not in bones:
            turn = told.pop(bone)
            if below in told:
                told[below] = turn @ told[below]
    return {name: turn for name, turn in told.items() if name in bones}


def facing(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """The turn of a head or eye: to the own left, up, and towards the own left shoulder."""
    angles = [yaw_deg, -pitch_deg, roll_deg]
    return Rotation.from_euler("ZXY", angles, degrees=True).as_matrix()


def eyes_by_bones(avatar: Avatar) -> bool:
    """Whether gaze turns the eyes' bones: not where the avatar's gaze shapes move the same skin."""
    eyes = {avatar.bones[k] for k in ("leftEye", "rightEye") if k in avatar.bones}
    if not eyes:
        return False
    shapes = {shape for name in ACTIONS if name.startswith("eyeLook")
              for shape in avatar.actions.get(name, {})}  # fmt: skip
    for part in avatar.character.parts:
        own = ((np.isin(part.joints, list(eyes))) * part.weights).sum(1) > 0.5
        if not own.any():
            continue
        if any(np.abs(part.morphs[s][own]).max() > 1e-4 for s in shapes if s in part.morphs):
            return False
    return True
