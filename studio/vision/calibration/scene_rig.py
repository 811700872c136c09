"""Where cameras stand, from clicked points of the scene whose places are known; lenses are given.

Each camera is resected by itself (Terzakis and Lourakis, SQPnP, 2020; then least squares of the
reprojection error), so a bad click harms nobody else. What is held out is one point at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from studio.core.calibration import Dropped, Gate, HeldOut, Solution, Spread, Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration import lens as optics
from studio.vision.calibration.guidance import spoken
from studio.vision.calibration.trust.gates_world import world_gates
from studio.vision.calibration.trust.limits import LIMITS, verdict_above
from studio.vision.camera import normalise, project
from studio.vision.rotations import cross_matrix
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt

FEWEST = 4
_SURE = 6
_BLUNDER, _BLUNDER_PX = 4.0, 4.0
_HELD = (0.0015, 0.005)
"""Held-out error as a share of the picture's width: have a look, stop."""
_UNSEEN = "Error on points left out"
_CLICK_AGAIN = "Click its points again, with the loupe, and measure their places again."


@dataclass(frozen=True, eq=False)
class _Stand:
    """One camera in its place; ``covariance`` as in Solution, NaN with fewer than six clicks."""

    camera: Camera
    view: View
    covariance: Float[np.ndarray, "6 6"]
    off_px: Float[np.ndarray, "seen 2"]
    held_px: Float[np.ndarray, "seen 2"]
    dropped: tuple[int, ...] = ()


def scene_rig(
    target: Target, views: Sequence[View], lenses: Mapping[str, Camera], names: Sequence[str]
) -> Solution:
    """The rig in the world of the scene's points. ``names`` tell the points in sentences.

    A click that the others of its camera contradict is left out and named. Raises StudioError for
    a camera without a lens, with too few points, or whose points do not fit at all.
    """
    stands = [_stand(target, view, _lens(lenses, view.camera)) for view in views]
    rig = CameraRig(tuple(stand.camera for stand in stands))
    off = np.concatenate([stand.off_px for stand in stands])
    held = np.concatenate([stand.held_px for stand in stands])
    errors_m = _held_out_m(target, stands)
    covariance = np.zeros((6 * len(rig), 6 * len(rig)))
    for index, stand in enumerate(stands):
        part = slice(6 * index, 6 * index + 6)
        covariance[part, part] = stand.covariance
    return Solution(
        rig=rig,
        target=target,
        views=tuple(stand.view for stand in stands),
        target_world={0: np.eye(4)},
        rmse_px=_rms(off),
        camera_rmse_px={stand.camera.name: _rms(stand.off_px) for stand in stands},
        held_out=HeldOut(
            _rms(held),
            1000 * float(np.sqrt(np.mean(errors_m**2))) if len(errors_m) else float("nan"),
            {stand.camera.name: _rms(stand.held_px) for stand in stands},
            (0,),
        ),
        spread={stand.camera.name: _spread(stand) for stand in stands},
        pose_covariance=covariance,
        dropped=tuple(
            Dropped(0, stand.camera.name, f"the click on “{names[point]}” contradicts the others")
            for stand in stands
            for point in stand.dropped
        ),
    )


def scene_gates(solution: Solution) -> tuple[Gate, ...]:
    """What can be asked of a rig from clicked points: enough of them, fit, floor."""
    speech = spoken(solution.rig.names)
    gates: list[Gate] = []
    few = [v for v in solution.views if len(v) < _SURE]
    for view in few:
        text = f"{speech[view.camera].long.capitalize()} has {len(view)} points: no click is spare."
        gates.append(Gate("points", "Enough points", "look", text, view.camera,
                          "Click ten, spread over picture and depth."))  # fmt: skip
    if not few:
        least = min(len(view) for view in solution.views)
        gates.append(Gate("points", "Enough points", "good", f"{least} or more in every camera."))
    bad = False
    for camera in solution.rig.cameras:
        px = solution.held_out.camera_px[camera.name]
        verdict = verdict_above(px / camera.size_px[0], _HELD)
        if verdict != "good":
            bad = True
            told = f"{speech[camera.name].long.capitalize()}: {px:.1f} px at points left out."
            gates.append(Gate("held-out", _UNSEEN, verdict, told, camera.name, _CLICK_AGAIN))
    if not bad:
        text = f"{solution.held_out.px:.2f} px, {solution.held_out.mm:.1f} mm."
        gates.append(Gate("held-out", _UNSEEN, "good", text))
    gates += [g for g in world_gates(solution, (), True, 0, LIMITS) if g.id == "floor"]
    rank = {"stop": 0, "look": 1, "good": 2}
    return tuple(sorted(gates, key=lambda gate: rank.get(gate.verdict, 2)))


def _lens(lenses: Mapping[str, Camera], name: str) -> Camera:
    if name not in lenses:
        raise StudioError(
            f"There is no lens for camera “{name}”.",
            f"Clicked points need known lenses; the file has {', '.join(lenses) or 'none'}.",
        )
    return replace(lenses[name], name=name)


