"""Bundle adjustment against finite differences, dense least squares and plain search."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from studio.vision.calibration import lens as optics
from studio.vision.calibration.bundle import (
    Freedom,
    adjust,
    cost,
    normal_equations,
    rig_freedom,
)
from studio.vision.calibration.observations import Observations, observe
from studio.vision.calibration.planar import twin_poses
from studio.vision.calibration.resect import moment_costs, resect
from studio.vision.calibration.simulated.sessions import simulate
from studio.vision.calibration.state import State, off_px
from studio.vision.rotations import angle_deg, inverse, nearest, rotation


def small() -> tuple[Observations, State]:
    """Three cameras, few moments, a state a little off the truth."""
    session = simulate(3, 2, moments=12)
    o = observe(session.target, session.views, session.given.names)
    cameras = session.truth.cameras
    poses = np.stack([session.target_world[m] for m in o.moments])
    poses[:, :3, 3] += poses[:, :3, :3] @ o.pivot_m
    s = State(
        tuple(c.lens for c in cameras),
        tuple(len(c.distortion) for c in cameras),
        np.stack([optics.values_of(c) for c in cameras]),
        np.stack([c.rotation for c in cameras]),
        np.stack([c.centre_m for c in cameras]),
        poses[:, :3, :3],
        poses[:, :3, 3],
    )
    random = np.random.default_rng(0)
    still = np.zeros(s.values.shape)
    shake = 0.01 * random.normal(size=(3, 6))
    shake[0] = 0
    return o, s.moved(shake, still, 0.01 * random.normal(size=(len(poses), 6)))


def stepped(o: Observations, s: State, x: np.ndarray, free: np.ndarray) -> State:
    """The state after a step of all unknowns: cameras but the first, lenses, targets."""
    count, moments = len(o.cameras), len(o.moments)
    cameras, values = np.zeros((count, 6)), np.zeros(s.values.shape)
    for camera in range(count):
        if camera:
            cameras[camera], x = x[:6], x[6:]
        values[camera, free], x = x[: len(free)], x[len(free) :]
    return s.moved(cameras, values, x.reshape(moments, 6))


def test_normal_equations_are_those_of_finite_differences() -> None:
    o, s = small()
    free = optics.free_values(4)
    freedom = rig_freedom(3, [free] * 3)
    normals = normal_equations(o, s, freedom, np.inf)
    n = len(freedom)
    unknowns = n + 6 * len(o.moments)
    columns = []
    for i in range(unknowns):
        step = 1e-6 * np.eye(unknowns)[i]
        change = off_px(o, stepped(o, s, step, free)) - off_px(o, stepped(o, s, -step, free))
        columns.append(change.ravel() / 2e-6)
    jacobian = np.stack(columns, 1)
    whole = jacobian.T @ jacobian
    scale = np.sqrt(np.fmax(np.diag(whole), 1))
    np.testing.assert_allclose(
        normals.rig / np.outer(scale[:n], scale[:n]),
        (whole / np.outer(scale, scale))[:n, :n],
        atol=1e-5,
    )
    pull = jacobian.T @ off_px(o, s).ravel()
    np.testing.assert_allclose(normals.pull / scale[:n], pull[:n] / scale[:n], atol=1e-2, rtol=1e-5)
    np.testing.assert_allclose(normals.target_pull.ravel(), pull[n:], atol=1e-1, rtol=1e-4)
    schur, _ = normals.reduced()
    dense = whole[:n, :n] - whole[:n, n:] @ np.linalg.solve(whole[n:, n:], whole[n:, :n])
    np.testing.assert_allclose(
        schur / np.outer(scale[:n], scale[:n]), dense / np.outer(scale[:n], scale[:n]), atol=1e-4
    )


def test_reaches_the_minimum_that_a_dense_solver_finds() -> None:
    o, s = small()
    none = np.zeros(0, np.intp)
    freedom = rig_freedom(3)
    found = adjust(o, s, freedom)
    dense = least_squares(
        lambda x: off_px(o, stepped(o, s, x, none)).ravel(), np.zeros(12 + 6 * len(o.moments))
    )
    assert cost(o, found, freedom, np.inf) <= 2 * dense.cost * (1 + 1e-6)
    theirs = stepped(o, s, dense.x, none)
    assert angle_deg(found.rotation, theirs.rotation).max() < 1e-3
    np.testing.assert_allclose(found.centre_m, theirs.centre_m, atol=1e-4)


@pytest.mark.parametrize("knee", [np.inf, 1.0])
def test_never_ends_worse_than_it_began(knee: float) -> None:
    o, s = small()
    freedom = rig_freedom(3, [optics.free_values(5)] * 3)
    assert cost(o, adjust(o, s, freedom, knee_px=knee), freedom, knee) < cost(o, s, freedom, knee)


def test_resection_is_bundle_adjustment_with_cameras_held() -> None:
    o, s = small()
    refined = resect(o, s)
    assert (moment_costs(o, refined) <= moment_costs(o, s)).all()
    still = Freedom((False,) * 3, (np.zeros(0, np.intp),) * 3)
    again = adjust(o, refined, still)
    np.testing.assert_allclose(again.place_m, refined.place_m, atol=1e-5)


def test_twins_hold_the_true_pose_and_both_project_alike() -> None:
    session = simulate(4, 1, moments=20, noise_px=0.05)
    o = observe(session.target, session.views, session.given.names)
    blank = State(
        tuple(c.lens for c in session.given.cameras),
        tuple(len(c.distortion) for c in session.given.cameras),
        np.stack([optics.values_of(c) for c in session.given.cameras]),
        np.tile(np.eye(3), (4, 1, 1)),
        np.zeros((4, 3)),
        np.tile(np.eye(3), (len(o.moments), 1, 1)),
        np.zeros((len(o.moments), 3)),
    )
    twins = twin_poses(o, blank)
    for row in range(len(o)):
        camera = session.truth.cameras[o.camera[row]]
        truth = camera.rotation @ session.target_world[o.moments[o.moment[row]]][:3, :3]
        both = twins.pose[row][np.isfinite(twins.rms_px[row])]
        assert min(float(angle_deg(pose[:3, :3], truth)) for pose in both) < 5.0
    second = np.isfinite(twins.rms_px[:, 1])
    assert second.mean() > 0.3
    assert (twins.rms_px[second, 0] <= twins.rms_px[second, 1]).all()


def test_rotations_come_back() -> None:
    vectors = np.random.default_rng(3).normal(size=(50, 3))
    vectors[0] = 1e-9
    turns = rotation(vectors)
    np.testing.assert_allclose(
        turns @ np.swapaxes(turns, 1, 2), np.tile(np.eye(3), (50, 1, 1)), atol=1e-12
    )
    angle = np.degrees(np.linalg.norm(vectors, axis=1)) % 360
    straight = np.tile(np.eye(3), (50, 1, 1))
    np.testing.assert_allclose(angle_deg(turns, straight), np.fmin(angle, 360 - angle), atol=1e-5)
    np.testing.assert_allclose(nearest(turns + 1e-12), turns, atol=1e-9)
    pose = np.eye(4)[None] * 1.0
    pose[0, :3, :3], pose[0, :3, 3] = turns[7], vectors[7]
    np.testing.assert_allclose(inverse(pose)[0] @ pose[0], np.eye(4), atol=1e-12)
