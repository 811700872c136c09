"""Figures of the factory: whether networks that were trained on photographs see its people, how
far they and the truth agree, and how fast pictures are made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from studio.journeys.figures import Figure, Part
from studio.perception.landmarkers import Found, Landmarker
from studio.synth.factory.factory import Factory
from studio.synth.factory.recipe import Recipe, find_recipe
from studio.synth.factory.shot import PersonTruth, Shot
from studio.weights.store import find

SIZE_PX = 384
"""Pictures shown to the networks: larger than those trained on, as photographs are."""
FRONTAL_DEG = 35.0
_LIMBS = slice(11, 29)
"""MediaPipe's shoulders to ankles, hands left out."""
_LEFT, _RIGHT, _FACE = slice(33, 54), slice(54, 75), slice(75, 543)
_SECONDS = 40.0
Compared = tuple[np.ndarray, np.ndarray, np.ndarray, str]
"""True points, which of them are seen, found points, and whose box is their measure."""


@dataclass(frozen=True)
class Judged:
    """How many shots were looked at, in how many the person was found, and the median distance
    between the network's points and the truth's, as a share of the longer side of the box of the
    body, the face or the hand (see :class:`PersonTruth`)."""

    shots: int
    found: int
    off: float


def parts(count: int) -> list[tuple[str, Part]]:
    """The parts of the evaluation; each looks at ``count`` shots."""
    return [
        ("bodies", partial(_figures, "pose", _bodies, count, 0.99)),
        ("frontal heads", partial(_figures, "face", _heads, count, 0.95)),
        ("hands", partial(_figures, "hand", _hands, count, 0.88)),
        ("rate", _rate),
    ]  # fmt: skip


def _figures(
    kind: str, judge: Callable[[int, Landmarker], Judged], count: int, goal: float
) -> Iterable[Figure]:
    model = find("pose_landmarker_full" if kind == "pose" else f"{kind}_landmarker")
    network = Landmarker(kind, model, 1 if kind != "hand" else 2, 0.4 if kind == "pose" else 0.3)
    found = judge(count, network)
    network.close()
    share = found.found / max(found.shots, 1)
    return [
        Figure(f"{judge.__name__[1:]}: found by MediaPipe", f"{share:.1%} of {found.shots} shots",
               f"{goal:.0%}", share >= goal),
        Figure(f"{judge.__name__[1:]}: median label difference", f"{found.off:.2%} of the box",
               "below 1.6 %", found.off < 0.016),
    ]  # fmt: skip


def _shots(recipe: Recipe, count: int, wanted: Callable[[Shot], bool]) -> Iterable[Shot]:
    """The first shots of the test split that are wanted; blocks are small, so that many people
    are seen."""
    varied = replace(recipe, size_px=(SIZE_PX, SIZE_PX), people=(1.0, 0.0, 0.0), block=8, cast=2,
                     places=1, occluded=0.0, maps=("instances",))  # fmt: skip
    with Factory(varied, "test", 0) as factory:
        made = number = 0
        while made < count:
            shot = factory.shot(number)
            number += 1
            if wanted(shot):
                made += 1
                yield shot


def _compared(
    shots: Iterable[Shot],
    network: Landmarker,
    truth: Callable[[PersonTruth, Found], Compared],
) -> Judged:
    """Look at shots; ``truth`` gives the true points, which are seen, the found ones, and
    whose box is their measure."""
    off: list[np.ndarray] = []
    found = looked = 0
    for shot in shots:
        looked += 1
        best: tuple[float, np.ndarray] | None = None
        for one in network.find(shot.rgb):
            wanted, seen, had, box = truth(shot.people[0], one)
            left, top, right, bottom = shot.people[0].boxes_px[box]
            size = float(max(right - left, bottom - top))
            away = np.linalg.norm(had - wanted, axis=1) / size
            if seen.any() and (best is None or np.median(away[seen]) < best[0]):
                best = float(np.median(away[seen])), away[seen]
        if best is not None and best[0] < 0.25:
            found += 1
            off.append(best[1])
    return Judged(looked, found, float(np.median(np.concatenate(off))) if off else float("nan"))


def _bodies(count: int, network: Landmarker) -> Judged:
    def truth(person: PersonTruth, found: Found) -> Compared:
        points = person.points["whole_body"]
        return points.xy_px[:33][_LIMBS], points.visible[:33][_LIMBS], found.xy_px[_LIMBS], "body"

    def whole(shot: Shot) -> bool:
        return bool(shot.people[0].points["whole_body"].visible[:33].sum() >= 12)

    return _compared(_shots(find_recipe("whole_body"), count, whole), network, truth)


def _heads(count: int, network: Landmarker) -> Judged:
    def truth(person: PersonTruth, found: Found) -> Compared:
        points = person.points["whole_body"]
        return points.xy_px[_FACE], points.visible[_FACE], found.xy_px[:468], "face"

    return _compared(_shots(find_recipe("heads"), count, _frontal), network, truth)


def _frontal(shot: Shot) -> bool:
    """Whether a face looks at the camera within ``FRONTAL_DEG``, by its outline and its nose."""
    points = shot.people[0].points["whole_body"].xyz_m[_FACE]
    across, up = points[454] - points[234], points[10] - points[152]
    ahead = np.cross(up, across)
    ahead = ahead * np.sign(ahead @ (points[1] - (points[454] + points[234]) / 2))
    way = shot.camera.centre_m - points[1]
    cosine = ahead @ way / np.linalg.norm(ahead) / np.linalg.norm(way)
    return bool(np.degrees(np.arccos(np.clip(cosine, -1, 1))) < FRONTAL_DEG)


def _hands(count: int, network: Landmarker) -> Judged:
    def shown(person: PersonTruth) -> slice:
        seen = person.points["whole_body"].visible
        return _LEFT if seen[_LEFT].sum() >= seen[_RIGHT].sum() else _RIGHT

    def truth(person: PersonTruth, found: Found) -> Compared:
        points, side = person.points["whole_body"], shown(person)
        box = "left_hand" if side == _LEFT else "right_hand"
        return points.xy_px[side], points.visible[side], found.xy_px, box

    def clear(shot: Shot) -> bool:
        person = shot.people[0]
        return bool(person.points["whole_body"].visible[shown(person)].sum() >= 15)

    recipe = replace(find_recipe("hands"), hands_full=0.0)
    return _compared(_shots(recipe, count, clear), network, truth)


def _rate() -> Sequence[Figure]:
    """Finished shots of 256 x 256 px with all truth, by one process."""
    with Factory("whole_body", "train", 1) as factory:
        block = factory.recipe.block
        for number in range(0, block, 4):  # dress the cast and look around its places
            factory.acted(number // factory.recipe.views)
        factory.shot(0)
        clock, work = time.perf_counter(), time.process_time()
        made = 0
        while made < block and time.perf_counter() - clock < _SECONDS:
            factory.shot(made)
            made += 1
        wall, work = time.perf_counter() - clock, time.process_time() - work
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    two = 2 * made / work
    return [
        Figure("256² shots with all truth, one process", f"{made / wall:.1f} images/s", "", None,
               load),
        Figure("256² shots with all truth, two cores' time", f"{two:.1f} images/s", "12 images/s",
               two >= 12, f"{1000 * work / made:.0f} ms of processor time a shot"),
    ]  # fmt: skip
