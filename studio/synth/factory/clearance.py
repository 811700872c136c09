"""Hands that stay out of clothes and bodies: arms are moved away until no finger sinks in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from studio.human.rig import BONE_PARENTS
from studio.synth.actor import Actor, Posed
from studio.synth.factory.regions import region
from studio.synth.posing import INDEX

_AXES = (
    ("root", "spine03"), ("spine03", "neck01"), ("neck01", "head"),
    *((f"upperleg01.{s}", f"lowerleg01.{s}") for s in "LR"),
    *((f"lowerleg01.{s}", f"foot.{s}") for s in "LR"),
    *((f"upperarm01.{s}", f"lowerarm01.{s}") for s in "LR"),
    *((f"lowerarm01.{s}", f"wrist.{s}") for s in "LR"),
)  # fmt: skip
"""Lines inside the body, out from which its surface lies."""
_ROUNDS = 5
_NEIGHBOURS = 6
_REACH_M, _BESIDE_M = 0.07, 0.02
_GAP_M, _DEEP_M = 0.004, 0.002
_MOST_M = 0.06


def posed_clear(
    actor: Actor, root_m: np.ndarray, turns: np.ndarray, actions: Mapping[str, float]
) -> Posed:
    """The actor in a pose whose arms are turned at the shoulders until the hands are clear.

    ``turns`` are changed in place. A hand that is wedged in may stay where it is.
    """
    posed = actor.posed(root_m, turns, actions)
    for _ in range(_ROUNDS):
        moved = False
        for side in ("left", "right"):
            push = sunk(actor, posed, side)
            if np.any(push):
                _move(actor, posed, side, push, turns)
                moved = True
        if not moved:
            break
        posed = actor.posed(root_m, turns, actions)
    return posed


def sunk(actor: Actor, posed: Posed, side: str) -> np.ndarray:
    """The way (3,), metres, that leads a hand out of what it has sunk into; zero if it is clear."""
    kept = actor.off_arm(side)
    around = np.concatenate(
        [drawn.mesh.vertices_m[ids] for drawn, ids in zip(posed.drawables, kept, strict=True)]
    )
    hand = posed.vertices_m[region(f"{side}_hand")]
    low, high = hand.min(axis=0) - _REACH_M, hand.max(axis=0) + _REACH_M
    around = around[((around > low) & (around < high)).all(axis=1)]
    if len(around) < _NEIGHBOURS:
        return np.zeros(3)
    away, which = KDTree(around).query(hand, _NEIGHBOURS, distance_upper_bound=_REACH_M)
    near = np.isfinite(away)
    skin = around[np.minimum(which, len(around) - 1)]
    inner = _inside(posed, side, skin.reshape(-1, 3)).reshape(skin.shape)
    out = skin - inner
    thick = np.linalg.norm(out, axis=-1)
    out = out / np.maximum(thick, 1e-6)[..., None]
    from_axis = hand[:, None] - inner
    along = (from_axis * out).sum(-1)
    beside = np.linalg.norm(from_axis - along[..., None] * out, axis=-1)
    depth = np.where(near & (beside < _BESIDE_M), thick - along, -np.inf)
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    if depth[row, column] < _DEEP_M:
        return np.zeros(3)
    deep = (depth > 0.5 * depth[row, column])[..., None]
    way = (out * deep).sum(axis=(0, 1))
    return min(depth[row, column] + _GAP_M, _MOST_M) * way / max(np.linalg.norm(way), 1e-6)


def _inside(posed: Posed, side: str, points: np.ndarray) -> np.ndarray:
    """The nearest place on the lines inside the body, its arm of that side left out."""
    heads = posed.bones_world[:, :3, 3]
    best, place = np.full(len(points), np.inf), np.zeros_like(points)
    for start, end in _AXES:
        if start.endswith(f"arm01.{side[0].upper()}"):
            continue
        a, b = heads[INDEX[start]], heads[INDEX[end]]
        share = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        at = a + share[:, None] * (b - a)
        away = np.linalg.norm(points - at, axis=1)
        nearer = away < best
        best[nearer], place[nearer] = away[nearer], at[nearer]
    return place


def _move(actor: Actor, posed: Posed, side: str, push: np.ndarray, turns: np.ndarray) -> None:
    """Turn the whole arm about its shoulder so that the hand goes where it is pushed."""
    arm = INDEX[f"upperarm01.{side[0].upper()}"]
    lever = posed.vertices_m[region(f"{side}_hand")].mean(axis=0) - posed.bones_world[arm, :3, 3]
    turn = Rotation.from_rotvec(np.cross(lever, push) / (lever @ lever)).as_matrix()
    parent = BONE_PARENTS[arm]
    before = posed.bones_world[parent, :3, :3] @ actor.figure.bones_world[parent, :3, :3].T
    turns[arm] = before.T @ turn @ before @ turns[arm]
