"""Simulated sessions are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.vision.calibration.simulated.eyes import Eye
from studio.vision.calibration.simulated.sessions import FAULTS, Fault, board, random_rig, simulate
from studio.vision.camera import project


@pytest.mark.parametrize("cameras", [2, 5, 16])
def test_views_are_the_truth_with_noise(cameras: int) -> None:
    session = simulate(cameras, 5, noise_px=0.3)
    off = []
    for view in session.views:
        pose = session.target_world[view.moment]
        world = session.target.points_m[view.points] @ pose[:3, :3].T + pose[:3, 3]
        off.append(view.xy_px - project(session.truth[view.camera], world))
    residual = np.concatenate(off).ravel()
    assert 1.4826 * np.median(np.abs(residual)) == pytest.approx(0.3, rel=0.05)
    assert {view.camera for view in session.views} == set(session.truth.names)


def test_views_are_unevenly_good_as_a_detector_finds_them() -> None:
    session = simulate(6, 5)
    rms, slant, seen = [], [], []
    for view in session.views:
        camera, pose = session.truth[view.camera], session.target_world[view.moment]
        world = session.target.points_m[view.points] @ pose[:3, :3].T + pose[:3, 3]
        off = np.linalg.norm(view.xy_px - project(camera, world), axis=1)
        rms.append(np.sqrt(np.mean(off[off < 5] ** 2)))
        ray = world.mean(0) - camera.centre_m
        slant.append(np.degrees(np.arccos(abs(ray @ pose[:3, 2]) / np.linalg.norm(ray))))
        seen.append(len(view))
    worse, usual = np.percentile(rms, [97, 50])
    assert worse > 2.5 * usual
    grazing = np.array(slant) > 60
    assert np.median(np.array(rms)[grazing]) > 1.3 * np.median(np.array(rms)[~grazing])
    assert min(seen) < 10


def test_what_an_arm_pulls_it_pulls_again_in_the_next_picture() -> None:
    camera, target = random_rig(2, 1).cameras[0], board()
    pose = np.eye(4)
    pose[:3, :3] = camera.rotation.T
    pose[:3, 3] = camera.centre_m + 2.5 * camera.rotation[2]
    poses = np.tile(pose, (400, 1, 1))
    eye = Eye(camera, target, 0.1 * np.arange(400), poses, np.random.default_rng(4))
    points = np.arange(len(target.points_m))
    behind = np.array([eye.hidden(k) for k in range(400)])
    off = np.array([eye.error_px(k, pose, points, 0.05) for k in range(400)])
    held = behind.any(1)
    assert 0.05 < held.mean() < 0.9
    same = held[1:] & held[:-1] & (behind[1:] == behind[:-1]).all(1)
    next_to = (off[1:] * off[:-1]).sum((1, 2)) / (np.square(off[:-1]).sum((1, 2)) + 1e-12)
    assert np.median(next_to[same]) > 0.5
    assert abs(np.median(next_to[~held[1:] & ~held[:-1]])) < 0.2


def test_the_first_board_lies_on_the_floor_below_all_cameras() -> None:
    session = simulate(4, 1)
    pose = session.target_world[0]
    assert pose[2, 3] == pytest.approx(0, abs=1e-12)
    assert pose[2, 2] == pytest.approx(-1)
    assert all(camera.centre_m[2] > 1 for camera in session.truth.cameras)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_planted_and_says_whom_it_hit(fault: Fault) -> None:
    session = simulate(4, 2, fault=fault)
    assert session.fault == fault
    assert set(session.blamed) <= set(session.truth.names)
    assert session.views
    nobody = ("flat and far", "too few", "wrong size", "disconnected")
    assert bool(session.blamed) != (fault in nobody)


def test_some_cameras_hang_upside_down() -> None:
    rolled = [c.rotation[1, 2] > 0 for seed in range(6) for c in random_rig(6, seed).cameras]
    assert any(rolled)
    assert not all(rolled)


def test_one_camera_is_no_rig() -> None:
    with pytest.raises(StudioError, match="at least two"):
        simulate(1, 0)
