"""The observer's mathematics, without drawing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.types import CameraRig
from studio.scene.camera import (
    VIEWS,
    Orbit,
    lens_projection,
    orbit_projection,
    picture_to_window,
    to_window,
)
from studio.vision.camera import project

angles = st.floats(-180, 180)
heights = st.floats(-89, 89)


@given(angles, heights)
def test_axes_are_right_handed_and_upright(azimuth: float, elevation: float) -> None:
    axes = Orbit(azimuth_deg=azimuth, elevation_deg=elevation).axes
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(axes[0], axes[1]), -axes[2], atol=1e-12)
    assert axes[1, 2] > 0 or abs(elevation) > 88


def test_front_looks_at_the_face_and_left_from_their_left() -> None:
    assert Orbit().looking("front").position_m[1] < -1
    assert Orbit().looking("left").position_m[0] > 1
    assert Orbit().looking("top").position_m[2] > 4


@given(angles, heights, st.floats(0.2, 3))
def test_framing_keeps_the_whole_box_in_the_picture(
    azimuth: float, elevation: float, aspect: float
) -> None:
    box = np.array([[-0.4, -0.2, 0.0], [0.6, 0.3, 1.8]])
    corners = np.array(np.meshgrid(*box.T)).reshape(3, -1).T
    orbit = Orbit(azimuth_deg=azimuth, elevation_deg=elevation).framing(corners, aspect)
    view, clip = orbit_projection(orbit, aspect, 0.05, 100)
    window = (round(600 * aspect), 600)
    seen, depth = to_window(corners, view, clip, window)
    assert (depth > 0).all()
    assert (seen > -1).all()
    assert (seen < np.array(window) + 1).all()
    assert max(np.ptp(seen, axis=0) / window) > 0.5, "and it fills the picture"


def test_a_pan_moves_the_target_by_the_pixels_dragged() -> None:
    orbit = Orbit()
    moved = orbit.panned(40, 25, 600)
    view, clip = orbit_projection(moved, 1.6, 0.1, 100)
    seen, _ = to_window(np.array([orbit.target_m]), view, clip, (960, 600))
    np.testing.assert_allclose(seen[0], [479.5 + 40, 299.5 - 25], atol=0.01)


def test_the_distance_stays_sane() -> None:
    assert Orbit().nearer(1e9).distance_m == pytest.approx(0.05)
    assert Orbit().nearer(1e-9).distance_m == pytest.approx(500)


@pytest.mark.parametrize("window", [(960, 600), (500, 900), (640, 480)])
def test_a_lens_projects_as_the_calibrated_camera_does(
    rig: CameraRig, window: tuple[int, int]
) -> None:
    camera = rig["right"]
    points = np.random.default_rng(1).uniform([-1, -1, 0], [1, 1, 2], (200, 3))
    view, clip = lens_projection(camera, window, 0.05, 200)
    seen, _ = to_window(points, view, clip, window)
    wanted = picture_to_window(project(camera, points), camera.size_px, window)
    np.testing.assert_allclose(seen, wanted, atol=1e-6)


def test_every_view_has_a_name() -> None:
    assert {"front", "left", "top"} <= set(VIEWS)
