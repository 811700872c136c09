"""The parts of a body that the networks for bodies and heads know, and the points of a face."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int

from studio.human.names import face_vertices
from studio.human.person import whole
from studio.human.rig import BONE_NAMES, BONE_PARENTS, bones_of
from studio.human.wardrobe.fitting import base_weights, share_of

Kind = Literal["body", "head"]


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}.{side}" for name in names for side in "LR")


PARTS: dict[Kind, tuple[str, ...]] = {
    "body": (
        "root", *_both("upperleg01", "lowerleg01", "foot", "toe2-1"), "spine05", "spine04",
        "spine03", "spine02", "spine01", *_both("clavicle", "upperarm01", "lowerarm01", "wrist"),
        "neck01", "head",
    ),
    "head": ("head", "neck01", "spine01"),
}  # fmt: skip
"""Bones whose turns are told, the root first; what hangs below one up to the next goes with it."""
FEATURES: dict[str, tuple[int, ...]] = {
    "right eye": (33, 159, 133, 145), "left eye": (263, 386, 362, 374),
    "brows": (70, 105, 55, 300, 334, 285), "nose": (168, 4, 98, 327),
    "mouth": (61, 291, 13, 14), "jaw": (132, 58, 172, 152, 397, 288, 361),
    "forehead": (10, 109, 338),
}  # fmt: skip
"""Features of the face, by points of MediaPipe's face mesh; each has a heat map of its own."""
MARKS: tuple[int, ...] = tuple(point for points in FEATURES.values() for point in points)


@cache
def part_of_bones(kind: Kind) -> Int[np.ndarray, " bones"]:
    """The part that each of the 104 bones goes with: its own, or that of the nearest bone above
    that has one, else the body's middle."""
    parts = PARTS[kind]
    middle = parts.index("root" if kind == "body" else "spine01")
    found = np.full(len(BONE_NAMES), middle)
    for bone, parent in enumerate(BONE_PARENTS):
        name = BONE_NAMES[bone]
        if name in parts:
            found[bone] = parts.index(name)
        elif parent >= 0:
            found[bone] = found[parent]
    return found


@cache
def bones_of_parts(kind: Kind) -> Int[np.ndarray, " parts"]:
    """The bone of each part."""
    return np.array([BONE_NAMES.index(name) for name in PARTS[kind]])


@cache
def chain(kind: Kind) -> tuple[tuple[int, int, int], ...]:
    """How parts hang together, from the root on: each part, the one next to it on the way there,
    and the one that turns the way between them."""
    if kind == "head":
        return ((1, 0, 1), (2, 1, 2))
    own = part_of_bones(kind)
    next_ = [int(own[BONE_PARENTS[bone]]) for bone in bones_of_parts(kind)[1:]]
    return tuple((k, parent, parent) for k, parent in enumerate(next_, start=1))


@cache
def mirrored(kind: Kind) -> Int[np.ndarray, " parts"]:
    """The part of the other side that stands for each part in a mirror."""
    swap = {"L": "R", "R": "L"}
    names = [n[:-1] + swap[n[-1]] if n.endswith((".L", ".R")) else n for n in PARTS[kind]]
    return np.array([PARTS[kind].index(name) for name in names])


@cache
def mirrored_marks() -> Int[np.ndarray, " marks"]:
    """The point of the ``MARKS`` that stands for each in a mirror, where a feature's points stay
    the feature's: the eyes change sides."""
    own = dict(zip(FEATURES["right eye"], FEATURES["left eye"], strict=True))
    own |= {left: right for right, left in own.items()}
    return np.array([MARKS.index(own.get(point, point)) for point in MARKS])


@cache
def mirrored_features() -> Int[np.ndarray, " features"]:
    """The feature that stands for each in a mirror."""
    owners = [k for k, points in enumerate(FEATURES.values()) for _ in points]
    firsts = np.unique(owners, return_index=True)[1]
    return np.array(owners)[mirrored_marks()[firsts]]


@cache
def part_weights(kind: Kind) -> Float32[np.ndarray, "vertices parts"]:
    """How much every vertex of the person hangs on each part."""
    person = whole()
    weights, bones = person.weights.numpy(), part_of_bones(kind)[person.bones.numpy()]
    found = np.zeros((len(weights), len(PARTS[kind])), np.float32)
    np.add.at(found, (np.arange(len(weights))[:, None], bones), weights)
    return found / found.sum(1, keepdims=True)


@cache
def head_share() -> Float32[np.ndarray, " vertices"]:
    """How much every vertex of the person belongs to head and neck."""
    return share_of(base_weights(), bones_of(("head", "neck", "eye"))).astype(np.float32)


@cache
def mark_vertices() -> tuple[Int[np.ndarray, " some"], ...]:
    """The vertices whose mean is each of the ``MARKS``."""
    return tuple(np.array(face_vertices(f"mesh_{point}")) for point in MARKS)


def marks_m(vertices_m: np.ndarray) -> np.ndarray:
    """Where the ``MARKS`` lie (marks, 3) on a person's vertices."""
    return np.stack([vertices_m[ids].mean(0) for ids in mark_vertices()])
