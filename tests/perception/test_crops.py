"""Looking closer and back: points survive the way there and back, pixels lie where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.perception.crops import Crop, bounds, upright_angle

number = st.floats(-500, 500)


@given(number, number, st.floats(5, 2000), st.floats(-3.2, 3.2), st.booleans())
def test_there_and_back_is_where_it_was(x, y, size, angle, mirror):
    crop = Crop.around(np.array([x, y]), size, angle=angle, mirror=mirror, side_px=256)
    points = np.array([[x, y], [x + 10, y - 3], [0.0, 0.0]])
    there = points @ crop.to_crop[:, :2].T + crop.to_crop[:, 2]
    np.testing.assert_allclose(crop.back(there), points, atol=1e-6 * (1 + size))
    np.testing.assert_allclose(there[0], 127.5, atol=1e-6)  # the centre of 256 pixels


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("size", [64, 900])
def test_pixels_are_where_the_points_say(mirror, size):
    """A white dot, found in the crop by its centre of mass, goes back to where it was drawn."""
    picture = np.zeros((1000, 1200, 3), np.uint8)
    picture[495:506, 615:626] = 255
    crop = Crop.around(np.array([630.0, 490.0]), size, angle=0.4, mirror=mirror, side_px=300)
    cut = crop.cut(picture)[..., 0].astype(float)
    rows, columns = np.nonzero(cut > 0)
    weight = cut[rows, columns]
    dot = np.array([[(columns * weight).sum(), (rows * weight).sum()]]) / weight.sum()
    np.testing.assert_allclose(crop.back(dot), [[620, 500]], atol=0.25)


def test_leaning_is_measured_clockwise_from_up():
    assert upright_angle(np.array([0.0, -1.0])) == 0
    assert upright_angle(np.array([1.0, 0.0])) == pytest.approx(np.pi / 2)


def test_leaning_person_stands_upright_in_the_crop():
    """The direction that was given as up points up in the crop."""
    up = np.array([0.6, -0.8])
    crop = Crop.around(np.zeros(2), 100, angle=upright_angle(up), side_px=100)
    turned = crop.to_crop[:, :2] @ up
    np.testing.assert_allclose(turned, [0, -1], atol=1e-9)


def test_bounds_ignore_missing_points():
    centre, size = bounds(np.array([[0, 0], [10, 4], [np.nan, np.nan]]))
    np.testing.assert_allclose(centre, [5, 2])
    assert size == 10