def _stand(target: Target, view: View, lens: Camera) -> _Stand:
    """Resect a camera; while one click contradicts all others, do without it."""
    points, xy = view.points, view.xy_px
    gone: list[int] = []
    while True:
        camera, jacobian = _resect(lens, target.points_m[points], xy)
        off = project(camera, target.points_m[points]) - xy
        held = _left_out(lens, target.points_m, points, xy)
        worst = int(np.linalg.norm(held, axis=1).argmax())
        if len(points) <= _SURE:
            break
        rest = np.delete(np.arange(len(points)), worst)
        others, _ = _resect(lens, target.points_m[points[rest]], xy[rest])
        usual = _rms(project(others, target.points_m[points[rest]]) - xy[rest])
        if np.linalg.norm(held[worst]) < max(_BLUNDER * usual, _BLUNDER_PX):
            break
        gone.append(int(points[worst]))
        points, xy = points[rest], xy[rest]
    spare = 2 * len(points) - 6
    covariance = np.full((6, 6), np.nan)
    if len(points) >= _SURE:
        covariance = np.linalg.inv(jacobian.T @ jacobian) * np.square(off).sum() / spare
    return _Stand(camera, View(view.camera, 0, points, xy, view.frame), covariance, off, held,
                  tuple(gone))  # fmt: skip


def _resect(
    lens: Camera, xyz_m: Float[np.ndarray, "seen 3"], xy_px: Float[np.ndarray, "seen 2"]
) -> tuple[Camera, np.ndarray]:
    """The camera where it sees the points best, and the derivative of the errors (2 seen, 6)."""
    plane = normalise(lens, xy_px)
    found, turn, shift = cv2.solvePnP(
        xyz_m, plane, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP
    ) if np.isfinite(plane).all() else (False, np.zeros(3), np.zeros(3))  # fmt: skip
    if not found:
        raise StudioError(
            f"Camera {lens.name} cannot have seen its points so.",
            "Check that its clicks and its lens belong together.",
        )
    rotation = Rotation.from_rotvec(np.ravel(turn)).as_matrix()
    start = _placed(lens, rotation, -rotation.T @ np.ravel(shift))

    values = optics.values_of(lens)

    def local(step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turned = Rotation.from_rotvec(-step[:3]).as_matrix() @ start.rotation
        return turned, (xyz_m - start.centre_m - step[3:]) @ turned.T

    def off(step: np.ndarray) -> np.ndarray:
        return (optics.pixels(lens.lens, values, local(step)[1]) - xy_px).ravel()

    def slopes(step: np.ndarray) -> np.ndarray:
        turned, xyz = local(step)
        by_point = optics.project(lens.lens, values, xyz)[1]
        return np.concatenate([by_point @ cross_matrix(xyz), -by_point @ turned], 2).reshape(-1, 6)

    try:
        solved = least_squares(off, np.zeros(6), slopes, method="lm")  # pyright: ignore[reportArgumentType]
    except ValueError as error:
        raise StudioError(
            f"The points of camera {lens.name} do not fit.", "Check their places and the lens."
        ) from error
    return _moved(start, solved.x), solved.jac


def _placed(lens: Camera, rotation: np.ndarray, centre_m: np.ndarray) -> Camera:
    return Camera(lens.name, lens.size_px, lens.matrix, lens.distortion, rotation,
                  -rotation @ centre_m, lens.lens)  # fmt: skip


def _moved(camera: Camera, step: np.ndarray) -> Camera:
    """Turned about its own axes (rad), then its centre shifted in the world (m)."""
    rotation = Rotation.from_rotvec(-step[:3]).as_matrix() @ camera.rotation
    return _placed(camera, rotation, camera.centre_m + step[3:])


def _left_out(
    lens: Camera, xyz_m: np.ndarray, points: Int[np.ndarray, " seen"], xy_px: np.ndarray
) -> Float[np.ndarray, "seen 2"]:
    """The error at each point of a camera that was resected without it; NaN with four points."""
    held = np.full(xy_px.shape, np.nan)
    for left in range(len(points)) if len(points) > FEWEST else ():
        rest = np.delete(np.arange(len(points)), left)
        camera, _ = _resect(lens, xyz_m[points[rest]], xy_px[rest])
        held[left] = project(camera, xyz_m[points[left : left + 1]])[0] - xy_px[left]
    return held


def _held_out_m(target: Target, stands: Sequence[_Stand]) -> Float[np.ndarray, " points"]:
    """How far off each point is triangulated by cameras that were resected without it (metres)."""
    errors: list[float] = []
    for point in range(len(target.points_m)):
        cameras: list[Camera] = []
        clicks: list[np.ndarray] = []
        for stand in stands:
            own = stand.view
            rest = np.flatnonzero(own.points != point)
            if len(rest) == len(own) or len(rest) < FEWEST:
                continue
            xyz = target.points_m[own.points[rest]]
            cameras.append(_resect(stand.camera, xyz, own.xy_px[rest])[0])
            clicks.append(own.xy_px[own.points == point][0])
        if len(cameras) > 1:
            seen = sight(CameraRig(tuple(cameras)), np.array(clicks)[:, None])
            errors.append(float(np.linalg.norm(dlt(seen)[0] - target.points_m[point])))
    return np.array(errors)


def _spread(stand: _Stand) -> Spread:
    sd = np.sqrt(np.diag(stand.covariance))
    held = np.full(2, np.nan)
    terms = np.full(len(stand.camera.distortion), np.nan)
    return Spread(1000 * sd[3:], np.degrees(sd[:3]), held, held, terms)


def _rms(off: np.ndarray) -> float:
    known = off[np.isfinite(off).all(1)]
    return float(np.sqrt(np.square(known).sum(1).mean())) if len(known) else float("nan")
