"""Figures of the factory: whether networks that were trained on photographs see its people, how
far they and the truth agree, and how fast pictures are made."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from studio.journeys.figures import Figure, Part
from studio.perception.landmarkers import Landmarker
from studio.synth.actor import Posed
from studio.synth.factory.factory import Factory
from studio.synth.factory.recipe import find_recipe
from studio.synth.factory.shot import Shot
from studio.synth.factory.streams import Split
from studio.weights.store import find

SIZE_PX = 384
"""Pictures shown to the networks: larger than those trained on, as photographs are."""
FRONTAL_DEG = 35.0
_BODY, _FACE = slice(11, 29), slice(75, 543)
"""MediaPipe's shoulders to ankles with the knuckles between; its face mesh without the irises."""
_HANDS = {"left_hand": slice(33, 54), "right_hand": slice(54, 75)}
_GROSS = 0.25
"""A find that is farther off than this share of the box is of something else."""
_SECONDS = 40.0
_RECIPES = {"body": "whole_body", "face": "heads", "hand": "hands"}


@dataclass(frozen=True, eq=False)
class Look:
    """A shot of somebody, and what MediaPipe found of them.

    ``points`` are the compared points of the layout ``whole_body``, ``found`` where the network
    has them (n, 2; pixels), or None if it found nothing like them. ``size_px`` is the longer side
    of the box of the body, the face or the hand
    (see :class:`studio.synth.factory.shot.PersonTruth`).
    """

    shot: Shot
    posed: Posed
    points: slice
    size_px: float
    found: np.ndarray | None

    @property
    def visible(self) -> np.ndarray:
        """Which of the points are seen."""
        return self.shot.people[0].points["whole_body"].visible[self.points]

    @property
    def off(self) -> np.ndarray:
        """How far each of the points was found from the truth (n, 2), in shares of the box."""
        assert self.found is not None
        truth = self.shot.people[0].points["whole_body"].xy_px[self.points]
        return (self.found - truth) / self.size_px


def parts(count: int) -> list[tuple[str, Part]]:
    """The parts of the evaluation; each looks at ``count`` shots."""
    return [
        ("bodies", partial(_figures, "body", count, 0.99)),
        ("frontal heads", partial(_figures, "face", count, 0.95)),
        ("hands", partial(_figures, "hand", count, 0.88)),
        ("rate", _rate),
    ]  # fmt: skip


def _figures(kind: str, count: int, goal: float) -> Iterable[Figure]:
    seen = tuple(looks(kind, "test", count))
    off = [np.linalg.norm(one.off[one.visible], axis=1) for one in seen if one.found is not None]
    share, (low, high) = len(off) / len(seen), wilson(len(off), len(seen))
    apart = float(np.median(np.concatenate(off))) if off else float("nan")
    return [
        Figure(f"{kind}: found by MediaPipe", f"{share:.1%} of {len(seen)} shots", f"{goal:.0%}",
               share >= goal, f"{low:.1%} to {high:.1%} with 95 % confidence"),
        Figure(f"{kind}: median label difference", f"{apart:.2%} of the box", "below 1.6 %",
               apart < 0.016),
    ]  # fmt: skip


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 % confidence (Wilson 1927)."""
    z = 1.96
    middle = (hits + z * z / 2) / (count + z * z)
    half = z * np.sqrt(hits * (count - hits) / count + z * z / 4) / (count + z * z)
    return float(middle - half), float(middle + half)


def looks(kind: str, split: Split, count: int) -> Iterator[Look]:
    """The first shots of a split that show a body, a frontal face or a hand well enough, each of
    one person; blocks are small, so that many people are seen. ``kind`` is ``body``, ``face`` or
    ``hand``. Raises FileNotFoundError without the network."""
    recipe = replace(
        find_recipe(_RECIPES[kind]), size_px=(SIZE_PX, SIZE_PX), people=(1.0, 0.0, 0.0), block=8,
        cast=2, places=1, occluded=0.0, hands_full=0.0 if kind == "hand" else 0.15,
        maps=("instances",),
    )  # fmt: skip
    model = find("pose_landmarker_full" if kind == "body" else f"{kind}_landmarker")
    network = (
        Landmarker("pose", model, 1, 0.4) if kind == "body"
        else Landmarker(kind, model, 2 if kind == "hand" else 1, 0.3)
    )  # fmt: skip
    with closing(network), Factory(recipe, split, 0) as factory:
        made = number = 0
        while made < count:
            shot = factory.shot(number)
            number += 1
            if _wanted(kind, shot):
                made += 1
                yield _look(kind, shot, factory.acted(shot.moment).people[0].posed, network)


def _wanted(kind: str, shot: Shot) -> bool:
    visible = shot.people[0].points["whole_body"].visible
    if kind == "face":
        return _frontal(shot)
    if kind == "body":
        return bool(visible[:33].sum() >= 12)
    return max(int(visible[where].sum()) for where in _HANDS.values()) >= 15


def _look(kind: str, shot: Shot, posed: Posed, network: Landmarker) -> Look:
    """The find whose points lie nearest to the truth."""
    person = shot.people[0]
    truth = person.points["whole_body"]
    box, where = kind, _BODY if kind == "body" else _FACE
    if kind == "hand":
        box, where = max(_HANDS.items(), key=lambda one: int(truth.visible[one[1]].sum()))
    left, top, right, bottom = person.boxes_px[box]
    size = float(max(right - left, bottom - top))
    best: tuple[float, np.ndarray | None] = (_GROSS, None)
    for one in network.find(shot.rgb):
        had = one.xy_px[{"body": _BODY, "face": slice(468), "hand": slice(21)}[kind]]
        away = np.linalg.norm(had - truth.xy_px[where], axis=1)[truth.visible[where]] / size
        if len(away) and np.median(away) < best[0]:
            best = float(np.median(away)), had
    return Look(shot, posed, where, size, best[1])


def _frontal(shot: Shot) -> bool:
    """Whether a face looks at the camera within ``FRONTAL_DEG``, by its outline and its nose."""
    points = shot.people[0].points["whole_body"].xyz_m[_FACE]
    across, up = points[454] - points[234], points[10] - points[152]
    ahead = np.cross(up, across)
    ahead = ahead * np.sign(ahead @ (points[1] - (points[454] + points[234]) / 2))
    way = shot.camera.centre_m - points[1]
    cosine = ahead @ way / np.linalg.norm(ahead) / np.linalg.norm(way)
    return bool(np.degrees(np.arccos(np.clip(cosine, -1, 1))) < FRONTAL_DEG)


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
