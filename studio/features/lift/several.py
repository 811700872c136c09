"""Several people in one film: each whom the camera followed is lifted, all in one world."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.core.types import Camera, Crowd, Detections, Fact, Skeleton
from studio.features.lift.engine import Inputs, Lifting
from studio.features.lift.engine import lift as lift_main
from studio.features.lift.film import view_of
from studio.features.lift.params import Params
from studio.jobs import Context, Engine
from studio.jobs.share import Share

_LEAST_S = 0.5
"""Who was followed for less is left out."""


@dataclass(frozen=True, eq=False)
class Everybody:
    """The motions of several people, the most present first; facts of the group, and notes."""

    persons: tuple[Lifting, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


def lift(params: Params, inputs: Inputs, context: Context) -> Engine[Skeleton, Lifting | Everybody]:
    """Lift everybody whom the camera followed, ``params.people`` at most, or the main person.

    People share a world: of a camera that is not calibrated, the floor and the middle are those of
    the most present one. Yields skeletons, person after person; raises StudioError as
    :func:`studio.features.lift.engine.lift` does.
    """
    crowd = inputs.crowd
    if params.people == 1 or crowd is None or crowd.most < 2:
        return (yield from lift_main(params, inputs, context))
    view = view_of(params, inputs.detections)
    found = followed(crowd, view)[: params.people or None]
    made: list[Lifting] = []
    lost: list[str] = []
    for number, person in enumerate(found, start=1):
        part = Share(context, (number - 1) / len(found), 1 / len(found), f"Person {number}")
        alone = replace(inputs, detections=person, crowd=None, truth=None)
        rules = params.model_copy(update={} if number == 1 else {"height_m": None})
        try:
            made.append((yield from lift_main(rules, alone, part)))
        except StudioError as error:
            lost.append(f"Person {number} was left out: {error}")
    if not made:
        return (yield from lift_main(params, inputs, context))
    made[1:] = [_beside(one, made[0]) for one in made[1:]]
    notes = (*dict.fromkeys(note for one in made for note in one.notes), *lost)
    name = crowd.cameras[view]
    fact = Fact("People", f"{counted(len(made), 'person', 'people')} in {name}")
    return Everybody(tuple(made), (fact,), notes)


def followed(crowd: Crowd, view: int) -> list[Detections]:
    """Everybody whom a camera followed for half a second or longer, the most present first, over
    all of the take."""
    step = float(np.median(np.diff(crowd.times_s))) if len(crowd.times_s) > 1 else 1.0
    track = crowd.track[:, view]
    numbers, counts = np.unique(track[track >= 0], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [
        _one(crowd, view, int(numbers[k])) for k in order if counts[k] * step >= _LEAST_S
    ]  # fmt: skip


def _one(crowd: Crowd, view: int, number: int) -> Detections:
    frame, place = np.nonzero(crowd.track[:, view] == number)
    xy = np.full((len(crowd.times_s), 1, len(crowd.layout), 2), np.nan)
    sure = np.zeros(xy.shape[:3])
    xy[frame, 0] = crowd.xy_px[frame, view, place]
    sure[frame, 0] = crowd.confidence[frame, view, place]
    return Detections((crowd.cameras[view],), crowd.times_s, crowd.layout, xy, sure)


def _beside(one: Lifting, main: Lifting) -> Lifting:
    """The same in the world of somebody else, whom the same camera sees."""
    if one.calibrated:
        return one
    frames = np.arange(len(one.motion))
    seen = _apart(one.motion.xyz_m, cameras_of(one, frames), out=False)
    world = _apart(seen, cameras_of(main, frames), out=True)
    return replace(one, motion=replace(one.motion, xyz_m=world), camera=main.camera,
                   shots=main.shots)  # fmt: skip


def cameras_of(lifting: Lifting, frames: np.ndarray) -> list[Camera]:
    """The camera as it stood in each of some frames."""
    starts = [start for start, _ in lifting.shots]
    return [lifting.shots[k][1] for k in np.searchsorted(starts, frames, "right") - 1]


def _apart(xyz_m: np.ndarray, cameras: list[Camera], *, out: bool) -> np.ndarray:
    """Points of each frame into the axes of its camera, or out of them."""
    R = np.stack([camera.rotation for camera in cameras])
    t = np.stack([camera.translation_m for camera in cameras])[:, None]
    return (xyz_m - t) @ R if out else xyz_m @ R.transpose(0, 2, 1) + t
