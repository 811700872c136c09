"""The camera's eye: exposure, movement, rows, files."""

from __future__ import annotations

import numpy as np
import pytest

from studio.render.lens import Sensor
from studio.synth.factory.eye import Eye, compressed, random_eye, shaken

QUIET = Sensor(vignette=0, blur_px=0, noise=(0, 0))
ALL = np.ones((64, 64), bool)


@pytest.mark.parametrize("level", [50, 112, 200])
def test_exposure_comes_nearer_to_what_is_wanted(level: int) -> None:
    rgb = np.full((64, 64, 3), level, np.uint8)
    out = Eye(QUIET, steady=0.8).take(rgb, ALL, np.random.default_rng(0))
    assert abs(out.mean() - 108) <= abs(level - 108)
    still = Eye(QUIET, steady=0.0).take(rgb, ALL, np.random.default_rng(0))
    np.testing.assert_array_equal(still, rgb)


def test_it_is_exposed_for_the_people() -> None:
    rgb = np.full((64, 64, 3), 230, np.uint8)
    rgb[20:40, 20:40] = 60
    people = np.zeros((64, 64), bool)
    people[20:40, 20:40] = True
    out = Eye(QUIET, steady=0.8).take(rgb, people, np.random.default_rng(0))
    assert out[30, 30].mean() > 80


def test_a_pale_hand_beside_dark_cloth_keeps_its_form() -> None:
    rgb = np.full((64, 64, 3), 25, np.uint8)
    rgb[20:50, 20:50] = np.linspace(150, 230, 30).astype(np.uint8)[:, None, None]
    out = Eye(QUIET, steady=0.9).take(rgb, ALL, np.random.default_rng(0))
    assert np.mean(out[20:50, 20:50] == 255) < 0.1
    assert out[5, 5, 0] >= 25


def test_a_shaken_point_is_a_line_about_its_place() -> None:
    rgb = np.zeros((33, 33, 3), np.uint8)
    rgb[16, 16] = 255
    seen = shaken(rgb, (6.0, 0.0))[..., 0].astype(float)
    x = np.arange(33)[None]
    assert (seen * x).sum() / seen.sum() == pytest.approx(16, abs=0.2)
    assert (seen[16] > 0).sum() >= 6
    assert (seen[:, 16] > 0).sum() <= 3
    np.testing.assert_array_equal(shaken(rgb, (0.1, 0.0)), rgb)


def test_flicker_is_the_same_along_a_row() -> None:
    rgb = np.full((64, 64, 3), 108, np.uint8)
    eye = Eye(QUIET, steady=0.0, flicker=0.1)
    out = eye.take(rgb, ALL, np.random.default_rng(1)).astype(int)
    assert np.ptp(out, axis=1).max() == 0
    assert 12 < np.ptp(out[:, 0, 0]) < 25


def test_files_lose_what_jpeg_loses() -> None:
    rgb = np.random.default_rng(2).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    fine, coarse = (np.abs(compressed(rgb, q).astype(int) - rgb).mean() for q in (95, 30))
    assert 0 < fine < coarse


def test_eyes_differ_and_return() -> None:
    a, b, again = (random_eye(np.random.default_rng(k)) for k in (1, 2, 1))
    assert a == again
    assert a != b
