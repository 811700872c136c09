"""How far off a point of the volume may lie: error bars in mm, from the cameras' covariance.

A point that all its cameras see with some pixel noise is triangulated by rig that is itself
uncertain; both are carried to first order (Hartley and Zisserman, Multiple View Geometry, 5.2).
What all of the volume shares, a shift or turn of the whole world, is taken out: it is the choice
of the world, not an error of measurement within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from studio.core.calibration import Solution
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.lens import project, values_of
from studio.vision.camera import field_radius
from studio.vision.rotations import cross_matrix

_EDGES = ("-x", "+x", "-y", "+y", "-z", "+z")
KEYPOINT_PX = 2.0
"""The noise of a good detector's keypoints, an axis: what a body's points are seen with."""


@dataclass(frozen=True, eq=False)
class Bar:
    """The error bar at one place of the volume.

    ``mm`` is one standard deviation along the worst axis, ``rig_mm`` the share of it that is due
    to the calibration; ``covariance_mm2`` is all of it. NaN where fewer than two cameras see.
    """

    place: str
    xyz_m: Float[np.ndarray, "3"]
    covariance_mm2: Float[np.ndarray, "3 3"]
    mm: float
    rig_mm: float
    cameras: int


@dataclass(frozen=True, eq=False)
class Volume:
    """Where people will be: its middle and its reach along the world's axes (metres)."""

    middle_m: Float[np.ndarray, "3"]
    low_m: Float[np.ndarray, "3"]
    high_m: Float[np.ndarray, "3"]

    def places(self) -> dict[str, Float[np.ndarray, "3"]]:
        """The centre and the middle of each side."""
        out = {"centre": self.middle_m}
        for index, name in enumerate(_EDGES):
            place = self.middle_m.copy()
            place[index // 2] = (self.low_m, self.high_m)[index % 2][index // 2]
            out[f"{name} edge"] = place
        return out


def volume_of(solution: Solution) -> Volume:
    """The volume in which the target was shown (its central nine tenths along each axis)."""
    middle = solution.target.points_m.mean(0)
    shown = {view.moment for view in solution.views} & set(solution.target_world)
    poses = np.array([solution.target_world[m] for m in sorted(shown)]).reshape(-1, 4, 4)
    places = poses[:, :3, :3] @ middle + poses[:, :3, 3]
    places = places[np.isfinite(places).all(1)]
    if not len(places):
        centre = np.mean([camera.centre_m for camera in solution.rig.cameras], axis=0)
        return Volume(centre, centre, centre)
    low, high = np.percentile(places, [5, 95], axis=0)
    return Volume(np.median(places, axis=0), low, high)


def bars_of(solution: Solution, *, noise_px: float = KEYPOINT_PX) -> tuple[Bar, ...]:
    """Error bars at the centre and the edges of a solution's volume."""
    places = volume_of(solution).places()
    return error_bars(
        solution.rig, solution.pose_covariance, np.array(list(places.values())), noise_px,
        names=tuple(places),
    )  # fmt: skip


def error_bars(
    rig: CameraRig,
    pose_covariance: Float[np.ndarray, "n n"],
    places_m: Float[np.ndarray, "places 3"],
    noise_px: float = KEYPOINT_PX,
    *,
    names: Sequence[str] = (),
) -> tuple[Bar, ...]:
    """Error bars at places of the world, ``noise_px`` an axis in every camera that sees them.

    ``pose_covariance`` is laid out as :class:`studio.core.calibration.Solution` says.
    """
    count = len(places_m)
    lever = np.zeros((count, 3, 6 * len(rig)))
    noise = np.full((count, 3, 3), np.nan)
    seen = np.zeros(count, np.int64)
    for p, place in enumerate(places_m):
        normal, pull = np.zeros((3, 3)), np.zeros((3, 6 * len(rig)))
        for c, camera in enumerate(rig.cameras):
            slopes = _slopes(camera, place)
            if slopes is None:
                continue
            by_point, by_pose = slopes
            normal += by_point.T @ by_point
            pull[:, 6 * c : 6 * c + 6] = by_point.T @ by_pose
            seen[p] += 1
        if seen[p] >= 2 and np.linalg.cond(normal) < 1e12:
            lever[p] = -np.linalg.solve(normal, pull)
            noise[p] = np.linalg.inv(normal) * noise_px**2
    known = np.isfinite(noise[:, 0, 0])
    drift = np.full((count, 3, 3), np.nan)
    drift[known] = _within(places_m[known], lever[known], pose_covariance)
    labels = tuple(names) or tuple(f"place {p + 1}" for p in range(count))
    return tuple(
        Bar(labels[p], places_m[p], 1e6 * (noise[p] + drift[p]), _axis_mm(noise[p] + drift[p]),
            _axis_mm(drift[p]), int(seen[p]))
        for p in range(count)
    )  # fmt: skip


def _slopes(camera: Camera, place: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Pixel by world point (2, 3) and by camera pose (2, 6); None where the camera is blind."""
    local = camera.rotation @ (place - camera.centre_m)
    if local[2] < 0.05 or np.hypot(*local[:2]) >= field_radius(camera) * local[2]:
        return None
    xy, by_local = (out[0] for out in project(camera.lens, values_of(camera), local[None])[:2])
    if (xy < -0.5).any() or (xy > np.array(camera.size_px) - 0.5).any():
        return None
    by_point = by_local @ camera.rotation
    return by_point, np.concatenate([by_local @ cross_matrix(local), -by_point], 1)


def _within(places: np.ndarray, lever: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Covariance of each place due to the rig, less the rigid motion that all places share."""
    if not len(places):
        return np.empty((0, 3, 3))
    whole = lever.reshape(-1, lever.shape[-1])
    arms = places - places.mean(0)
    rigid = np.concatenate([-cross_matrix(arms), np.tile(np.eye(3), (len(places), 1, 1))], 2)
    rigid = rigid.reshape(-1, 6)
    if len(places) >= 3:
        whole = whole - rigid @ (np.linalg.pinv(rigid) @ whole)
    own = whole.reshape(len(places), 3, -1)
    return own @ covariance @ np.swapaxes(own, 1, 2)


def _axis_mm(covariance_m2: np.ndarray) -> float:
    if not np.isfinite(covariance_m2).all():
        return float("nan")
    return 1000 * float(np.sqrt(max(np.linalg.eigvalsh(covariance_m2)[-1], 0.0)))
