"""Making one answer of several looks at the same person, and of several moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from studio.core.types import Layout

_SPREAD = 0.05
_SWAPPED_PX = 1.0
_SIZE_PX = 400.0


def combine(
    xy: Float[np.ndarray, "looks points 2"],
    confidence: Float[np.ndarray, "looks points"],
    sides: Sequence[tuple[Int[np.ndarray, " some"], Int[np.ndarray, " some"]]],
) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, " points"]]:
    """The median of several looks, after those that took left for right were turned round.

    ``sides`` are groups of points with, for each point, its left-right twin. Where the looks
    disagree, confidence falls: it is halved when they spread by 5 % of the person's size.
    """
    if len(xy) == 1:
        return xy[0], confidence[0]
    xy, confidence = xy.copy(), confidence.copy()
    for group, twins in sides:
        plain, turned = xy[:, group], xy[:, twins]
        straight = np.linalg.norm(plain[:, None] - plain[None], axis=-1).sum(-1)
        crossed = np.linalg.norm(plain[:, None] - turned[None], axis=-1).sum(-1)
        middle = np.minimum(straight, crossed).sum(1).argmin()
        swap = crossed[middle] < straight[middle]
        weight = confidence[:, group].mean(1)
        if weight[swap].sum() > weight[~swap].sum():
            swap = ~swap
        for look in np.flatnonzero(swap):
            xy[look, group] = turned[look]
            confidence[look, group] = confidence[look, twins]
    best = np.median(xy, axis=0)
    spread = np.median(np.linalg.norm(xy - best, axis=-1), axis=0)
    size = max(float(np.ptp(best, axis=0).max()), 1.0)
    return best, confidence.mean(0) / (1 + (spread / (_SPREAD * size)) ** 2)


def unswap(
    layout: Layout,
    xy: Float[np.ndarray, "frames points 2"],
    confidence: Float[np.ndarray, "frames points"],
) -> tuple[np.ndarray, np.ndarray, int]:
    """Undo left-right confusions over a take of one camera.

    Arms and legs are each either as detected or the other way round; the sequence of choices
    with the least movement wins (Viterbi), where every frame that is turned round costs as much
    as a movement of 1 px a point on a person 400 px tall. Returns points, confidence, and the
    number of group-frames that were turned round.
    """
    xy, confidence, count = xy.copy(), confidence.copy(), 0
    mirror = np.array(layout.mirror)
    for points, frames in turned(layout, xy):
        for frame in frames:
            xy[frame, points] = xy[frame, mirror[points]]
            confidence[frame, points] = confidence[frame, mirror[points]]
        count += len(frames)
    return xy, confidence, count


def turned(
    layout: Layout, xy: Float[np.ndarray, "frames points 2"]
) -> list[tuple[Int[np.ndarray, " some"], Int[np.ndarray, " few"]]]:
    """The points of arms and of legs, each with the frames in which left and right are confused."""
    out: list[tuple[np.ndarray, np.ndarray]] = []
    scale = _person_size(xy) / _SIZE_PX
    mirror = np.array(layout.mirror)
    for anchor, follow in side_groups(layout):
        seen = np.flatnonzero(np.isfinite(xy[:, anchor]).all((1, 2)))
        if len(seen) < 3:
            continue
        both = np.stack([xy[seen][:, anchor], xy[seen][:, mirror[anchor]]], axis=1)
        swap = seen[_least_movement(both, _SWAPPED_PX * scale * len(anchor))]
        out.append((np.concatenate([anchor, follow]), swap))
    return out


def side_groups(layout: Layout) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Arms and legs: the body points that decide, and the hand points that follow them."""
    hands = [*layout.parts.get("left_hand", ()), *layout.parts.get("right_hand", ())]
    limbs = {"arms": list[int](), "legs": list[int]()}
    for index, name in enumerate(layout.points):
        if index in hands or layout.mirror[index] == index or name.startswith(("mesh_", "face_")):
            continue
        joint = name.partition("_")[2]
        if joint in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb"):
            limbs["arms"].append(index)
        elif joint in ("hip", "knee", "ankle", "heel", "foot_index", "big_toe", "small_toe"):
            limbs["legs"].append(index)
    groups = ((np.array(limbs["arms"], int), np.array(hands, int)),
              (np.array(limbs["legs"], int), np.array([], int)))  # fmt: skip
    return tuple(group for group in groups if len(group[0]))


def _person_size(xy: np.ndarray) -> float:
    seen = xy[np.isfinite(xy).all(-1).any(-1)]
    if not len(seen):
        return _SIZE_PX
    return float(np.median((np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1)).max(-1)))


def _least_movement(both: np.ndarray, swapped_cost: float) -> np.ndarray:
    """Which moments are turned round. ``both``: moments, (plain, turned), points, 2."""
    moments = len(both)
    came_from = np.zeros((moments, 2), int)
    own = np.array([0.0, swapped_cost])
    cost = own
    for t in range(1, moments):
        moved = np.linalg.norm(both[t][None] - both[t - 1][:, None], axis=-1).sum(-1)
        total = cost[:, None] + moved
        came_from[t] = total.argmin(0)
        cost = total.min(0) + own
    state, path = int(cost.argmin()), np.zeros(moments, bool)
    for t in range(moments - 1, -1, -1):
        path[t] = bool(state)
        state = came_from[t, state]
    return path
