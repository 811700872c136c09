"""The kinds of parts that are looked for, and the points of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.errors import StudioError
from studio.human.catalogue import layout

BODY, LEFT_HAND, RIGHT_HAND, FACE = (range(13), range(13, 34), range(34, 55), range(55, 139))
"""The points of each part in dope_139."""
MIRROR = np.array(layout("dope_139").mirror)
"""For each point of dope_139, the one that stands in its place in a mirrored picture."""
ANKLES, KNEES, HIPS, WRISTS, ELBOWS, SHOULDERS = ((2 * k, 2 * k + 1) for k in range(6))
"""The body's points, right and left."""
WHOLE = "dope_139"
HEAD = 12
LEGS = (*ANKLES, *KNEES)
UPPER = tuple(range(4, 13))
TORSO = (*HIPS, *SHOULDERS)


@dataclass(frozen=True)
class Kind:
    """A kind of part: body, hand, face, or another that somebody adds.

    Its anchor poses come in ``families`` of ``clusters`` each: whole bodies and those of which only
    the upper half is in the picture, left and right hands, one family of faces. ``slots`` are the
    points of ``layout`` that one of them has on a person (two for hands: left, right), ``origin``
    the points whose mean is the origin of its 3D pose, ``mirror`` the point in each one's place in
    a mirrored picture. ``fine`` ones are small: one value of the map for each cell of their box.
    """

    name: str
    points: int
    clusters: int
    families: int
    slots: tuple[tuple[int, ...], ...]
    origin: tuple[int, ...]
    mirror: tuple[int, ...]
    fine: bool = True
    mirrored_families: bool = False
    layout: str = WHOLE

    @property
    def classes(self) -> int:
        """How many anchor poses there are; the background is one more class, after them."""
        return self.clusters * self.families


def _mirror_of(slot: range) -> tuple[int, ...]:
    return tuple(int(m) - slot.start for m in MIRROR[slot.start : slot.stop])


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("body", 13, 10, 2, (tuple(BODY),), TORSO, _mirror_of(BODY), fine=False),
        Kind("hand", 21, 8, 2, (tuple(LEFT_HAND), tuple(RIGHT_HAND)), (0,), tuple(range(21)),
             mirrored_families=True),
        Kind("face", 84, 8, 1, (tuple(FACE),), tuple(range(84)), _mirror_of(FACE)),
    )
}  # fmt: skip
"""The three kinds that Doppel's own weights know."""
_added: dict[str, Kind] = {}


def add_kind(kind: Kind) -> Kind:
    """Make another kind known, such as feet or paws; the same kind again is no other one. A plug-in
    does it where its task is.

    Raises StudioError if the name is taken by another kind, or the kind does not hold together.
    """
    known = KINDS.get(kind.name) or _added.get(kind.name, kind)
    if known != kind:
        raise StudioError(
            f"There is a kind of part “{kind.name}” already.", "Give the new one another name."
        )
    sizes = {len(slot) for slot in kind.slots} | {len(kind.mirror)}
    if sizes != {kind.points} or not all(p < kind.points for p in (*kind.mirror, *kind.origin)):
        raise StudioError(f"The points of the kind “{kind.name}” do not fit together.")
    if max(map(max, kind.slots)) >= len(layout(kind.layout)):
        raise StudioError(f"“{kind.layout}” has not the points of the kind “{kind.name}”.")
    _added[kind.name] = kind
    return kind


def find_kind(name: str) -> Kind:
    """A kind by name: one of ours or an added one. Raises StudioError if nobody added it."""
    kind = KINDS.get(name) or _added.get(name)
    if kind is None:
        raise StudioError(
            f"There is no kind of part “{name}”.",
            f"There are: {', '.join([*KINDS, *_added])}. A plug-in adds others.",
        )
    return kind


def in_order(names: Iterable[str]) -> list[Kind]:
    """Kinds in the order in which a network has them: ours, then others by name."""
    wanted = set(names)
    ours = [kind for name, kind in KINDS.items() if name in wanted]
    return ours + [find_kind(name) for name in sorted(wanted - set(KINDS))]


def more_layouts(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """The layouts of kinds besides dope_139, which follow its points where points are in a row."""
    return tuple(sorted({kind.layout for kind in kinds} - {WHOLE}))


def placed_in(kind: Kind, more: Sequence[str]) -> Kind:
    """The kind with its slots among the points of dope_139 and those of ``more`` in a row."""
    start = 0
    for name in (WHOLE, *more):
        if name == kind.layout:
            slots = tuple(tuple(start + point for point in slot) for slot in kind.slots)
            return replace(kind, slots=slots)
        start += len(layout(name))
    raise StudioError(f"There are no points “{kind.layout}” for the kind “{kind.name}”.")


def mirror_of(more: Sequence[str]) -> np.ndarray:
    """For each point of dope_139 and ``more`` in a row, the one in its place in a mirror."""
    out: list[int] = []
    for name in (WHOLE, *more):
        start = len(out)
        out += [start + twin for twin in layout(name).mirror]
    return np.array(out)


def _feet() -> Kind:
    points, of = ("ankle", "heel", "big_toe", "small_toe"), layout("halpe_26")
    slots = tuple(tuple(of.index(f"{side}_{p}") for p in points) for side in ("left", "right"))
    return Kind(
        "feet", len(points), 4, 2, slots, (0,), (0, 1, 2, 3), mirrored_families=True,
        layout="halpe_26",
    )  # fmt: skip


FEET = add_kind(_feet())
"""Ankle, heel, big and small toe of the left and the right foot: no weights of ours know them, and
nothing but this and two classes (:mod:`studio.training.tasks.dope_feet`) was needed to add them."""
