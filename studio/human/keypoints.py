"""Where the points of every keypoint layout lie on the parametric person.

A point is a weighted mean of bone heads and skin vertices, plus offsets that turn with a bone.
Detectors do not place hips and shoulders at the joints' centres, so the offsets depend on whose
points they are (``family``): they are measured on rendered people whose joints are known and
kept in ``joint_centres.json``; without it the anatomical joint centres are used for
``anny_joints`` and Anny's COCO regressor for all others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.types import Layout
from studio.human.names import FINGERS, face_vertices
from studio.human.person import Person, PosedPerson, Rest
from studio.human.rig import BONE_NAMES

Kind = Literal["bone", "vertex"]
Source = tuple[float, Kind, str | int]

TIPS = {
    "left": (9348, 8595, 8787, 8982, 9171),
    "right": (2680, 1927, 2119, 2314, 2503),
}
HEAD_TOP = 881
SOLES = {"left": (13054, 12877, 12862, 12759), "right": (6458, 6280, 6265, 6162)}
"""Vertices under the heel, the inner and the outer ball, and the big toe's tip."""
_VERTICES: dict[str, tuple[int, ...]] = {
    "nose": (294,), "head_top": (HEAD_TOP,),
    "left_eye": (14652,), "right_eye": (14724,), "left_pupil": (14652,), "right_pupil": (14724,),
    "left_ear": (12131,), "right_ear": (5532,),
    "left_heel": (12453, 12925), "right_heel": (5856, 6328),
    "left_big_toe": (11551,), "right_big_toe": (4933,),
    "left_foot_index": (11551,), "right_foot_index": (4933,),
    "left_small_toe": (13210,), "right_small_toe": (6614,),
}  # fmt: skip
_BONES = {
    "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist", "hand_wrist": "wrist",
    "hip": "upperleg01", "knee": "lowerleg01", "ankle": "foot",
    "pinky": "finger5-1", "index": "finger2-1", "thumb": "finger1-3",
}  # fmt: skip
_MIDDLE = {
    "upper_neck": ("neck01", "neck01", "upperarm01.L", "upperarm01.R"),
    "spine": ("spine03",), "head": ("head",),
    "pelvis": ("upperleg01.L", "upperleg01.R"),
    "neck": ("upperarm01.L", "upperarm01.R"),
}  # fmt: skip
_MESH_NAMES = {
    "mouth_left": 291, "mouth_right": 61,
    "left_eye_inner": 362, "left_eye_outer": 263, "right_eye_inner": 133, "right_eye_outer": 33,
}  # fmt: skip


def _mean(kind: Kind, ids: tuple[str, ...] | tuple[int, ...]) -> list[Source]:
    return [(1 / len(ids), kind, i) for i in ids]


def _finger(side: str, point: str) -> list[Source]:
    finger, _, joint = point.partition("_")
    k = FINGERS.index(finger)
    if joint == "tip":
        return [(1.0, "vertex", TIPS[side][k])]
    order = ("cmc", "mcp", "ip") if finger == "thumb" else ("mcp", "pip", "dip")
    return [(1.0, "bone", f"finger{k + 1}-{order.index(joint) + 1}.{side[0].upper()}")]


def sources(point: str, family: str = "") -> list[Source]:
    """What a point is the mean of. Raises StudioError for a point the person does not have."""
    side, _, rest = point.partition("_")
    if point in BONE_NAMES:
        return [(1.0, "bone", point)]
    if family == "h36m" and point == "neck":
        return [(1.0, "bone", "neck01")]
    if point in _VERTICES:
        return _mean("vertex", _VERTICES[point])
    if point in _MIDDLE:
        return _mean("bone", _MIDDLE[point])
    if point in _MESH_NAMES:
        return _mean("vertex", face_vertices(f"mesh_{_MESH_NAMES[point]}"))
    if side in ("face", "mesh") and rest.isdigit():
        return _mean("vertex", face_vertices(point))
    if side in ("left", "right"):
        if rest in _BONES:
            return [(1.0, "bone", f"{_BONES[rest]}.{side[0].upper()}")]
        if rest.partition("_")[0] in FINGERS:
            return _finger(side, rest)
    raise StudioError(f"The parametric person has no point “{point}”.")


def family(layout: Layout) -> str:
    """Whose way of placing points a layout follows: ``coco``, ``mediapipe``, ``h36m``, ``rig``."""
    if layout.name == "anny_joints" or layout.name == "dope_13":
        return "rig"
    if layout.name == "h36m_17":
        return "h36m"
    return "mediapipe" if layout.name in ("mediapipe_33", "whole_body") else "coco"


