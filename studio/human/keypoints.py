"""Where the points of every keypoint layout lie on the parametric person.

A point is a weighted mean of bone heads and skin vertices, plus offsets that turn with a bone.
Annotators do not mark hips and shoulders at the joints' centres, so the offsets depend on whose
points they are (``family``). What MediaPipe marks is carried to the centres beforehand
(:mod:`studio.human.joint_centres`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.types import Layout
from studio.human.compact import Points
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
    return [(count / len(ids), kind, i) for i, count in Counter(ids).items()]


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
    if side in ("face", "contour", "mesh") and rest.isdigit():
        return _mean("vertex", face_vertices(point))
    if side in ("left", "right"):
        if rest in _BONES:
            return [(1.0, "bone", f"{_BONES[rest]}.{side[0].upper()}")]
        if rest.partition("_")[0] in FINGERS:
            return _finger(side, rest)
    raise StudioError(f"The parametric person has no point “{point}”.")


def family(layout: Layout) -> str:
    """Whose way of placing points a layout follows: ``coco``, ``mediapipe``, ``h36m``, ``rig``."""
    if layout.name == "anny_joints" or layout.name.startswith("dope_"):
        return "rig"
    if layout.name == "h36m_17":
        return "h36m"
    return "mediapipe" if layout.name in ("mediapipe_33", "whole_body") else "coco"


COCO_OFFSETS_M = {
    "shoulder": (-0.0114, 0.0015, 0.0229),
    "elbow": (-0.0124, -0.0090, 0.0132),
    "wrist": (-0.0068, -0.0022, 0.0019),
    "hip": (-0.0146, -0.0207, -0.0228),
    "knee": (0.0050, 0.0048, -0.0047),
    "ankle": (0.0026, -0.0003, 0.0200),
}
"""From a left joint's centre to where COCO's annotators mark it: metres in world axes of the
reference pose (Anny's own COCO regressor on an average adult)."""


def offset(point: str, family: str) -> np.ndarray:
    """The offset (3,) of a body point from its joint's centre in a family's convention."""
    side, _, name = point.partition("_")
    middle = {"pelvis": "hip", "neck": "shoulder"}.get(point)
    if family != "coco" or (middle or name) not in COCO_OFFSETS_M:
        return np.zeros(3)
    mirror = (0.0, 1.0, 1.0) if middle else (-1.0 if side == "right" else 1.0, 1.0, 1.0)
    return np.array(COCO_OFFSETS_M[middle or name]) * mirror


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


@dataclass(frozen=True, eq=False)
class Hooks:
    """What the points of a layout hang on: one row for each attachment to a bone.

    ``vertex`` is a row of the person's vertices, -1 for the bone's own head; ``offset_m`` is
    added to the arm.
    """

    count: int
    point: Int[Tensor, " attachments"]
    bone: Int[Tensor, " attachments"]
    weight: Float[Tensor, " attachments"]
    vertex: Int[Tensor, " attachments"]
    offset_m: Float[Tensor, "attachments 3"]

    def on(self, rest: Rest) -> Landmarks:
        """The landmarks on a person of one shape. Differentiable in the shape."""
        arms = rest.vertices_m[self.vertex.clamp(min=0)] - rest.heads_m[self.bone]
        arms = torch.where(self.vertex[:, None] >= 0, self.weight[:, None] * arms, self.offset_m)
        return Landmarks(self.count, self.point, self.bone, self.weight, arms)


def _marked(
    marked: bool, kind: str
) -> tuple[Callable[[str], list[Source]], Callable[[str], np.ndarray]]:
    """What tells the sources and the offset of a point: at the joints, or where MediaPipe marks
    it (:mod:`studio.human.marks`)."""
    if not marked:
        return (lambda point: sources(point, kind)), (lambda point: offset(point, kind))
    from studio.human import marks

    return marks.sources, marks.offset


def needed_vertices(layout: Layout, marked: bool = False) -> np.ndarray:
    """The vertices that a layout's points hang on, sorted."""
    made_of, _ = _marked(marked, family(layout))
    return np.unique(
        [HEAD_TOP]
        + [int(i) for p in layout.points for _, what, i in made_of(p) if what == "vertex"]
    )


def hooks(
    person: Person, layout: Layout, extra: np.ndarray | None = None, influences: int = 4,
    marked: bool = False,
) -> Hooks:  # fmt: skip
    """Where the points of a layout, then ``extra`` vertices, hang on a person.

    ``person`` needs these vertices only (see :func:`needed_vertices`); each vertex hangs on its
    ``influences`` strongest bones. ``marked`` points lie where MediaPipe marks them.
    """
    told, moved = _marked(marked, family(layout))
    at = {int(v): i for i, v in enumerate(person.ids)}
    strongest, order = person.weights.topk(min(influences, person.weights.shape[1]), 1)
    shares = (strongest / strongest.sum(1, keepdim=True)).tolist()
    bones = person.bones.gather(1, order).tolist()
    rows: list[tuple[int, int, float, int, np.ndarray]] = []
    wanted = [(name, told(name)) for name in layout.points]
    wanted += [("", [(1.0, "vertex", int(v))]) for v in (() if extra is None else extra)]
    for i, (name, made_of) in enumerate(wanted):
        for share, what, which in made_of:
            if what == "bone":
                rows.append((i, BONE_NAMES.index(str(which)), share, -1, share * moved(name)))
                continue
            v = at[int(which)]
            rows += [
                (i, bone, w * share, v, np.zeros(3))
                for bone, w in zip(bones[v], shares[v], strict=True)
                if abs(w * share) > 1e-4
            ]
    point, bone, weight, vertex, offsets = zip(*rows, strict=True)
    return Hooks(
        len(wanted), torch.tensor(point), torch.tensor(bone), torch.tensor(weight),
        torch.tensor(vertex), torch.tensor(np.stack(offsets), dtype=torch.float32),
    )  # fmt: skip


def landmarks(
    person: Person, rest: Rest, layout: Layout, extra: np.ndarray | None = None
) -> Landmarks:
    """The points of a layout, then ``extra`` vertices, on a person of one shape. Differentiable."""
    return hooks(person, layout, extra).on(rest)


def keypoints(
    person: Person, rest: Rest, posed: PosedPerson, layout: Layout
) -> Float[Tensor, "batch points 3"]:
    """The points of a layout on posed people. Differentiable."""
    return landmarks(person, rest, layout).at(posed.turns, posed.joints_m)


def table(layout: Layout) -> Points:
    """The points of a layout for :class:`studio.human.compact.CompactPerson`, all of its vertices.

    On the skin they move with the vertices themselves, exactly.
    """
    kind = family(layout)
    rows = [
        (i, share, -1 if what == "bone" else int(which),
         BONE_NAMES.index(str(which)) if what == "bone" else 0, offset(name, kind))
        for i, name in enumerate(layout.points)
        for share, what, which in sources(name, kind)
    ]  # fmt: skip
    point, weight, vertex, bone, offsets = zip(*rows, strict=True)
    return Points(
        len(layout), torch.tensor(point), torch.tensor(weight), torch.tensor(vertex),
        torch.tensor(bone), torch.tensor(np.stack(offsets), dtype=torch.float32),
    )  # fmt: skip
