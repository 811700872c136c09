"""Error bars agree with what happens when rigs and pixels are shaken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from told_sessions import truth_told

from studio.core.types import CameraRig
from studio.vision.calibration.simulated.sessions import simulate
from studio.vision.calibration.trust.uncertainty import bars_of, error_bars, volume_of
from studio.vision.camera import project
from studio.vision.refine import refine
from studio.vision.ring import ring_rig
from studio.vision.rotations import nearest, rotation
from studio.vision.sightings import sight
from studio.vision.triangulate import dlt


def test_bars_are_those_of_five_hundred_shaken_rigs() -> None:
    rig = ring_rig(4)
    random = np.random.default_rng(3)
    root = np.zeros((24, 24))
    root[6:, 6:] = random.normal(size=(18, 18)) * np.tile([5e-4] * 3 + [2e-3] * 3, 3)[:, None]
    places = np.array([[0, 0, 1.0], [0.6, 0, 1], [-0.6, 0, 1], [0, 0.6, 1], [0, -0.6, 1.3]])
    noise = 1.0
    bars = error_bars(rig, root @ root.T, places, noise)
    errors = []
    truth = np.stack([project(camera, places) for camera in rig.cameras])
    for _ in range(500):
        shake = (root @ random.normal(size=24)).reshape(4, 6)
        shaken = []
        for camera, step in zip(rig.cameras, shake, strict=True):
            turned = rotation(-step[:3]) @ camera.rotation
            centre = camera.centre_m + step[3:]
            shaken.append(replace(camera, rotation=turned, translation_m=-turned @ centre))
        s = sight(CameraRig(tuple(shaken)), truth + random.normal(0, noise, truth.shape))
        found = refine(s, dlt(s), knee_px=1e6)  # plain least squares, as the formula
        quiet = sight(CameraRig(tuple(shaken)), truth)
        drift = refine(quiet, dlt(quiet), knee_px=1e6)
        middle = drift.mean(0)
        turn = nearest((drift - middle).T @ (places - places.mean(0)))
        errors.append((found - middle) @ turn + places.mean(0) - places)
    sample = 1000 * np.array(errors)
    for p, bar in enumerate(bars):
        cov = np.cov(sample[:, p].T)
        assert bar.mm == pytest.approx(np.sqrt(np.linalg.eigvalsh(cov)[-1]), rel=0.16)
        np.testing.assert_allclose(bar.covariance_mm2, cov, atol=0.16 * np.trace(cov))


def test_a_perfect_rig_leaves_the_noise_of_the_pixels() -> None:
    rig = ring_rig(4)
    place = np.array([[0.0, 0, 1.0]])
    one, two = (error_bars(rig, np.zeros((24, 24)), place, px)[0] for px in (1.0, 2.0))
    assert one.rig_mm == 0
    assert two.mm == pytest.approx(2 * one.mm)


def test_where_fewer_than_two_cameras_see_there_is_no_bar() -> None:
    bars = error_bars(ring_rig(3), np.zeros((18, 18)), np.array([[0.0, 0, 30.0]]))
    assert np.isnan(bars[0].mm)
    assert bars[0].cameras < 2


def test_a_rig_that_is_only_turned_as_a_whole_has_no_bar_of_its_own() -> None:
    rig = ring_rig(4)
    turn = 1e-3 * np.array([0.3, -0.5, 0.8])
    step = np.concatenate([
        np.concatenate([c.rotation @ turn, np.cross(turn, c.centre_m)]) for c in rig.cameras
    ])  # fmt: skip
    places = np.array([[0, 0, 1.0], [0.6, 0, 1], [0, 0.6, 1], [0, 0, 1.6]])
    for bar in error_bars(rig, np.outer(step, step), places):
        assert bar.rig_mm < 1e-3


def test_the_volume_is_where_the_board_was() -> None:
    session = simulate(4, 9)
    told = truth_told(session)
    volume = volume_of(told)
    assert np.all(volume.low_m < volume.middle_m)
    assert np.all(volume.middle_m < volume.high_m)
    bars = bars_of(told)
    assert bars[0].place == "centre"
    assert len(bars) == 7
