"""Many people as the few bones and points that their keypoints need: posed in large batches."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from studio.core.types import Layout
from studio.human import compact, compaction
from studio.human.catalogue import MEDIAPIPE_33, make
from studio.human.convert import DERIVED
from studio.human.keypoints import HEAD_TOP, SOLES, family, offset, sources
from studio.human.layouts import layout
from studio.human.names import FACE_68
from studio.human.rig import BONE_NAMES, BONE_PARENTS
from studio.synth.cast import random_phenotype
from studio.synth.factory.streams import Split, stream
from studio.synth.moving.keyposes import MOVING

PEOPLE = {"train": 2000, "validation": 100, "test": 200}
"""How many people each split has."""
TARGET = layout("openpose_137")
"""The points that are told in 3D, where COCO's annotators mark them."""
_PUPILS = ("mesh_468", "mesh_473")
SEEN_BY_MEDIAPIPE: Layout = make(
    "whole_body", (*MEDIAPIPE_33, *(DERIVED[p][0][0] for p in FACE_68), *_PUPILS), ()
)
"""The points of MediaPipe's body and face that tell something about the target's."""
_INFLUENCES = 3
_LIMB_SPREAD = 0.035
_STATURE_M, _OF_PHENOTYPE, _STATURE_SPREAD_M = 1.70, 0.45, 0.03


@cache
def _ancestors() -> np.ndarray:
    """For each bone, the row in MOVING of the nearest bone above it (or itself) that moves."""
    found: list[int] = []
    for bone, parent in enumerate(BONE_PARENTS):
        name = BONE_NAMES[bone]
        found.append(MOVING.index(name) if name in MOVING else found[parent])
    return np.array(found)


def _parents() -> list[int]:
    """The parents of the moving bones, as rows of MOVING; -1 for the root."""
    above = _ancestors()
    rows = [BONE_PARENTS[BONE_NAMES.index(name)] for name in MOVING]
    return [-1 if row < 0 else int(above[row]) for row in rows]


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the points hang on: point, moving bone, weight, and the rest position, which is the
    vertex ``vertex`` or, where that is -1, the head of ``bone_at`` plus ``offset_m``. Sorted by
    bone."""

    point: np.ndarray
    bone: np.ndarray
    weight: np.ndarray
    vertex: np.ndarray
    bone_at: np.ndarray
    offset_m: np.ndarray


def _rows(person: compact.CompactPerson) -> _Rows:
    weights = person.weights.numpy()
    above = _ancestors()
    rows: list[tuple[int, int, float, int, int, np.ndarray]] = []
    nil = np.zeros(3)
    for first, of in ((0, TARGET), (len(TARGET), SEEN_BY_MEDIAPIPE)):
        kind = family(of)
        for place, name in enumerate(of.points):
            for share, what, which in sources(name, kind):
                if what == "bone":
                    at = BONE_NAMES.index(str(which))
                    rows.append((first + place, int(above[at]), share, -1, at, offset(name, kind)))
                    continue
                on = np.bincount(above, weights[int(which)], len(MOVING))
                strong = np.argsort(on)[::-1][:_INFLUENCES]
                total = float(on[strong].sum())
                rows += [
                    (first + place, int(b), share * float(on[b]) / total, int(which), 0, nil)
                    for b in strong
                    if on[b] > 0.01 * total
                ]
    point, bone, weight, vertex, at, offsets = zip(*rows, strict=True)
    order = np.argsort(bone, kind="stable")
    return _Rows(np.array(point)[order], np.array(bone)[order], np.array(weight)[order],
                 np.array(vertex)[order], np.array(at)[order],
                 np.array(offsets, np.float32)[order])  # fmt: skip


def turn_matrices(q: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotation matrices of quaternions (x, y, z, w), which need not have length 1."""
    x, y, z, w = torch.nn.functional.normalize(q, dim=-1).unbind(-1)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


