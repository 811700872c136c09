"""Several people: who is who in all cameras, then each triangulated and refined by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.core.types import Crowd, Detections, Fact, Skeleton
from studio.features.triangulate.engine import (
    Triangulation,
    go_on,
    one_person,
    renewing,
)
from studio.features.triangulate.engine import triangulate as triangulate_main
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.jobs import Context, Engine
from studio.jobs.share import Share
from studio.vision.match import match_cameras
from studio.vision.people.persons import Doubt, People, Person, detections_of, find_people

_FINDING = 0.25
_MAY_BE = 3


@dataclass(frozen=True, eq=False)
class Everybody:
    """The motions of several people, the most present first; facts of the group, and notes."""

    persons: tuple[Triangulation, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


def triangulate(
    params: Params, inputs: Inputs, context: Context
) -> Engine[Skeleton, Triangulation | Everybody]:
    """Triangulate everybody whom the cameras saw, or the main person.

    Several people are looked for where the inputs hold a crowd in which some camera sees two or
    more, unless ``params.people`` is 1. Where only one of them is real, the result is theirs
    alone. Yields skeletons; raises StudioError as :func:`studio.features.triangulate.engine.
    triangulate` does, and if no two cameras see anybody at once.
    """
    if params.people == 1 or inputs.crowd is None or inputs.crowd.most < 2:
        return (yield from triangulate_main(params, inputs, context))
    result, said = yield from renewing(_everybody, params, inputs, context)
    return replace(result, notes=said + result.notes)


def _everybody(
    params: Params, inputs: Inputs, context: Context
) -> Engine[Skeleton, Triangulation | Everybody]:
    assert inputs.crowd is not None
    rig, crowd, left_over = match_cameras(inputs.rig, inputs.crowd)

    def check(fraction: float) -> None:
        go_on(context)
        context.report(_FINDING * fraction, "Finding out who is who")

    found = find_people(
        rig, crowd, people=params.people, min_confidence=params.min_confidence, check=check
    )
    if not found.persons:
        raise StudioError(
            "Nobody is seen by two cameras at once.",
            "Check that the cameras are calibrated and in step, or follow the main person alone "
            "(people: 1).",
        )
    solved: list[Triangulation] = []
    lost: list[str] = []
    size = (1 - _FINDING) / len(found.persons)
    for number, person in enumerate(found.persons, start=1):
        part = Share(context, _FINDING + size * (number - 1), size, f"Person {number}")
        alone = replace(inputs, rig=rig, detections=_of(crowd, person), crowd=None)
        try:
            solved.append((yield from one_person(params, alone, part)))
        except StudioError as error:
            if number == len(found.persons) and not solved:
                raise
            lost.append(f"Person {number} was left out: {error}")
    told = _facts(found, len(rig))
    notes = left_over + tuple(dict.fromkeys(n for one in solved for n in one.notes))
    notes += tuple(lost)
    notes += tuple(
        f"Camera {name} seems turned by {degrees:.1f}° since its calibration: people are matched "
        "in it more loosely, and it has less say in who is who. Check the calibration."
        for name, degrees in zip(rig.names, found.turned_deg, strict=True) if degrees
    )  # fmt: skip
    if params.compare:
        notes += ("Methods and cameras are compared for one person: follow one alone (people: 1).",)
    if len(solved) == 1:
        return replace(solved[0], facts=(*solved[0].facts, told[0]), notes=notes)
    return Everybody(tuple(solved), told, notes)


def _of(crowd: Crowd, person: Person) -> Detections:
    """A person's detections from the first frame in which they are there to the last."""
    there = np.flatnonzero(person.there)
    at = slice(int(there[0]), int(there[-1]) + 1)
    every = detections_of(crowd, person)
    return replace(
        every, times_s=every.times_s[at], xy_px=every.xy_px[at], confidence=every.confidence[at]
    )


def _facts(found: People, cameras: int) -> tuple[Fact, ...]:
    """How many people there are, in how many cameras, and how surely they are told apart."""
    count = len(found.persons)
    seen_by = float(np.mean([person.cameras for person in found.persons]))
    text = f"{counted(count, 'person', 'people')} in {counted(cameras, 'camera')}"
    text += f", each seen by {seen_by:.1f}"
    if found.refused:
        text += f", {found.refused} {'ghost' if found.refused == 1 else 'ghosts'} refused"
    alone = cameras > 2 and seen_by < 2.3
    verdict = "look" if found.doubts or alone else "good"
    return (Fact("People", text, verdict, _blame(found.doubts)),)


def _blame(doubts: Sequence[Doubt]) -> str:
    told = [f"{d.one + 1} and {d.other + 1} at {d.time_s:.1f} s" for d in doubts[:_MAY_BE]]
    if not told:
        return ""
    more = f" and {len(doubts) - _MAY_BE} times more" if len(doubts) > _MAY_BE else ""
    return f"Hard to tell apart: persons {', '.join(told)}{more}. Look there, and swap if need be."
