"""Closed-form poses of flat targets against OpenCV's, and what tells none."""

from __future__ import annotations

import cv2
import numpy as np

from studio.vision.calibration.flat_pose import axes_of, flat_poses, lies
from studio.vision.rotations import angle_deg, rotation


def sheet(views: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A board on a slanted plane, at poses before the camera; some points of each view unseen."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[:5, :7] * 0.07
    flat = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1)
    points = np.tile(flat @ rotation(np.array([0.3, -0.2, 0.5])).T + 0.1, (views, 1, 1))
    turn = rotation(random.normal(0, 0.5, (views, 3)))
    place = np.column_stack([random.uniform(-0.8, 0.8, (views, 2)), random.uniform(1.5, 4, views)])
    xyz = points @ np.swapaxes(turn, 1, 2) + place[:, None]
    seen = random.random(xyz.shape[:2]) < 0.8
    plane = xyz[..., :2] / xyz[..., 2:] + random.normal(0, 3e-4, (*xyz.shape[:2], 2))
    return points, np.where(seen[..., None], plane, np.nan), seen


def test_both_poses_are_those_of_opencv() -> None:
    points, plane, seen = sheet(60)
    ours = flat_poses(points, plane, seen)
    centre, axes, _ = axes_of(points, seen)
    for row in range(len(points)):
        local = (points[row][seen[row]] - centre[row]) @ axes[row].T
        local[:, 2] = 0.0
        count, turns, places, _ = cv2.solvePnPGeneric(
            local, plane[row][seen[row]][:, None], np.eye(3), None, flags=cv2.SOLVEPNP_IPPE
        )
        assert count == 2
        for turn, place in zip(turns, places, strict=True):
            r = rotation(turn.ravel()) @ axes[row]
            away = angle_deg(ours[row, :, :3, :3], np.stack([r, r]))
            near = int(away.argmin())
            assert away[near] < 0.3
            t = place.ravel() - r @ centre[row]
            np.testing.assert_allclose(ours[row, near, :3, 3], t, atol=0.01)


def test_points_on_a_line_or_too_few_tell_no_pose_and_solids_are_not_flat() -> None:
    points, _, seen = sheet(4)
    points[0] = np.linspace(0, 1, points.shape[1])[:, None] * [1.0, 2.0, 3.0]
    seen[1] = np.arange(seen.shape[1]) < 3
    points[2, :, 2] += np.square(points[2, :, 0])
    usable, flat = lies(axes_of(points, seen)[2], seen.sum(1), 4)
    assert usable.tolist() == [False, False, True, True]
    assert flat.tolist() == [False, False, False, True]


def test_a_pose_behind_the_camera_is_none() -> None:
    points, plane, seen = sheet(8)
    mirrored = flat_poses(points, -plane, seen)
    depth = points[:, None] @ np.swapaxes(mirrored[..., :3, :3], -1, -2)
    depth = depth[..., 2] + mirrored[..., 2, 3, None]
    there = np.isfinite(mirrored[..., 0, 0])
    assert (np.where(seen[:, None], depth, np.inf).min(-1)[there] > 0).all()
