"""Who plays what was performed: an avatar that can be posed, or a body for whom has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Animation, Armature, Character, Posed
from studio.human.rig import ACTIONS
from studio.live.acting.recorder import Acted
from studio.live.avatar import Puppet
from studio.live.performance import NO_TURN, Performance
from studio.media.formats.avatar import Avatar
from studio.media.formats.vrm.stand_in import stand_in

Pose = Callable[[Performance], Posed]
"""Poses an avatar as a performance says; told in order of time."""


@dataclass(frozen=True, eq=False)
class Body:
    """A character, which of its bones play VRM's, and what poses it from a beginning.

    ``arkit`` says that its face has ARKit's shapes rather than VRM's presets alone.
    """

    character: Character
    bones: Mapping[str, int]
    begin: Callable[[], Pose]
    arkit: bool = True


def nobody() -> Body:
    """A skeleton without a face or skin, for motion that has no avatar."""
    armature = stand_in()
    bones = {name: k for k, name in enumerate(armature.names)}
    player = Character("Doppel", armature, (), ACTIONS)

    def pose(told: Performance) -> Posed:
        world = posed(armature, bones, told)
        return Posed(player, told.time_s, world, np.asarray(told.weights, np.float64))

    return Body(player, bones, lambda: pose, arkit=False)


def body_of(avatar: Avatar) -> Body:
    """An avatar, as :class:`studio.live.avatar.Puppet` poses it."""
    return Body(
        avatar.character, avatar.bones, lambda: Puppet(avatar).pose, arkit=bool(avatar.actions)
    )


def gaze_turn(yaw_deg: float, pitch_deg: float) -> tuple[float, float, float, float]:
    """How an eye turns in the head (x, y, z, w): to the own left, and up."""
    x, y, z, w = Rotation.from_euler("xz", [-pitch_deg, yaw_deg], degrees=True).as_quat().tolist()
    return (x, y, z, w)


def posed(armature: Armature, bones: Mapping[str, int], told: Performance) -> np.ndarray:
    """World matrices (bones, 4, 4) of an armature that rests in T-pose; ``bones`` maps VRM's bones
    to its own, and all others go along with what is above them."""
    rest, heads = armature.rest_world[:, :3, :3], armature.rest_world[:, :3, 3]
    eye = gaze_turn(*told.gaze_deg)
    turns = {"leftEye": eye, "rightEye": eye, **told.turns}
    own = np.tile(np.array(NO_TURN), (len(heads), 1))
    for name, bone in bones.items():
        own[bone] = turns.get(name, NO_TURN)
    turned = Rotation.from_quat(own).as_matrix()
    hips = bones.get("hips", 0)
    whole, places = turned.copy(), heads.copy()
    for k, parent in enumerate(armature.parents):
        if parent >= 0:
            whole[k] = whole[parent] @ turned[k]
            places[k] = places[parent] + whole[parent] @ (heads[k] - heads[parent])
        if k == hips:
            places[k] = places[k] + np.array(told.hips_m or (0.0, 0.0, 0.0))
    world = np.tile(np.eye(4), (len(heads), 1, 1))
    world[:, :3, :3], world[:, :3, 3] = whole @ rest, places
    return world


def animated(acted: Acted, body: Body) -> Character:
    """The body's character with all that was performed as its animation, at its own times.

    Takes 7 kB of memory a frame of a skeleton, 14 kB of a whole person.
    """
    pose, player = body.begin(), body.character
    bones = np.zeros((len(acted), len(player.armature.names), 4, 4))
    morphs = np.zeros((len(acted), len(player.morph_names)))
    for k, told in enumerate(acted):
        now = pose(told)
        bones[k], morphs[k] = now.bones_world, now.morphs
    times = acted.times_s - acted.times_s[0]
    return replace(player, animation=Animation(times, bones, morphs))
