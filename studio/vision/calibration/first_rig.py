"""Cameras placed and adjusted for the first time, and what a solution in the making carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.core.calibration import Target, View
from studio.vision.calibration.bundle import Freedom, rig_freedom, robust_adjust
from studio.vision.calibration.heldout import Errors
from studio.vision.calibration.intrinsics import noise_of, usual_lenses
from studio.vision.calibration.observations import Observations, observe
from studio.vision.calibration.own_lenses import OwnLens
from studio.vision.calibration.placement import place_cameras, require_connected, settle_twins
from studio.vision.calibration.planar import Twins, twin_poses
from studio.vision.calibration.state import State

_START_KNEE_PX = 8.0


@dataclass(frozen=True)
class Solver:
    """Robust bundle adjustment with fixed freedom, as cross-validation calls it."""

    freedom: Freedom

    def __call__(self, o: Observations, s: State) -> State:
        return robust_adjust(o, s, self.freedom)


@dataclass(frozen=True, eq=False)
class Work:
    """The solution so far, how free it is, its held-out errors, and whose lenses it solved."""

    o: Observations
    s: State
    freedom: Freedom
    errors: tuple[Errors, ...] = ()
    refined: tuple[int, ...] = ()


def first_rig(
    target: Target,
    views: Sequence[View],
    sizes_px: Mapping[str, tuple[int, int]],
    lenses: Sequence[OwnLens],
) -> tuple[Work, Twins]:
    """All cameras placed and adjusted with the lenses as they are. A camera by itself has its
    lens adjusted, unless it was given."""
    names = tuple(sizes_px)
    seen = {name: {v.moment for v in views if v.camera == name} for name in names}
    require_connected(names, seen)
    o = observe(target, views, names)
    count, moments = len(names), len(o.moments)
    eye = np.eye(3)
    s = State(
        tuple(own.lens for own in lenses), tuple(own.terms for own in lenses),
        np.stack([own.values for own in lenses]),
        np.tile(eye, (count, 1, 1)), np.zeros((count, 3)),
        np.tile(eye, (moments, 1, 1)), np.zeros((moments, 3)),
    )  # fmt: skip
    twins = twin_poses(o, s)
    posed = np.isin(o.moment, o.moment[np.isfinite(twins.rms_px[:, 0])])
    if not posed.all():
        o, twins = o.take(posed), twins.take(posed)
    s = settle_twins(o, place_cameras(o, s, twins), twins, _START_KNEE_PX)
    own = count == 1 and not lenses[0].given
    freedom = own_freedom(o, s, lenses, sizes_px) if own else rig_freedom(count)
    return Work(o, robust_adjust(o, s, freedom), freedom), twins


def own_freedom(
    o: Observations,
    s: State,
    lenses: Sequence[OwnLens],
    sizes_px: Mapping[str, tuple[int, int]],
) -> Freedom:
    """Cameras but the first may move, and the lenses that were measured here, drawn weakly to what
    is usual."""
    free = rig_freedom(len(lenses), [np.array(own.free, np.intp) for own in lenses])
    sizes = np.array([sizes_px[name] for name in o.cameras], np.float64)
    return usual_lenses(free, s, sizes, noise_of(o, s))
