"""Error against the number of cameras: measured of our networks, published in the
seed, and of the take on show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.card import find_card
from studio.core.errors import StudioError
from studio.core.types import Fact
from studio.features.triangulate.fewer import read

SEED_MM = 17.0
SEED_CAMERAS = {"RANSAC": 12, "algebraic": 4, "volumetric": 2}
"""With how many cameras each method comes to :data:`SEED_MM` on CMU Panoptic, as the thesis that it
follows says (Iskakov et al., Learnable Triangulation of Human Pose, ICCV 2019; its 4.1.2)."""
ORDER = ("RANSAC", "without confidences", "algebraic", "volumetric", "oracle weights")
_WITH = re.compile(r"held-out rigs: MPJPE with (\d+) cameras?$")
_FOUR = "held-out rigs: MPJPE"


@dataclass(frozen=True)
class Curve:
    """A method's error by number of cameras (mm, or px for cameras left out)."""

    method: str
    values: dict[int, float]


def held_out() -> tuple[Curve, ...]:
    """What the card of the volumetric network tells of it and of the methods beside it; nothing
    where it is not installed."""
    try:
        card = find_card("volumetric")
    except StudioError:
        return ()
    told: dict[str, dict[int, float]] = {name: {} for name in ORDER}
    for row in card.figures:
        what = str(row["what"])
        found = _WITH.match(what)
        cameras = int(found.group(1)) if found else 4 if what == _FOUR else 0
        if not cameras or not isinstance(row.get("value"), int | float):
            continue
        for name, value in {**row.get("baselines", {}), "volumetric": row["value"]}.items():
            if name in told:
                told[name][cameras] = float(value)
    return tuple(Curve(name, dict(sorted(of.items()))) for name, of in told.items() if of)


def of_take(facts: Sequence[Fact], prefix: str) -> tuple[Curve, ...]:
    """The curves among the facts of a motion: how far joints move (``CAMERAS``), or lie from what
    cameras saw that were left out (``LEFT_OUT``)."""
    return tuple(
        Curve(fact.label.removeprefix(prefix), read(fact.text))
        for fact in facts if fact.label.startswith(prefix)
    )  # fmt: skip
