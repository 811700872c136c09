"""Several looks at one picture, some of them in the mirror, told as one: each errs in its own way,
and what only one of them shows is seldom there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from studio.perception.dope.kinds import find_kind
from studio.perception.dope.ppi import Part

Parts = dict[str, list[Part]]

_NEAR: Mapping[str, float] = {"body": 0.25, "hand": 0.5}
_OTHER_NEAR, _OTHER_FAMILY = 0.4, 0.12
_ENOUGH: Mapping[str, float] = {"body": 0.45}
_OTHER_ENOUGH = 0.3
"""How far apart points of two looks at one part may be, in parts of its size (nearer by
``_OTHER_FAMILY`` where they take it for another side), and how sure all looks together must be of
it (chosen on validation people)."""


def mirrored(parts: Mapping[str, Sequence[Part]], width: int) -> Parts:
    """What is seen in a mirrored picture of a width (px), in the picture as it is."""
    return {name: [_mirrored(part, width) for part in told] for name, told in parts.items()}


def _mirrored(part: Part, width: int) -> Part:
    kind = find_kind(part.kind)
    twin = list(kind.mirror)
    xy, xyz = part.xy_px[twin], part.xyz_m[twin]
    return replace(
        part, xy_px=np.column_stack([width - 1 - xy[:, 0], xy[:, 1]]),
        xyz_m=xyz * (-1.0, 1.0, 1.0), seen=part.seen[twin],
        family=1 - part.family if kind.mirrored_families else part.family,
    )  # fmt: skip


def apart(a: Part, b: Part) -> float:
    """The mean distance of the points of two parts of a kind, in sizes of the first."""
    return float(np.linalg.norm(a.xy_px - b.xy_px, axis=1).mean()) / max(a.size_px, 1.0)


def between(a: Part, b: Part, share: float = 0.5) -> Part:
    """A part as it is, and a ``share`` of the way to how another look tells it."""
    return replace(
        a, xy_px=a.xy_px + share * (b.xy_px - a.xy_px), xyz_m=a.xyz_m + share * (b.xyz_m - a.xyz_m),
        seen=a.seen + share * (b.seen - a.seen),
    )  # fmt: skip


def joined(looks: Sequence[Mapping[str, Sequence[Part]]]) -> Parts:
    """The parts of several looks at a picture (all in its pixels), the surest first.

    A part is the mean of all looks at it, weighted by how sure each is; how sure it is, is the mean
    of all looks, 0 for those that do not show it.
    """
    out: Parts = {}
    for name in looks[0]:
        free = [(part, k) for k, look in enumerate(looks) for part in look.get(name, ())]
        free.sort(key=lambda one: -one[0].score)
        found: list[Part] = []
        while free:
            same = _same(free, _NEAR.get(name, _OTHER_NEAR))
            taken = {id(part) for part in same}
            free = [one for one in free if id(one[0]) not in taken]
            score = sum(part.score for part in same) / len(looks)
            if score >= _ENOUGH.get(name, _OTHER_ENOUGH):
                found.append(_mean(same, score))
        out[name] = sorted(found, key=lambda part: -part.score)
    return out


def _same(free: Sequence[tuple[Part, int]], near: float) -> list[Part]:
    """The first part, and of each other look whichever is nearest to it, if it is near."""
    first, number = free[0]
    nearest: dict[int, tuple[float, Part]] = {}
    for part, look in free:
        if look == number:
            continue
        gap = apart(first, part) + (_OTHER_FAMILY if part.family != first.family else 0.0)
        if gap < nearest.get(look, (near,))[0]:
            nearest[look] = gap, part
    return [first, *(part for _, part in nearest.values())]


def _mean(same: Sequence[Part], score: float) -> Part:
    weight = np.array([part.score for part in same])
    weight /= weight.sum()
    families = np.bincount([part.family for part in same], weight)
    return replace(
        same[0],
        xy_px=np.tensordot(weight, [part.xy_px for part in same], 1),
        xyz_m=np.tensordot(weight, [part.xyz_m for part in same], 1),
        seen=np.tensordot(weight, [part.seen for part in same], 1),
        score=float(score), family=int(families.argmax()),
    )  # fmt: skip
