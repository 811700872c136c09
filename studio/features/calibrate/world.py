"""Where the world of a fresh calibration is: level, floor, origin, and scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studio.core.calibration import Solution
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig, Motion
from studio.features.calibrate.floor import by_clicks, by_feet, spots_of
from studio.features.calibrate.params import Params
from studio.vision.calibration.world import (
    Length,
    Placement,
    from_board,
    scaled,
)


@dataclass(frozen=True, eq=False)
class Placed:
    """A solution in its world: what to know about it, the moment whose board set the floor, and
    whether z = 0 is meant to be the floor."""

    solution: Solution
    notes: tuple[str, ...] = ()
    floor_moment: int | None = None
    levelled: bool = False


def place(
    params: Params, solution: Solution, times_s: Mapping[int, float], motion: Motion | None
) -> Placed:
    """The solution in the world that was asked for.

    Raises StudioError where the world cannot be found so.
    """
    notes: tuple[str, ...] = ()
    tape = measured(params, solution.rig)
    if tape is not None and params.scale == "measured":
        by = scaled(tape.true_m, tape.in_rig(solution.rig))
        notes = (f"Scaled by {by.scale:.4f}, to the measured distance.",)
        solution = by.solution(solution)
    if params.world == "camera" or len(solution.rig) == 1:
        return Placed(solution, notes)
    if params.world == "board":
        moment = _moment(params, solution, times_s)
        by = from_board(solution.rig, solution.target_world[moment], up=params.up)
        return Placed(by.solution(solution), notes, moment, True)
    if params.world == "points":
        floor = by_clicks(solution.rig, params.points)
        return Placed(floor.placement.solution(solution), (*notes, floor.told), None, True)
    if params.world == "feet":
        return Placed(by_feet(solution.rig, motion).placement.solution(solution), notes, None, True)
    told = "The floor is a guess: level as the cameras stand, under the lowest the board came."
    return Placed(guess(solution).solution(solution), (*notes, told))


def measured(params: Params, rig: CameraRig) -> Length | None:
    """The distance that somebody measured: between two cameras, or two of the clicked points
    (“0” to “2”). Raises StudioError if the rig or the clicks lack one of them."""
    if params.between is None or params.measured_m is None:
        return None
    one, other = params.between
    if not {one, other} & set(rig.names) and {one, other} <= {"0", "1", "2"}:
        a, b = (spots_of(rig, params.points)[int(name)].xyz_m for name in (one, other))
        return Length(f"points {one} to {other}", params.measured_m,
                      measured_m=float(np.linalg.norm(a - b)))  # fmt: skip
    for name in params.between:
        if name not in rig.names:
            raise StudioError(
                f"There is no camera “{name}” in this rig.", f"There are: {', '.join(rig.names)}."
            )
    return Length(f"{one} to {other}", params.measured_m, between=params.between)


def _moment(params: Params, solution: Solution, times_s: Mapping[int, float]) -> int:
    """The moment at which the board lies on the floor."""
    if params.floor_at_s is None:
        raise StudioError(
            "When does the board lie on the floor?", "Say at how many seconds (--floor-at-s)."
        )
    known = [m for m in solution.target_world if m in times_s]
    at = params.floor_at_s
    moment = min(known, key=lambda m: abs(times_s[m] - at), default=None)
    if moment is None or abs(times_s[moment] - at) > 1.0:
        nearest = "" if moment is None else f"The nearest is at {times_s[moment]:.1f} s: "
        raise StudioError(
            f"The place of the board at {at:.1f} s is not known.",
            f"{nearest}choose a moment at which two cameras see it lie still.",
        )
    return moment


def guess(solution: Solution) -> Placement:
    """Level by the cameras' own upright pictures; the floor under the lowest board point; the
    origin under the middle of where the board was."""
    up = _up(solution.rig.cameras)
    poses = np.array(list(solution.target_world.values())).reshape(-1, 4, 4)
    corners = solution.target.points_m @ np.swapaxes(poses[:, :3, :3], 1, 2) + poses[:, None, :3, 3]
    corners = corners.reshape(-1, 3)
    middle = np.median(corners, axis=0)
    lowest = float(np.percentile((corners - middle) @ up, 0.5))
    forward = np.mean([camera.rotation[2] for camera in solution.rig.cameras[:1]], axis=0)
    x = np.cross(forward, up)
    x = x / np.linalg.norm(x) if np.linalg.norm(x) > 1e-6 else _any_level(up)
    rotation = np.stack([x, np.cross(up, x), up])
    return Placement(rotation, -rotation @ (middle + lowest * up))


def _any_level(up: np.ndarray) -> np.ndarray:
    x = np.cross(up, np.eye(3)[int(np.argmin(np.abs(up)))])
    return x / np.linalg.norm(x)


def _up(cameras: tuple[Camera, ...]) -> np.ndarray:
    """The direction most nearly at right angles to all cameras' x axes, up in their pictures.

    A camera that is not rolled has a level x axis, whatever its pitch. Cameras mounted upside down
    outvoted by the others do no harm: only the sign is voted on.
    """
    right = np.array([camera.rotation[0] for camera in cameras])
    above = np.array([-camera.rotation[1] for camera in cameras])
    values, vectors = np.linalg.eigh(right.T @ right)
    mean = above.mean(0)
    if values[1] < 0.05:
        size = np.linalg.norm(mean)
        return mean / size if size > 1e-6 else above[0]
    direction = vectors[:, 0]
    votes = np.sign(above @ direction).sum()
    return direction * (np.sign(votes) or np.sign(direction @ above[0]) or 1.0)
