"""The floor of a calibration that is there already: its world moves, nothing is solved again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studio.core.calibration import HeldOut, Solution, Spread, Target
from studio.core.errors import StudioError
from studio.core.types import CameraRig, Motion
from studio.document.folder import Assets
from studio.document.project import CameraItem, RigItem
from studio.document.trust import CameraTrust, ErrorBar, GateMark, known
from studio.features.calibrate.look import from_arrays
from studio.features.calibrate.params import Click
from studio.vision.calibration.spots import Spot, spot
from studio.vision.calibration.trust.gates_world import world_gates
from studio.vision.calibration.trust.limits import LIMITS
from studio.vision.calibration.trust.uncertainty import bars_of
from studio.vision.calibration.world import Placement, from_board, from_feet, from_points, scaled

POINTS = ("origin", "point on the x axis", "third point")
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Floor:
    """Where the world shall be, how that is told, and the params that would lead there again."""

    placement: Placement
    told: str
    params: Mapping[str, object]
    moment: int | None = None


def posed(solution: Solution) -> dict[str, np.ndarray]:
    """Where the target was, and how sure the cameras are: kept beside what was seen."""
    moments = np.array(sorted(solution.target_world), np.int64)
    poses = [solution.target_world[moment] for moment in moments.tolist()]
    return {
        "posed": moments,
        "poses": np.array(poses, np.float64).reshape(-1, 4, 4),
        "target_m": solution.target.points_m,
        "covariance": solution.pose_covariance,
    }


def boards_of(arrays: Arrays) -> dict[int, np.ndarray]:
    """The target's points in the world (points, 3), by the moment; empty if that was not kept."""
    if "poses" not in arrays:
        return {}
    target = arrays["target_m"]
    return {
        int(moment): target @ pose[:3, :3].T + pose[:3, 3]
        for moment, pose in zip(arrays["posed"], arrays["poses"], strict=True)
    }


def by_board(rig: CameraRig, arrays: Arrays, moment: int) -> Floor:
    """The floor under the board as it lay at a moment. Raises StudioError where it is unknown, or
    if cameras would be under that floor."""
    at = np.flatnonzero(arrays.get("posed", np.empty(0)) == moment)
    if not len(at):
        raise StudioError(
            "Where the board was at that moment is not known.",
            "Choose a moment at which two cameras saw it.",
        )
    times = dict(zip(arrays["moments"].tolist(), arrays["times_s"].tolist(), strict=True))
    placement = from_board(rig, arrays["poses"][at[0]])
    told = f"Floor set under the board, at {times[moment]:.1f} s."
    said = {"world": "board", "floor_at_s": times[moment], "up": "auto"}
    return Floor(placement, told, said, moment)


def by_spots(rig: CameraRig, spots: Sequence[Spot]) -> Floor:
    """The floor through three points: origin, one on the x axis, any third one. Raises StudioError
    as :func:`from_points` does."""
    placement = from_points(rig, *(one.xyz_m for one in spots))
    sd = max(one.sd_mm for one in spots)
    known_to = f", known to ± {sd:.1f} mm" if sd else ""
    return Floor(placement, f"Floor set by three points{known_to}.", {"world": "auto"})


def by_clicks(rig: CameraRig, clicks: Sequence[Click]) -> Floor:
    """The same from clicks in pictures."""
    floor = by_spots(rig, spots_of(rig, clicks))
    return replace(floor, params={"world": "points", "points": [c.model_dump() for c in clicks]})


def spots_of(rig: CameraRig, clicks: Sequence[Click]) -> tuple[Spot, ...]:
    """The three clicked points. Raises StudioError naming one that too few cameras saw."""
    found: list[Spot] = []
    for number, name in enumerate(POINTS):
        own = {c.camera: (c.x_px, c.y_px) for c in clicks if c.point == number}
        own = {camera: xy for camera, xy in own.items() if camera in rig.names}
        if len(own) < 2:
            raise StudioError(
                f"The {name} of the floor was clicked in {len(own)} of the cameras.",
                "Click each of the three points in two cameras or more.",
            )
        found.append(spot(rig, own))
    return tuple(found)


