"""Writing BVH from an armature and its animation.

Root joints have no offset: their position channels say where they are. A joint whose distance to
its parent changes (by more than 0.1 mm) gets position channels too, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.frames import Up
from studio.core.types import Animation, Armature
from studio.media.formats.bvh.euler import Order, continuous, from_matrix
from studio.media.formats.trs import in_frame, split
from studio.media.formats.whole import whole

STRETCH_M = 1e-4


def write_bvh(
    path: Path,
    armature: Armature,
    animation: Animation | None,
    *,
    up: Up = "y",
    unit: str = "cm",
    order: Order = "ZXY",
) -> None:
    """Write a motion as BVH; without an animation, the rest pose as its only frame.

    Blender reads it as Y up with any unit (scale 0.01 for cm); MotionBuilder, Unity and Unreal
    expect cm. Raises StudioError if there are no bones or values are missing.
    """
    names, parents = joint_names(armature.names), armature.parents.tolist()
    if not names:
        raise StudioError("There are no bones to write.", "Fit a person to the motion first.")
    rest, posed = in_frame(armature, animation, up)
    posed = rest[None] if posed is None else posed
    if not np.isfinite(posed).all():
        raise StudioError(
            "The motion has missing values.", "Fill its gaps, then fit the person again."
        )
    if parents.count(-1) > 1:  # one hierarchy a file
        names = ["Origin", *names]
        parents = [-1, *(parent + 1 for parent in parents)]
        rest = np.concatenate([np.eye(4)[None], rest])
        still = np.broadcast_to(np.eye(4), (len(posed), 1, 4, 4))
        posed = np.concatenate([still, posed], 1)
    angles, places = _local(parents, rest, posed)
    angles = np.degrees(continuous(from_matrix(angles, order)))
    scale = 1 / frames.to_metres(unit)
    heads = rest[:, :3, 3]
    offsets = np.array([heads[k] - heads[p] if p >= 0 else np.zeros(3)
                        for k, p in enumerate(parents)]) * scale  # fmt: skip
    places *= scale
    moving = np.array(parents) < 0
    moving |= np.abs(places - offsets).max((0, 2)) > STRETCH_M * scale
    tails = frames.points_from_world(armature.tails_m, up, unit)
    ends = np.concatenate([np.zeros((len(names) - len(tails), 3)), tails]) - heads * scale

    time_s = np.median(np.diff(animation.times_s)) if animation and len(animation) > 1 else 1 / 30
    sequence = list(_depth_first(parents))
    with whole(path) as temp, temp.open("w", encoding="utf-8", newline="\n") as file:
        file.write("HIERARCHY\n")
        for line in _hierarchy(names, parents, offsets, ends, moving.tolist(), order):
            file.write(line + "\n")
        file.write(f"MOTION\nFrames: {len(posed)}\nFrame Time: {time_s:.9g}\n")
        columns = [
            block
            for k in sequence
            for block in ([places[:, k]] if moving[k] else []) + [angles[:, k]]
        ]
        for row in np.concatenate(columns, 1):
            file.write(" ".join(f"{value:.6f}" for value in row) + "\n")


def joint_names(names: Sequence[str]) -> list[str]:
    """Names as BVH allows them: one word each, none twice."""
    seen: dict[str, int] = {}
    words: list[str] = []
    for name in names:
        word = "_".join(name.split()) or "joint"
        seen[word] = seen.get(word, 0) + 1
        words.append(word if seen[word] == 1 else f"{word}_{seen[word]}")
    return words


def _local(
    parents: list[int], rest: np.ndarray, posed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What each joint has turned in its parent's frame (frames, joints, 3, 3), and where it is."""
    _, _, scales = split(posed)
    turned = (posed[..., :3, :3] / scales[..., None, :]) @ rest[:, :3, :3].transpose(0, 2, 1)
    angles, places = turned.copy(), posed[..., :3, 3].copy()
    for k, parent in enumerate(parents):
        if parent >= 0:
            back = turned[:, parent].transpose(0, 2, 1)
            angles[:, k] = back @ turned[:, k]
            apart = posed[:, k, :3, 3] - posed[:, parent, :3, 3]
            places[:, k] = np.einsum("fij,fj->fi", back, apart)
    return angles, places


def _depth_first(parents: list[int]) -> Iterator[int]:
    """Joints in the order in which BVH lists them."""
    children = [[c for c, p in enumerate(parents) if p == k] for k in range(len(parents))]
    stack = [k for k, parent in enumerate(parents) if parent < 0]
    while stack:
        joint = stack.pop()
        yield joint
        stack += reversed(children[joint])


def _hierarchy(
    names: list[str],
    parents: list[int],
    offsets: np.ndarray,
    ends: np.ndarray,
    moving: list[bool],
    order: Order,
) -> Iterator[str]:
    turns = " ".join(f"{axis}rotation" for axis in order)
    open_joints: list[int] = []
    leaves = set(range(len(names))) - set(parents)
    for k in _depth_first(parents):
        while open_joints and open_joints[-1] != parents[k]:
            open_joints.pop()
            yield "\t" * len(open_joints) + "}"
        tabs = "\t" * len(open_joints)
        yield f"{tabs}{'ROOT' if parents[k] < 0 else 'JOINT'} {names[k]}"
        yield f"{tabs}{{"
        yield f"{tabs}\tOFFSET {_numbers(offsets[k])}"
        if moving[k]:
            yield f"{tabs}\tCHANNELS 6 Xposition Yposition Zposition {turns}"
        else:
            yield f"{tabs}\tCHANNELS 3 {turns}"
        if k in leaves:
            yield f"{tabs}\tEnd Site"
            yield f"{tabs}\t{{"
            yield f"{tabs}\t\tOFFSET {_numbers(ends[k])}"
            yield f"{tabs}\t}}"
        open_joints.append(k)
    while open_joints:
        open_joints.pop()
        yield "\t" * len(open_joints) + "}"


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values)
