"""Cameras from clicked points of the scene: truth, error bars, a wrong click, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.calibration import Target, View
from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.scene_rig import scene_gates, scene_rig
from studio.vision.camera import project
from studio.vision.ring import look_at

NAMES = tuple(f"point {i}" for i in range(12))
TERMS = np.array([-0.12, 0.05, 0.001, -0.001, 0.0])


def session(seed: int, noise_px: float = 0.5):
    random = np.random.default_rng(seed)
    xyz = random.uniform([-1.5, -1.5, 0.0], [1.5, 1.5, 2.0], (12, 3))
    cameras = []
    for index, spot in enumerate(((-4, -4, 2), (4, -4, 1.6), (0, 5, 2.4))):
        eye = look_at(f"cam{index + 1}", np.array(spot, float), np.array([0, 0, 1.0]), 1500.0,
                      (1920, 1080))  # fmt: skip
        cameras.append(Camera(eye.name, eye.size_px, eye.matrix, TERMS, eye.rotation,
                              eye.translation_m, eye.lens))  # fmt: skip
    views = [
        View(c.name, 0, np.arange(12), project(c, xyz) + random.normal(0, noise_px, (12, 2)))
        for c in cameras
    ]
    return Target("12 points of the scene", xyz), views, CameraRig(tuple(cameras))


def lenses(rig: CameraRig) -> dict[str, Camera]:
    return {c.name: Camera(c.name, c.size_px, c.matrix, c.distortion, np.eye(3), np.zeros(3))
            for c in rig.cameras}  # fmt: skip


def test_the_rig_is_true_within_its_covariance():
    far = []
    for seed in range(4):
        target, views, rig = session(seed)
        solution = scene_rig(target, views, lenses(rig), NAMES)
        for index, truth in enumerate(rig.cameras):
            found = solution.rig.cameras[index]
            part = solution.pose_covariance[6 * index + 3 : 6 * index + 6, 6 * index + 3 :][:, :3]
            off = found.centre_m - truth.centre_m
            assert np.linalg.norm(off) < 0.02
            far.append(off @ np.linalg.solve(part, off))
    # 12 draws of chi-squared with 3 degrees: mean 3, its standard error 0.7.
    assert 0.9 < np.mean(far) < 5.8
    assert {gate.verdict for gate in scene_gates(solution)} == {"good"}
    assert 0.3 < solution.held_out.px < 2.0
    assert solution.held_out.mm < 5.0


def test_a_wrong_click_is_left_out_and_named():
    target, views, rig = session(1)
    xy = views[1].xy_px.copy()
    xy[4] += [40, -25]
    views[1] = View("cam2", 0, views[1].points, xy)
    solution = scene_rig(target, views, lenses(rig), NAMES)
    assert [(d.camera, d.reason) for d in solution.dropped] == [
        ("cam2", "the click on “point 4” contradicts the others")
    ]
    assert np.linalg.norm(solution.rig["cam2"].centre_m - rig["cam2"].centre_m) < 0.02


def test_too_few_points_are_looked_at_and_wrong_places_stop():
    target, views, rig = session(2)
    few = [View(v.camera, 0, v.points[:5], v.xy_px[:5]) for v in views]
    gates = scene_gates(scene_rig(target, few, lenses(rig), NAMES))
    assert {gate.camera for gate in gates if gate.id == "points"} == {"cam1", "cam2", "cam3"}
    random = np.random.default_rng(0)
    guessed = Target(target.name, target.points_m + random.normal(0, 0.08, (12, 3)))
    stopped = [
        g for g in scene_gates(scene_rig(guessed, views, lenses(rig), NAMES)) if g.verdict == "stop"
    ]
    assert any(gate.id == "held-out" for gate in stopped)


def test_lenses_must_be_known():
    target, views, _ = session(3)
    with pytest.raises(StudioError, match="no lens for camera “cam1”"):
        scene_rig(target, views, {}, NAMES)
