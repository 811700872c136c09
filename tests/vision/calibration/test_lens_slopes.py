"""The lens and its derivatives against OpenCV and finite differences."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.types import Camera, LensModel
from studio.vision.calibration import lens as optics

LENSES: dict[str, tuple[LensModel, list[float]]] = {
    "none": ("pinhole", []),
    "4 terms": ("pinhole", [-0.28, 0.07, 0.002, -0.001]),
    "5 terms": ("pinhole", [-0.33, 0.1, -0.0014, 0.003, -0.004]),
    "8 terms": ("pinhole", [0.3, -0.1, 0.001, 0.002, 0.02, 0.6, -0.05, 0.03]),
    "prism": ("pinhole", [-0.2, 0.05, 0.001, 0.0, 0.01, 0.1, 0.0, 0.0, 0.01, -0.02, 0.005, 0.01]),
    "tilted": (
        "pinhole",
        [-0.2, 0.05, 0.001, 0.0, 0.01, 0.1, 0.0, 0.0, 0.01, -0.02, 0.005, 0.01, 0.03, -0.02],
    ),
    "fisheye": ("fisheye", [0.1, -0.03, 0.01, -0.004]),
}


def camera(name: str) -> Camera:
    lens, terms = LENSES[name]
    matrix = np.array([[905.0, 0, 640], [0, 898, 355], [0, 0, 1]])
    return Camera(name, (1280, 720), matrix, np.array(terms), np.eye(3), np.zeros(3), lens)


def points(seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    xy = random.uniform(-0.5, 0.5, (30, 2))
    return np.column_stack([xy, np.ones(30)]) * random.uniform(0.5, 6, (30, 1))


@pytest.mark.parametrize("name", LENSES)
def test_projects_as_opencv_does(name: str) -> None:
    one = camera(name)
    xyz = points()
    ours = optics.pixels(one.lens, optics.values_of(one), xyz)
    still = np.zeros(3)
    if one.lens == "fisheye":
        theirs = cv2.fisheye.projectPoints(xyz[:, None], still, still, one.matrix, one.distortion)
    else:
        theirs = cv2.projectPoints(xyz, still, still, one.matrix, one.distortion)
    np.testing.assert_allclose(ours, theirs[0].reshape(-1, 2), atol=1e-8)


@pytest.mark.parametrize("name", LENSES)
def test_slopes_are_those_of_finite_differences(name: str) -> None:
    one = camera(name)
    values, xyz = optics.values_of(one), points(1)
    free = optics.free_values(4 if one.lens == "fisheye" else 12)
    uv, by_point, by_values = optics.project(one.lens, values, xyz, free)
    np.testing.assert_array_equal(uv, optics.pixels(one.lens, values, xyz))
    for axis in range(3):
        step = 1e-6 * np.eye(3)[axis]
        change = optics.pixels(one.lens, values, xyz + step) - optics.pixels(
            one.lens, values, xyz - step
        )
        np.testing.assert_allclose(by_point[..., axis], change / 2e-6, atol=2e-4, rtol=1e-5)
    for column, value in enumerate(free):
        step = 1e-6 * np.eye(optics.SIZE)[value]
        change = optics.pixels(one.lens, values + step, xyz) - optics.pixels(
            one.lens, values - step, xyz
        )
        np.testing.assert_allclose(by_values[..., column], change / 2e-6, atol=2e-4, rtol=1e-5)


@pytest.mark.parametrize("radius", [0.0, 1e-300, 1e-9, 0.99e-5, 1.01e-5, 1e-4])
def test_the_fisheye_axis_is_smooth(radius: float) -> None:
    """On the axis, and on both sides of where the series takes over from the closed form."""
    one = camera("fisheye")
    angle = np.linspace(0, 2 * np.pi, 9)
    xyz = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.ones(9)])
    uv, by_point, _ = optics.project(one.lens, optics.values_of(one), xyz)
    cubic = 1 + (0.1 - 1 / 3) * radius**2
    np.testing.assert_allclose(uv, xyz[:, :2] * [905, 898] * cubic + [640, 355], atol=1e-9)
    np.testing.assert_allclose(
        by_point[..., :2], np.tile(np.diag([905.0, 898]), (9, 1, 1)), atol=1e3 * radius**2 + 1e-6
    )


def test_an_unknown_number_of_terms_is_refused() -> None:
    wrong = Camera("a", (4, 4), np.eye(3), np.zeros(7), np.eye(3), np.zeros(3))
    with pytest.raises(StudioError, match="7 distortion terms"):
        optics.values_of(wrong)