@cache
def joint_centres() -> dict[str, dict[str, list[float]]]:
    """Per family and left-sided point, the offset from the bone's head that detectors show.

    Metres in world axes of the reference pose, for a person of 1.7 m; the right side mirrors x.
    """
    file = Path(__file__).parent / "joint_centres.json"
    return json.loads(file.read_text("utf-8"))


def offset(point: str, family: str) -> np.ndarray:
    """The offset (3,) of a body point from its joint's centre in a family's convention."""
    table = joint_centres().get(family, {})
    side, _, name = point.partition("_")
    if side == "right":
        return np.array(table.get(name, (0, 0, 0))) * (-1, 1, 1)
    if side == "left":
        return np.array(table.get(name, (0, 0, 0)), float)
    pair = {"pelvis": "hip", "neck": "shoulder"}.get(point, point)
    return np.array(table.get(pair, (0, 0, 0))) * (0, 1, 1) if pair in table else np.zeros(3)


def soles() -> np.ndarray:
    """The vertices under the feet (2 feet, 4 vertices), left foot first."""
    return np.array([SOLES["left"], SOLES["right"]])


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Points attached to bones: point = Σ weight · head + G · arm over its attachments.

    ``point``, ``bone`` and ``weight`` list the attachments; ``arms_m`` are vectors in world axes
    of the reference pose, already multiplied by their weights.
    """

    count: int
    point: Int[Tensor, " attachments"]
    bone: Int[Tensor, " attachments"]
    weight: Float[Tensor, " attachments"]
    arms_m: Float[Tensor, "attachments 3"]

    def at(
        self, turns: Float[Tensor, "batch bones 3 3"], heads_m: Float[Tensor, "batch bones 3"]
    ) -> Float[Tensor, "batch points 3"]:
        """Where the points are, given every bone's turn G and head."""
        parts = (turns[:, self.bone] @ self.arms_m[..., None])[..., 0]
        parts = parts + self.weight[:, None] * heads_m[:, self.bone]
        where = self.point[None, :, None].expand_as(parts)
        return torch.zeros(len(turns), self.count, 3, dtype=parts.dtype).scatter_add(
            1, where, parts
        )


def needed_vertices(layout: Layout) -> np.ndarray:
    """The vertices that a layout's points hang on, sorted."""
    kind = family(layout)
    return np.unique(
        [HEAD_TOP]
        + [int(i) for p in layout.points for _, what, i in sources(p, kind) if what == "vertex"]
    )


def landmarks(
    person: Person,
    rest: Rest,
    layout: Layout,
    extra: np.ndarray | None = None,
    influences: int = 4,
) -> Landmarks:
    """The points of a layout, then ``extra`` vertices, on a person of one shape. Differentiable.

    ``person`` needs these vertices only (see :func:`needed_vertices`); each vertex hangs on its
    ``influences`` strongest bones.
    """
    kind = family(layout)
    at = {int(v): i for i, v in enumerate(person.ids)}
    weights, order = person.weights.topk(min(influences, person.weights.shape[1]), 1)
    weights = weights / weights.sum(1, keepdim=True)
    point: list[int] = []
    bone: list[int] = []
    weight: list[float] = []
    arms: list[Tensor] = []
    wanted = [(name, sources(name, kind)) for name in layout.points]
    wanted += [("", [(1.0, "vertex", int(v))]) for v in (() if extra is None else extra)]
    for i, (name, made_of) in enumerate(wanted):
        for share, what, which in made_of:
            if what == "bone":
                b = BONE_NAMES.index(str(which))
                point.append(i)
                bone.append(b)
                weight.append(share)
                arms.append(share * torch.as_tensor(offset(name, kind), dtype=torch.float32))
                continue
            v = at[int(which)]
            for k in range(weights.shape[1]):
                if (w := float(weights[v, k]) * share) > 1e-4:
                    b = int(person.bones[v, order[v, k]])
                    point.append(i)
                    bone.append(b)
                    weight.append(w)
                    arms.append(w * (rest.vertices_m[v] - rest.heads_m[b]))
    return Landmarks(
        len(wanted), torch.tensor(point), torch.tensor(bone), torch.tensor(weight),
        torch.stack(arms),
    )  # fmt: skip


def keypoints(
    person: Person, rest: Rest, posed: PosedPerson, layout: Layout
) -> Float[Tensor, "batch points 3"]:
    """The points of a layout on posed people. Differentiable."""
    return landmarks(person, rest, layout).at(posed.turns, posed.joints_m)