class Bodies:
    """People of a split. Points come in the order of :data:`TARGET`, then
    :data:`SEEN_BY_MEDIAPIPE`; metres, the root at the origin, facing -Y before they are turned."""

    def __init__(self, split: Split, count: int | None = None) -> None:
        count = count or PEOPLE[split]
        whole = compact.load(compaction.stored())
        rows = _rows(whole)
        ends = (HEAD_TOP, *SOLES["left"], *SOLES["right"])
        used = np.unique([*ends, *rows.vertex[rows.vertex >= 0]])
        person = whole.subset(used)
        vertex = np.where(rows.vertex >= 0, np.searchsorted(used, rows.vertex), -1)
        self.count = count
        weight = torch.from_numpy(rows.weight).float()
        self._points = len(TARGET) + len(SEEN_BY_MEDIAPIPE)
        moving = [BONE_NAMES.index(name) for name in MOVING]
        parents = _parents()
        self._builds = _builds(person, split, count, np.searchsorted(used, ends))
        rest = self._builds.rest(person)
        skin = person.reference_skin(rest)
        on_bone = rest.heads_m[:, rows.bone_at] + torch.from_numpy(rows.offset_m)
        on_skin = skin[:, vertex.clip(min=0)]
        at = torch.where(torch.from_numpy(vertex)[:, None] >= 0, on_skin, on_bone)
        heads = rest.heads_m[:, moving]
        arms = weight[:, None] * (at - heads[:, rows.bone])
        starts = np.searchsorted(rows.bone, np.arange(len(MOVING) + 1)).tolist()
        self._hung = [
            (bone, weight[a:b], arms[:, a:b].transpose(1, 2).contiguous())
            for bone, (a, b) in enumerate(itertools.pairwise(starts))
            if b > a
        ]
        self._steps = heads - heads[:, [max(p, 0) for p in parents]]
        self._levels = _levels(parents)
        self._moves = _moves(person, rows, vertex)
        self._sums = torch.zeros(len(rows.point), self._points)
        self._sums[torch.arange(len(rows.point)), torch.from_numpy(rows.point)] = 1.0
        self._head = MOVING.index("head")

    def rest_of(self, person: compact.CompactPerson, who: int) -> compact.CompactRest:
        """Somebody of these people, with the vertices that ``person`` has."""
        rest = self._builds.rest(person)
        return compact.CompactRest(*(value[who : who + 1] for value in vars(rest).values()))

    @torch.no_grad()
    def pose(
        self,
        who: Int[Tensor, " batch"],
        turns: Float[Tensor, "batch frames bones 3 3"],
        faces: Float[Tensor, "batch frames actions"],
    ) -> Float[Tensor, "batch frames points 3"]:
        """Where the points of people are; ``turns`` are those of the bones of MOVING."""
        batch, frames = turns.shape[:2]
        steps = self._steps[who][:, None]
        root = turns[:, :, 0]
        G, heads = {0: root}, {0: torch.zeros(batch, frames, 3)}
        for bones, above in self._levels:
            parent = torch.stack([G[p] for p in above], 2)
            turned = parent @ turns[:, :, bones]
            moved = (parent @ steps[:, :, bones, :, None])[..., 0]
            for k, bone in enumerate(bones):
                G[bone] = turned[:, :, k]
                heads[bone] = heads[above[k]] + moved[:, :, k]
        hung: list[Tensor] = []
        for bone, weight, arms in self._hung:
            turned = G[bone].reshape(batch, frames * 3, 3) @ arms[who]
            hung.append(turned + heads[bone].reshape(batch, frames * 3, 1) * weight)
        places = torch.cat(hung, 2) @ self._sums
        shifts = faces.flatten(0, 1) @ self._moves.flatten(1)
        turned = G[self._head].flatten(0, 1) @ shifts.unflatten(1, (3, -1))
        return (places + turned.reshape_as(places)).unflatten(1, (frames, 3)).transpose(2, 3)


def _levels(parents: list[int]) -> list[tuple[list[int], list[int]]]:
    """Bones of one depth under the root, with their parents, from the root down."""
    depth = [0] * len(parents)
    for bone, parent in enumerate(parents):
        depth[bone] = 0 if parent < 0 else depth[parent] + 1
    found: list[tuple[list[int], list[int]]] = []
    for level in range(1, max(depth) + 1):
        bones = [b for b, d in enumerate(depth) if d == level]
        found.append((bones, [parents[b] for b in bones]))
    return found


@dataclass(frozen=True, eq=False)
class _Builds:
    """What makes people: phenotypes, scales of segments, and how much larger the whole is."""

    phenotypes: dict[str, Tensor]
    scales: dict[str, Tensor]
    size: Tensor

    def rest(self, person: compact.CompactPerson) -> compact.CompactRest:
        """These people, with the vertices that ``person`` has."""
        rest = person.rest(person.phenotypes(**self.phenotypes), person.scales(**self.scales))
        return compact.CompactRest(
            rest.modelled_m, rest.modelled_heads_m, rest.heads_m * self.size[:, None, None],
            rest.frames * self.size[:, None, None, None],
        )  # fmt: skip


def _builds(person: compact.CompactPerson, split: Split, count: int, ends: np.ndarray) -> _Builds:
    """Random adults whose limbs are also a little longer or shorter than is usual.

    ``ends`` are the vertices of the top of the head and of the soles. Phenotypes alone make people
    far more unlike in height than they are, so the whole person is made larger or smaller.
    """
    drawn = [random_phenotype(stream("lifted person", split, k)) for k in range(count)]
    named = {k: torch.tensor([b[k] for b in drawn], dtype=torch.float32) for k in drawn[0]}
    rng = stream("lifted limbs", split)
    sizes = {
        name: torch.from_numpy(np.exp(rng.normal(0, _LIMB_SPREAD, count)).astype(np.float32))
        for name in person.names["segments"]
    }
    built = _Builds(named, sizes, torch.ones(count))
    z = person.reference_skin(built.rest(person))[:, ends, 2]
    tall = z[:, 0] - z[:, 1:].amin(1)
    aim = _STATURE_M + _OF_PHENOTYPE * (tall - tall.mean())
    aim = aim + torch.from_numpy(rng.normal(0, _STATURE_SPREAD_M, count).astype(np.float32))
    return replace(built, size=aim / tall)


def _moves(person: compact.CompactPerson, rows: _Rows, vertex: np.ndarray) -> Tensor:
    """How far each facial action moves each point (actions, 3, points), on the average person."""
    count = len(person.names["actions"])
    rest = person.rest(person.phenotypes())
    still = torch.eye(3).expand(1, len(BONE_NAMES), 3, 3)
    moved = person.pose(rest, still, None, torch.eye(count)).vertices_m
    moved = moved - person.pose(rest, still).vertices_m
    out = torch.zeros(count, 3, len(TARGET) + len(SEEN_BY_MEDIAPIPE))
    for point, column, weight in zip(rows.point, vertex, rows.weight, strict=True):
        if column >= 0:
            out[:, :, int(point)] += float(weight) * moved[:, int(column)]
    return out
