"""Depth alone: what the renderer says, seen through holes, and pushed away along the rays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.core.types import Material, Mesh
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Lighting
from studio.render.scene_depths import SceneDepths, pushed
from studio.synth.rig import camera_at
from studio.synth.shapes import box

SIZE = (96, 80)
CAMERA = camera_at("c", (0.4, -1.5, 0.7), (0.0, 0.0, 0.2), SIZE, 110.0)


@pytest.fixture(scope="module")
def depths():
    with SceneDepths(SIZE) as made:
        yield made


def cube(opacity: float = 1.0) -> Drawable:
    return Drawable(
        box((-0.2, -0.2, 0.0), (0.2, 0.2, 0.4)), Material("m", (1.0, 1.0, 1.0, opacity))
    )


def test_as_the_renderer_says(depths: SceneDepths):
    light = Lighting(np.array([[0.0, -1.0, 1.0]]), np.ones((1, 3)), np.array([0.02]))
    with Renderer(SIZE, samples=1) as renderer:
        seen = renderer.render((cube(),), CAMERA, light, geometry=True)
    found = depths.draw((cube(),), CAMERA)
    assert (np.isfinite(found) == np.isfinite(seen.depth_m)).mean() > 0.998
    both = np.isfinite(found) & np.isfinite(seen.depth_m)
    assert both.sum() > 500
    np.testing.assert_allclose(found[both], seen.depth_m[both], atol=2e-4)


def test_what_one_sees_through_is_there_too(depths: SceneDepths):
    np.testing.assert_array_equal(depths.draw((cube(0.1),), CAMERA), depths.draw((cube(),), CAMERA))


def test_holes_are_seen_through(depths: SceneDepths):
    corners = np.array([[-0.3, 0, 0], [0.3, 0, 0], [0.3, 0, 0.6], [-0.3, 0, 0.6]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    uv = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], float)
    picture = np.full((32, 32, 4), 255, np.uint8)
    picture[:, 16:, 3] = 0  # the right half is a hole
    sheet = Drawable(Mesh(corners, faces, uv), Material("m", texture=picture))
    whole = Drawable(Mesh(corners, faces, uv), Material("m"))
    holed, full = (np.isfinite(depths.draw((d,), CAMERA)).sum() for d in (sheet, whole))
    assert 0.4 < holed / full < 0.6


def test_pushed_away_and_seen_where_it_was(depths: SceneDepths):
    before = depths.draw((cube(),), CAMERA)
    after = depths.draw((pushed(cube(), CAMERA.centre_m, 0.05),), CAMERA)
    same = np.isfinite(before) & np.isfinite(after)
    assert same.sum() > 0.98 * np.isfinite(before).sum()
    assert np.median(after[same] - before[same]) == pytest.approx(0.05, abs=0.005)
    still = replace(cube(), mesh=replace(cube().mesh))
    np.testing.assert_array_equal(depths.draw((still,), CAMERA), before)
