"""Motions and animations at another frame rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.types import Animation, Armature, Motion
from studio.media.formats.trs import continuous, local_matrices, split, world_matrices


def times_at(times_s: np.ndarray, rate_hz: float) -> np.ndarray:
    """Evenly spaced times from the first to the last."""
    count = int(np.floor((times_s[-1] - times_s[0]) * rate_hz + 1e-6)) + 1
    return times_s[0] + np.arange(count) / rate_hz


def resampled_motion(motion: Motion, rate_hz: float) -> Motion:
    """The motion at an even rate, linear between frames; a gap stays a gap."""
    if len(motion) < 2:
        return motion
    times = times_at(motion.times_s, rate_hz)
    at = np.clip(np.searchsorted(motion.times_s, times, "right") - 1, 0, len(motion) - 2)
    step = motion.times_s[at + 1] - motion.times_s[at]
    share = np.clip((times - motion.times_s[at]) / step, 0, 1)

    def between(values: np.ndarray) -> np.ndarray:
        weight = share.reshape(-1, *[1] * (values.ndim - 1))
        mixed = values[at] * (1 - weight) + values[at + 1] * weight
        mixed = np.where(weight < 1e-9, values[at], mixed)
        return np.where(weight > 1 - 1e-9, values[at + 1], mixed)

    near = at + (share >= 0.5)
    return replace(
        motion,
        times_s=times,
        xyz_m=between(motion.xyz_m),
        error_m=between(motion.error_m),
        reprojection_px=between(motion.reprojection_px),
        views=motion.views[near],
        filled=motion.filled[near],
    )


def resampled(armature: Armature, animation: Animation, rate_hz: float) -> Animation:
    """The animation at an even rate: bones turn along the shortest arc, in their parents' frame."""
    if len(animation) < 2:
        return animation
    times = times_at(animation.times_s, rate_hz)
    at = np.clip(np.searchsorted(animation.times_s, times, "right") - 1, 0, len(animation) - 2)
    step = animation.times_s[at + 1] - animation.times_s[at]
    share = np.clip((times - animation.times_s[at]) / step, 0, 1)[:, None]
    local = local_matrices(armature.parents, animation.bones_world)
    moves, turns, scales = split(local)
    turns = continuous(turns)
    wide = share[..., None]

    def mixed(values: np.ndarray) -> np.ndarray:
        return values[at] * (1 - wide) + values[at + 1] * wide

    first = Rotation.from_quat(turns[at].reshape(-1, 4))
    onward = first.inv() * Rotation.from_quat(turns[at + 1].reshape(-1, 4))
    bones = len(armature.names)
    arc = onward.as_rotvec() * np.repeat(share[:, 0], bones)[:, None]
    turned = (first * Rotation.from_rotvec(arc)).as_matrix().reshape(len(times), bones, 3, 3)
    result = np.zeros((len(times), bones, 4, 4))
    result[..., :3, :3] = turned * mixed(scales)[..., None, :]
    result[..., :3, 3] = mixed(moves)
    result[..., 3, 3] = 1
    morphs = animation.morphs[at] * (1 - share) + animation.morphs[at + 1] * share
    return Animation(times, world_matrices(armature.parents, result), morphs)
