"""The target's pose in one camera, with its mirror twin.

A flat target seen from afar has two poses that look nearly alike; both are kept, best first
(Collins and Bartoli, "Infinitesimal plane-based pose estimation", 2014), until other cameras or
moments tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float

from studio.vision.calibration.flat_pose import axes_of, flat_poses, lies
from studio.vision.calibration.observations import Observations
from studio.vision.calibration.resect import moment_costs, resect
from studio.vision.calibration.state import State
from studio.vision.camera import normalise
from studio.vision.rotations import angle_deg, rigid, rotation

FEWEST = 4
_STEPS = 6


@dataclass(frozen=True, eq=False)
class Twins:
    """Poses of the target's pivot frame in each view's camera, the better first.

    ``rms_px`` is NaN (and the pose too) where there is no second one, or none at all.
    """

    pose: Float[np.ndarray, "views 2 4 4"]
    rms_px: Float[np.ndarray, "views 2"]

    def take(self, rows: np.ndarray) -> Twins:
        """Those of some views."""
        return Twins(self.pose[rows], self.rms_px[rows])


def at_home(s: State) -> State:
    """The same lenses, every camera at the origin of its own axes."""
    count = len(s.lenses)
    return replace(s, rotation=np.tile(np.eye(3), (count, 1, 1)), centre_m=np.zeros((count, 3)))


def usable(points_m: Float[np.ndarray, "seen 3"]) -> bool:
    """Whether so many points, not all on a line, tell a pose."""
    if len(points_m) < FEWEST:
        return False
    sizes = np.linalg.svd(points_m - points_m.mean(0), compute_uv=False)
    return bool(sizes[1] > 0.05 * sizes[0])


def twin_poses(o: Observations, s: State, *, knee_px: float = np.inf) -> Twins:
    """Both poses of every view, refined to least reprojection error with the lenses of ``s``."""
    home = at_home(s)
    start = _closed_form(o, home)
    pose, rms = np.full_like(start, np.nan), np.full((len(o), 2), np.nan)
    there = np.isfinite(start[:, :, 0, 0])
    count = np.fmax(o.seen.sum(-1), 1)
    for twin in range(2):
        rows = np.flatnonzero(there[:, twin])
        if not len(rows):
            continue
        some = o.take(rows).apart()
        refined = resect(some, home.with_targets(start[rows, twin]), knee_px=knee_px, steps=_STEPS)
        pose[rows, twin] = refined.targets
        rms[rows, twin] = np.sqrt(moment_costs(some, refined) / count[rows])
    return _ordered(pose, rms)


def _ordered(pose: np.ndarray, rms: np.ndarray) -> Twins:
    """Better first; a second that refined into the first is none."""
    order = np.argsort(np.where(np.isfinite(rms), rms, np.inf), axis=1)
    pose = np.take_along_axis(pose, order[..., None, None], 1)
    rms = np.take_along_axis(rms, order, 1)
    same = angle_deg(np.nan_to_num(pose[:, 0, :3, :3]), np.nan_to_num(pose[:, 1, :3, :3])) < 0.5
    pose[same, 1], rms[same, 1] = np.nan, np.nan
    return Twins(pose, rms)


def _closed_form(o: Observations, home: State) -> Float[np.ndarray, "views 2 4 4"]:
    """Up to two poses of each view, NaN where there is none. Where all that a view shows lies in a
    plane they are by :func:`flat_poses`, else by OpenCV's SQPnP."""
    plane, good = np.zeros(o.xy_px.shape), o.seen.copy()
    for camera, name in enumerate(o.cameras):
        rows = o.of_camera(camera)
        found = normalise(home.camera(camera, name, (1, 1)), o.xy_px[rows][o.seen[rows]])
        plane[rows][o.seen[rows]] = np.nan_to_num(found)
        good[rows][o.seen[rows]] = np.isfinite(found).all(-1)
    tells, flat = lies(axes_of(o.points_m, good)[2], good.sum(1), FEWEST)
    out = np.full((len(o), 2, 4, 4), np.nan)
    out[flat] = flat_poses(o.points_m[flat], plane[flat], good[flat])
    for row in np.flatnonzero(tells & ~flat):
        for twin, pose in enumerate(
            _solid_poses(o.points_m[row][good[row]], plane[row][good[row]])
        ):
            out[row, twin] = pose
    return out


def _solid_poses(points_m: np.ndarray, plane: np.ndarray) -> list[np.ndarray]:
    """Up to two poses from ideal coordinates on the normalised plane; none if it cannot be told."""
    centre = points_m.mean(0)
    try:
        found, turns, places, _ = cv2.solvePnPGeneric(
            points_m - centre, plane[:, None], np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP
        )
    except cv2.error:
        return []
    out: list[np.ndarray] = []
    for turn, place in zip(turns[:found], places[:found], strict=True):
        r = rotation(turn.ravel())
        pose = rigid(r, place.ravel() - r @ centre)
        if np.isfinite(pose).all() and (points_m @ r.T + pose[:3, 3])[:, 2].min() > 0:
            out.append(pose)
    return out[:2]
