"""Locked test sets: every recipe's first test shots, known by a hash of what happens in them.

A hash of pixels would change with every graphics driver, and one of coordinates with every
processor's rounding. So the hash is of all decisions (who, where, doing what, with which face, seen
how), and a few shots' body points are kept beside it as numbers, to be compared within a pixel.
What the people wear is left out, so that a wardrobe may grow.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from studio.synth.factory.factory import Factory
from studio.synth.factory.points import in_picture, places_m
from studio.synth.factory.recipe import RECIPES

SEED = 0
SHOTS = 64
"""A locked test set: so many shots of split ``test``, one block."""
_TOLD = 4
_LAYOUT = "mediapipe_33"
_FILE = Path(__file__).parent / "locked.json"


@dataclass(frozen=True)
class Locked:
    """What is known of a locked set: the hash of its decisions, and the first shots' points."""

    version: int
    sha256: str
    first_sha256: str
    points_px: tuple[tuple[tuple[float, float], ...], ...]


@cache
def locked() -> dict[str, Locked]:
    """The locked sets by recipe."""
    table = json.loads(_FILE.read_text("utf-8"))
    return {
        name: Locked(
            row["version"], row["sha256"], row["first_sha256"],
            tuple(tuple((x, y) for x, y in shot) for shot in row["points_px"]),
        )
        for name, row in table.items()
    }  # fmt: skip


def decisions(recipe: str, shots: int = SHOTS) -> str:
    """The hash of what is decided in the first test shots of a recipe. Draws nothing."""
    factory = Factory(recipe, "test", SEED)
    lines = [f"{recipe} {factory.recipe.version}"]
    for which in range(shots // factory.recipe.views):
        moment = factory.acted(which)
        who = [f"{p.member.identity} {p.motion} {p.face}" for p in moment.people]
        lines.append(f"{which} {moment.place} {moment.framings} {who}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def first_points(recipe: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The body points (pixels) of the first person in the first test shots of a recipe."""
    factory = Factory(recipe, "test", SEED)
    out: list[tuple[tuple[float, float], ...]] = []
    for number in range(_TOLD):
        which, view = divmod(number, factory.recipe.views)
        moment = factory.acted(which)
        posed = moment.people[0].posed
        points = places_m(_LAYOUT, posed.vertices_m, posed.bones_world, marked=False)
        at = np.nan_to_num(in_picture(moment.rig.cameras[view], points), nan=-1.0)
        out.append(tuple((round(float(x), 2), round(float(y), 2)) for x, y in at))
    return tuple(out)


def lock(recipe: str, shots: int = SHOTS) -> Locked:
    """What a recipe makes now, to be kept."""
    version = Factory(recipe, "test", SEED).recipe.version
    return Locked(version, decisions(recipe, shots), decisions(recipe, _TOLD),
                  first_points(recipe))  # fmt: skip


def write_locks(recipes: tuple[str, ...] = tuple(RECIPES)) -> None:
    """Keep what these recipes make now; other locks stay. Only for a recipe whose version grew."""
    rows = json.loads(_FILE.read_text("utf-8")) | {name: asdict(lock(name)) for name in recipes}
    _FILE.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
