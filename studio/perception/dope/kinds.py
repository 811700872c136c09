"""The kinds of parts that are looked for, and the points of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.human.catalogue import layout

BODY, LEFT_HAND, RIGHT_HAND, FACE = (range(13), range(13, 34), range(34, 55), range(55, 139))
"""The points of each part in dope_139."""
MIRROR = np.array(layout("dope_139").mirror)
"""For each point of dope_139, the one that stands in its place in a mirrored picture."""
ANKLES, KNEES, HIPS, WRISTS, ELBOWS, SHOULDERS = ((2 * k, 2 * k + 1) for k in range(6))
"""The body's points, right and left."""
HEAD = 12
LEGS = (*ANKLES, *KNEES)
UPPER = tuple(range(4, 13))
TORSO = (*HIPS, *SHOULDERS)


@dataclass(frozen=True)
class Kind:
    """A kind of part: body, hand, face, or another that somebody adds.

    Its anchor poses come in ``families`` of ``clusters`` each: whole bodies and those of which only
    the upper half is in the picture, left and right hands, one family of faces. ``slots`` are the
    points of dope_139 that one of them has on a person (two for hands: left, right), ``origin`` the
    points whose mean is the origin of its 3D pose, ``mirror`` the point in each one's place in a
    mirrored picture. ``fine`` ones are small: one value of the map for each cell of their box.
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
