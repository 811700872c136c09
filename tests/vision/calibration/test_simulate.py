"""Simulated sessions are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.vision.calibration.simulate import FAULTS, Fault, random_rig, simulate
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
