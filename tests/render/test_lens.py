"""The lens bends pictures exactly as the calibrated camera model says; the sensor is fair."""

from __future__ import annotations

import numpy as np

from studio.render.lens import Lens, Sensor
from studio.synth.rig import camera_at
from studio.vision.camera import project

SIZE = (128, 96)
BENT = camera_at("c", (0, -3, 1), (0, 0, 1), SIZE, 120.0, (-0.18, 0.06, 0.002, -0.001, 0.0))


def test_a_bent_picture_shows_points_where_the_camera_sees_them() -> None:
    lens = Lens(BENT)
    width, height = lens.ideal.size_px
    rng = np.random.default_rng(0)
    places = np.stack([rng.uniform(-1, 1, 60), np.zeros(60), rng.uniform(0.2, 1.8, 60)], -1)
    for place, ideal, seen in zip(
        places, project(lens.ideal, places), project(BENT, places), strict=True
    ):
        v, u = np.mgrid[:height, :width]
        spot = np.exp(-((u - ideal[0]) ** 2 + (v - ideal[1]) ** 2) / 8)
        picture = np.repeat((250 * spot).astype(np.float32)[..., None], 3, axis=2)
        bent = lens.bend(picture)[..., 0]
        if not (6 < seen[0] < SIZE[0] - 7 and 6 < seen[1] < SIZE[1] - 7):
            continue
        v, u = np.mgrid[: SIZE[1], : SIZE[0]]
        found = np.array([(u * bent).sum(), (v * bent).sum()]) / bent.sum()
        assert np.abs(found - seen).max() < 0.1, place


def test_no_corner_is_empty() -> None:
    lens = Lens(BENT)
    white = np.full((lens.ideal.size_px[1], lens.ideal.size_px[0], 3), 255, np.uint8)
    assert lens.bend(white).min() == 255


def test_an_ideal_camera_is_left_alone() -> None:
    plain = camera_at("c", (0, -3, 1), (0, 0, 1), SIZE, 120.0)
    lens = Lens(plain)
    shift = lens.ideal.matrix[:2, 2] - plain.matrix[:2, 2]
    picture = np.random.default_rng(1).integers(0, 255, (*lens.ideal.size_px[::-1], 3), np.uint8)
    x, y = np.rint(shift).astype(int)
    np.testing.assert_allclose(shift, [x, y], atol=1e-3)
    np.testing.assert_array_equal(lens.bend(picture), picture[y : y + SIZE[1], x : x + SIZE[0]])


def test_sensor_noise_is_fair_and_repeatable() -> None:
    grey = np.full((200, 200, 3), 120, np.uint8)
    sensor = Sensor(vignette=0.0, noise=(2.0, 4.0))
    first = sensor.expose(grey, np.random.default_rng(5))
    np.testing.assert_array_equal(first, sensor.expose(grey, np.random.default_rng(5)))
    assert abs(first.mean() - 120) < 0.1
    expected = np.sqrt(2**2 + (4**2 - 2**2) * 120 / 255)
    assert abs(first.std() - expected) < 0.15


def test_vignette_darkens_corners_only() -> None:
    grey = np.full((100, 100, 3), 200, np.uint8)
    seen = Sensor(vignette=0.3, noise=(0, 0), blur_px=0).expose(grey, np.random.default_rng(0))
    assert seen[50, 50, 0] == 200
    assert abs(int(seen[0, 0, 0]) - 140) <= 1
