"""What was seen, shaped as the user wants it: gains, limits, held expressions, and the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from studio.human.rig import ACTIONS
from studio.live.performance import Performance
from studio.live.performing.settings import Settings, actions_of
from studio.live.turning import Quaternion

_SWAP = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}


def twin_bone(bone: str) -> str:
    """The bone of the other side; itself on the midline."""
    for side in ("left", "right"):
        if bone.startswith(side):
            return _SWAP[side] + bone.removeprefix(side)
    return bone


def _twin_action(action: str) -> str:
    # jawLeft and mouthRight go to a side, the others are of a side: both swap in a mirror.
    for side in ("Left", "Right"):
        if action.endswith(side):
            return action.removesuffix(side) + _SWAP[side]
    return action


MIRROR = np.array([ACTIONS.index(_twin_action(action)) for action in ACTIONS])
"""The number of each action's mirror image."""


def shaped(weights: Float[np.ndarray, "52"], settings: Settings) -> Float[np.ndarray, "52"]:
    """Weights with gains and limits, 0 to 1."""
    out = np.asarray(weights, float).copy()
    for name, gain in settings.gains.items():
        out[list(actions_of(name))] *= gain
    out = np.clip(out, 0.0, 1.0)
    for name, (low, high) in settings.limits.items():
        at = list(actions_of(name))
        out[at] = np.clip(out[at], low, high)
    return out


def mirrored(one: Performance) -> Performance:
    """The same as a mirror shows it. Twice is the performance itself."""
    yaw, pitch, roll = one.head_deg
    across, up = one.gaze_deg
    hips = None if one.hips_m is None else (-one.hips_m[0], one.hips_m[1], one.hips_m[2])
    return replace(
        one,
        weights=one.weights[MIRROR],
        head_deg=(-yaw, pitch, -roll),
        gaze_deg=(-across, up),
        turns={twin_bone(bone): _mirrored(turn) for bone, turn in one.turns.items()},
        hips_m=hips,
        hands=(one.hands[1], one.hands[0]),
    )


def _mirrored(turn: Quaternion) -> Quaternion:
    """A turn seen in the mirror x -> -x: its axis keeps x and turns y and z round."""
    x, y, z, w = turn
    return x, -y, -z, w


def pressed(
    one: Performance, weights: Mapping[str, float], turns: Mapping[str, Quaternion]
) -> Performance:
    """A performance on which expressions and poses are laid that a key holds down: of each action
    the stronger, of each bone what the key says."""
    if not weights and not turns:
        return one
    laid = one.weights.copy()
    for name, weight in weights.items():
        at = list(actions_of(name))
        laid[at] = np.maximum(laid[at], weight)
    return replace(one, weights=np.clip(laid, 0, 1), turns={**one.turns, **turns})
