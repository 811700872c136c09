"""A motion file for an avatar: turns by retargeting, the way by the length of its legs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from studio.core.types import Animation, Armature
from studio.human.character import bones_world
from studio.human.fit import Fit, fit_motion
from studio.human.prior.retarget import retarget
from studio.human.prior.space import pose_space
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.jobs import run
from studio.media.formats.bvh import read_bvh
from studio.media.formats.motions import read_motion
from studio.synth.designed import carried_over

_RATE_HZ = 30.0
_FEET = [BONE_NAMES.index(f"{bone}.{side}") for bone in ("foot", "toe1-2") for side in "LR"]


def as_animation(fit: Fit, bones: Armature) -> Animation:
    """A fit's motion on an armature in the rig's reference pose."""
    return Animation(fit.times_s, bones_world(bones, fit.turns_rad, fit.root_m), fit.actions)


def moved(path: Path, bones: Armature, still: Fit) -> Fit:
    """A person's fit that does what a motion file tells; a BVH is any skeleton's, other files hold
    points, to which a person is fitted.

    Raises StudioError if the file cannot be read, or its bones cannot be told by their names.
    """
    if path.suffix.lower() != ".bvh":
        found = run(fit_motion(read_motion(path)))
        roots = carried_over(found, bones).bones_world[:, 0, :3, 3]
        return like(still, found.times_s, found.turns_rad, roots, found.actions)
    skeleton, clip = read_bvh(path)
    clip = _thinned(clip)
    space = pose_space()
    found = retarget(space, skeleton, clip)
    turns = space.turns(torch.from_numpy(found.angles).float()).double().numpy()
    c, s = np.cos(found.yaw_rad), np.sin(found.yaw_rad)
    yaw = np.zeros((len(c), 3, 3))
    yaw[:, 0, 0], yaw[:, 0, 1], yaw[:, 1, 0], yaw[:, 1, 1], yaw[:, 2, 2] = c, -s, s, c, 1
    turns[:, 0] = yaw @ turns[:, 0]
    way = clip.bones_world[:, 0, :3, 3]
    scale = _hips(bones.rest_world[:, :3, 3]) / _hips(skeleton.rest_world[:, :3, 3])
    root = np.zeros((len(turns), 3))
    root[:, :2] = scale * (way - way[0])[:, :2]
    rotations = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_rotvec().reshape(
        *turns.shape[:2], 3
    )  # fmt: skip
    world = bones_world(bones, rotations, root)
    standing = bones.rest_world[_FEET, 2, 3]
    root[:, 2] -= (world[:, _FEET, 2, 3] - standing).min(1)
    return like(still, found.times_s, rotations, root, np.zeros((len(root), len(ACTIONS))))


def like(
    still: Fit, times_s: np.ndarray, turns_rad: np.ndarray, root_m: np.ndarray, actions: np.ndarray
) -> Fit:
    """A person's fit with another motion."""
    lacks = np.full((len(times_s), len(still.points)), np.nan)
    return replace(still, times_s=times_s, turns_rad=turns_rad, root_m=root_m, actions=actions,
                   residual_m=lacks)  # fmt: skip


def _thinned(clip: Animation) -> Animation:
    """At most 30 frames a second."""
    apart = np.diff(clip.times_s)
    step = max(round(1 / (_RATE_HZ * float(np.median(apart)))), 1) if len(apart) else 1
    return Animation(clip.times_s[::step], clip.bones_world[::step], clip.morphs[::step])


def _hips(heads_m: np.ndarray) -> float:
    return float(heads_m[0, 2] - heads_m[:, 2].min())