def by_feet(rig: CameraRig, motion: Motion | None) -> Floor:
    """The floor under a tracked person. Raises StudioError if there is none, or no feet stand."""
    if motion is None:
        raise StudioError(
            "There is no tracked person whose feet could show the floor.",
            "Triangulate a take of this rig first, or lay the board on the floor.",
        )
    return Floor(from_feet(rig, motion), "Floor set under the person's feet.", {"world": "feet"})


def by_length(true_m: float, measured_m: float, what: str) -> Floor:
    """The world as large as a measured distance says. Raises StudioError for impossible ones."""
    placement = scaled(true_m, measured_m)
    told = f"Scaled by {placement.scale:.4f}: {what} is {true_m:.3f} m."
    return Floor(placement, told, {})


def set_floor(item: RigItem, floor: Floor, assets: Assets) -> RigItem:
    """The calibration in its new world, with what it is worth there. The asset of what was seen
    moves with it; the lenses, and how well the cameras fit each other, stay."""
    rig, arrays = item.rig(), assets.arrays(item.views) if item.views is not None else {}
    changed: dict[str, object] = {
        "cameras": tuple(CameraItem.of(camera) for camera in floor.placement.rig(rig).cameras)
    }
    if item.recipe is not None and floor.params:
        params = {**item.recipe.params, **floor.params}
        changed["recipe"] = item.recipe.model_copy(update={"params": params})
    if item.trust is not None:
        trust = item.trust.model_copy(update={"since": (*item.trust.since, floor.told)})
        if "poses" in arrays:
            placed = floor.placement.solution(_solution(item, rig, arrays))
            changed["views"] = assets.put_arrays({**arrays, **posed(placed)})
            gates = tuple(gate for gate in trust.gates if gate.id != "floor")
            judged = world_gates(placed, (), True, floor.moment, LIMITS)
            gates = (*(GateMark.of(g) for g in judged if g.id == "floor"), *gates)
            trust = trust.model_copy(update={
                "gates": tuple(sorted(gates, key=lambda gate: gate.verdict != "stop")),
                "bars": tuple(ErrorBar.of(bar) for bar in bars_of(placed)),
                "cameras": tuple(_turned(c, placed.spread.get(c.camera)) for c in trust.cameras),
                "held_out_mm": known(placed.held_out.mm),
                "bias_mm": known(placed.held_out.bias_mm),
            })  # fmt: skip
        else:
            trust = trust.model_copy(update={"bars": ()})
        changed["trust"] = trust
    return item.model_copy(update=changed)


def _solution(item: RigItem, rig: CameraRig, arrays: Arrays) -> Solution:
    """What a solution knew of its world, out of what was kept."""
    trust = item.trust
    assert trust is not None
    held = HeldOut(
        _number(trust.held_out_px), _number(trust.held_out_mm), {}, (), _number(trust.bias_mm)
    )
    spread = {
        one.camera: Spread(*(np.array([_number(v) for v in part]) for part in (
            one.centre_mm, one.rotation_deg, one.focal_px, one.principal_px, ())))
        for one in trust.cameras
    }  # fmt: skip
    poses = zip(arrays["posed"].tolist(), arrays["poses"], strict=True)
    return Solution(
        rig, Target(trust.target, arrays["target_m"]), from_arrays(arrays).views, dict(poses),
        _number(trust.rmse_px), {}, held, spread, arrays["covariance"],
    )  # fmt: skip


def _turned(camera: CameraTrust, spread: Spread | None) -> CameraTrust:
    if spread is None:
        return camera
    x, y, z = (known(value) for value in spread.centre_mm.tolist())
    return camera.model_copy(update={"centre_mm": (x, y, z)})


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
