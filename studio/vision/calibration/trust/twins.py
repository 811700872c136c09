"""The mirror twins of a flat target: does each camera, and the floor, rest on the right one?

Seen from afar a flat board and its mirror image about the line of sight look nearly alike. A rig
that was built on the wrong twin can have a small error in pixels and still put the floor where it
is not. Both twins of every view are fitted here and compared with what the solution made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from studio.core.calibration import Solution, View
from studio.vision.calibration.lens import values_of
from studio.vision.calibration.observations import observe
from studio.vision.calibration.planar import twin_poses, usable
from studio.vision.calibration.state import State
from studio.vision.calibration.trust.limits import spaced
from studio.vision.rotations import angle_deg

_DECISIVE, _ASTRAY_DEG = 25.0, 10.0
_VIEWS = 50
"""Views a camera that are read."""


@dataclass(frozen=True, eq=False)
class TwinReading:
    """One row a view: which twin the solution rests on.

    ``better_px`` and ``worse_px`` are the root mean squares of the two twins fitted to that view
    alone. ``decisive`` views tell them apart at five standard deviations; ``mirrored`` ones are
    those where the solution holds the worse, ``astray`` ones where it holds neither.
    """

    camera: Int[np.ndarray, " views"]
    moment: Int[np.ndarray, " views"]
    better_px: Float[np.ndarray, " views"]
    worse_px: Float[np.ndarray, " views"]
    decisive: Bool[np.ndarray, " views"]
    mirrored: Bool[np.ndarray, " views"]
    astray: Bool[np.ndarray, " views"]


def read_twins(
    solution: Solution, views: Sequence[View], sigma_px: float, floor_moment: int | None = None
) -> TwinReading | None:
    """Compare the solution with both twins of views of each camera, those of ``floor_moment`` among
    them; None for targets that are not flat."""
    target = solution.target
    if not target.flat:
        return None
    kept = [
        view
        for name in solution.rig.names
        for view in _some([v for v in views if v.camera == name], solution, floor_moment)
    ]
    o = observe(target, kept, solution.rig.names)
    cameras = solution.rig.cameras
    poses = np.array([solution.target_world[m] for m in o.moments]).reshape(-1, 4, 4)
    state = State(
        tuple(c.lens for c in cameras),
        tuple(len(c.distortion) for c in cameras),
        np.stack([values_of(c) for c in cameras]),
        np.stack([c.rotation for c in cameras]),
        np.stack([c.centre_m for c in cameras]),
        poses[:, :3, :3],
        poses[:, :3, 3] + poses[:, :3, :3] @ o.pivot_m,
    )
    twins = twin_poses(o, state)
    held = state.rotation[o.camera] @ poses[o.moment, :3, :3]
    there = np.isfinite(twins.rms_px).all(1)
    near = np.full((len(o), 2), np.nan)
    for twin in range(2):
        near[there, twin] = angle_deg(held[there], twins.pose[there, twin, :3, :3])
    better, worse = twins.rms_px.T
    seen = o.seen.sum(1)
    with np.errstate(invalid="ignore"):
        margin = (worse**2 - better**2) * seen / sigma_px**2
        decisive = (margin > _DECISIVE) & (worse > 1.2 * better) & (better < 6 * sigma_px)
        mirrored = decisive & (near[:, 1] < 0.5 * near[:, 0])
        astray = decisive & ~mirrored & (near.min(1) > _ASTRAY_DEG)
    return TwinReading(
        o.camera.astype(np.int64), np.array(o.moments, np.int64)[o.moment], better, worse,
        decisive, mirrored, astray,
    )  # fmt: skip


def _some(views: Sequence[View], solution: Solution, floor_moment: int | None) -> list[View]:
    """Of one camera's views those that can be read, the floor's and some of the others."""
    read = [
        v for v in views
        if v.moment in solution.target_world and usable(solution.target.points_m[v.points])
    ]  # fmt: skip
    floor = [v for v in read if v.moment == floor_moment]
    return floor + spaced([v for v in read if v.moment != floor_moment], _VIEWS)
