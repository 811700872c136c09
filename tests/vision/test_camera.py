"""Cameras against OpenCV, and undistortion as the inverse of distortion."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.core.types import Camera, LensModel
from studio.vision import camera as lens
from studio.vision.ring import look_at

MATRIX = np.array([[1150.0, 0.0, 631.0], [0.0, 1140.0, 352.0], [0.0, 0.0, 1.0]])
PINHOLE = {
    0: [],
    4: [-0.28, 0.09, 0.001, -0.0007],
    5: [-0.28, 0.09, 0.001, -0.0007, -0.01],
    8: [0.2, -0.1, 0.001, -0.0007, 0.02, 0.4, -0.05, 0.01],
    12: [-0.2, 0.05, 0.001, -0.0007, 0.0, 0.0, 0.0, 0.0, 0.002, -0.001, 0.0015, 0.0005],
    14: [-0.2, 0.05, 1e-3, -7e-4, 0, 0, 0, 0, 2e-3, -1e-3, 1.5e-3, 5e-4, 0.02, -0.03],
}
FISHEYE = [-0.02, 0.004, -0.001, 0.0002]


def camera(distortion: list[float], lens_model: str = "pinhole") -> Camera:
    seen = look_at("c", np.array([3.0, -2.0, 1.6]), np.array([0.0, 0.0, 1.0]), 1000.0, (1280, 720))
    return Camera("c", (1280, 720), MATRIX, np.array(distortion, float), seen.rotation,
                  seen.translation_m, lens_model)  # fmt: skip


def cloud(count: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform([-0.8, -0.8, 0.2], [0.8, 0.8, 1.8], (count, 3))


@pytest.mark.parametrize("terms", PINHOLE)
def test_pinhole_projection_is_opencvs(terms: int) -> None:
    c = camera(PINHOLE[terms])
    distortion = c.distortion if terms else np.zeros(4)
    theirs, _ = cv2.projectPoints(
        cloud(), cv2.Rodrigues(c.rotation)[0], c.translation_m, c.matrix, distortion
    )
    np.testing.assert_allclose(lens.project(c, cloud()), theirs[:, 0], atol=1e-8)


def test_fisheye_projection_is_opencvs() -> None:
    c = camera(FISHEYE, "fisheye")
    theirs, _ = cv2.fisheye.projectPoints(
        cloud()[:, None], cv2.Rodrigues(c.rotation)[0], c.translation_m, c.matrix, c.distortion
    )
    np.testing.assert_allclose(lens.project(c, cloud()), theirs[:, 0], atol=1e-8)


@pytest.mark.parametrize(
    "c", [*(camera(terms) for terms in PINHOLE.values()), camera(FISHEYE, "fisheye")]
)
def test_undistort_undoes_distort(c: Camera) -> None:
    pixels = np.random.default_rng(1).uniform([40, 30], [1240, 690], (500, 2))
    plane = lens.normalise(c, pixels)
    back = lens.to_pixels(c, lens.distort(c, plane))
    np.testing.assert_allclose(back, pixels, atol=1e-6)


@pytest.mark.parametrize(
    "c", [*(camera(terms) for terms in PINHOLE.values()), camera(FISHEYE, "fisheye")]
)
def test_rays_pass_through_the_points_that_were_projected(c: Camera) -> None:
    points = cloud()
    towards = points - c.centre_m
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    np.testing.assert_allclose(lens.rays(c, lens.project(c, points)), towards, atol=1e-9)


@pytest.mark.parametrize("c", [camera(PINHOLE[5]), camera(FISHEYE, "fisheye")])
def test_pixels_per_unit_is_the_root_of_the_local_area(c: Camera) -> None:
    plane = np.random.default_rng(2).uniform(-0.4, 0.4, (50, 2))
    step = 1e-6
    columns = [
        (
            lens.to_pixels(c, lens.distort(c, plane + d))
            - lens.to_pixels(c, lens.distort(c, plane - d))
        )
        / (2 * step)
        for d in (np.array([step, 0]), np.array([0, step]))
    ]
    area = np.abs(columns[0][:, 0] * columns[1][:, 1] - columns[0][:, 1] * columns[1][:, 0])
    np.testing.assert_allclose(lens.pixels_per_unit(c, plane), np.sqrt(area), rtol=1e-4)


@given(st.floats(-0.35, 0.2), st.floats(-0.05, 0.1), st.floats(-0.002, 0.002))
def test_round_trip_of_any_mild_lens(k1: float, k2: float, p1: float) -> None:
    c = camera([k1, k2, p1, -p1])
    plane = np.random.default_rng(3).uniform(-0.35, 0.35, (40, 2))
    seen = lens.to_pixels(c, lens.distort(c, plane))
    np.testing.assert_allclose(lens.normalise(c, seen), plane, atol=1e-8)


def test_a_pixel_that_no_ray_reaches_is_missing_not_wrong() -> None:
    folded = camera([-0.9, 0.0, 0.0, 0.0])
    far = np.array([[631.0 + 1150 * 2.0, 352.0], [631.0, 352.0]])
    plane = lens.normalise(folded, far)
    assert np.isnan(plane[0]).all()
    np.testing.assert_allclose(plane[1], 0, atol=1e-12)


def test_behind_the_camera_and_missing_points_are_nan() -> None:
    c = camera(PINHOLE[5])
    behind = c.centre_m - c.rotation[2]
    pixels = lens.project(c, np.stack([behind, np.full(3, np.nan), np.array([0.0, 0.0, 1.0])]))
    assert np.isnan(pixels[:2]).all()
    assert np.isfinite(pixels[2]).all()
    assert np.isnan(lens.normalise(c, np.array([[np.nan, 3.0]]))).any()


def test_a_lens_with_an_odd_number_of_terms_is_refused() -> None:
    with pytest.raises(StudioError, match="6 distortion terms"):
        lens.normalise(camera([0.1] * 6), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("kind", "focal_px", "terms"),
    [
        ("pinhole", 870.0, [-0.28, 0.1, 0, 0, -0.017]),
        ("pinhole", 700.0, [-0.35, 0.15, 0, 0, -0.03]),
        ("pinhole", 800.0, [-0.25, 0, 0, 0]),
        ("pinhole", 600.0, [0.3, 0.02, 0, 0, 0.001, 0.65, 0.09, 0.005]),
        ("fisheye", 400.0, [0.05, -0.2, 0.003, -0.001]),
    ],
)
def test_what_is_far_outside_the_field_does_not_fold_into_the_picture(
    kind: LensModel, focal_px: float, terms: list[float]
) -> None:
    """Every ray that lands in the picture is the one that its pixel leads back to."""
    size = (1920, 1080)
    camera = replace(
        look_at("c", np.zeros(3), np.array([0.0, 5.0, 0.0]), focal_px, size),
        distortion=np.array(terms),
        lens=kind,
    )
    angle = np.radians(np.linspace(0, 89.9, 700))
    aside = np.stack([np.sin(angle), np.cos(angle), 0.4 * np.sin(angle)], 1)
    seen = lens.project(camera, 3 * aside)
    inside = (seen > 0).all(1) & (seen < size).all(1)
    assert inside.sum() > 100
    way = aside / np.linalg.norm(aside, axis=1, keepdims=True)
    np.testing.assert_allclose(lens.rays(camera, seen[inside]), way[inside], atol=1e-6)
