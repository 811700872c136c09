"""Made-up heads that are filmed around: what is true of them, and from where."""

from __future__ import annotations

import numpy as np
import pytest

from studio.perception.neural_heads.photographs import FREE, HEAD, UNKNOWN
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.render.scene import Rendered
from studio.synth.heads import sweeps
from tests.training.test_neus_task import sphere


def test_depth_is_that_in_the_skin_or_in_what_surrounds_it_whichever_is_deeper():
    middle = (LOW_M + HIGH_M) / 2
    hair = np.array([0.0, 0.0, 0.05])
    truth = sweeps._Truth(sphere(0.08, middle), sphere(0.07, middle + hair))
    down, up = middle + np.array([[0, 0, -0.09], [0, 0, 0.1]])
    deep, facing = truth.deep_m(np.array([middle, down, up]))
    np.testing.assert_allclose(deep, [0.08, -0.01, 0.02], atol=1e-3)
    np.testing.assert_allclose(facing[1:], [[0, 0, -1], [0, 0, 1]], atol=0.05)
    on, normals = truth.spread(500, np.random.default_rng(0))
    away = np.minimum(np.abs(np.linalg.norm(on - middle, axis=1) - 0.08),
                      np.abs(np.linalg.norm(on - middle - hair, axis=1) - 0.07))  # fmt: skip
    assert away.max() < 1e-3
    assert np.linalg.norm(on - middle, axis=1).min() > 0.078
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)


def test_the_phone_looks_at_the_head_from_where_it_is_carried():
    at = np.array([0.0, 0.0, 1.6])
    for turn_deg in (0.0, 90.0, 200.0):
        camera = sweeps._carried(turn_deg, at, np.random.default_rng(1))
        eye = -camera.rotation.T @ camera.translation_m - at
        assert 0.45 < np.linalg.norm(eye) < 0.9
        turn = np.degrees(np.arctan2(eye[0], -eye[1]))
        assert abs((turn - turn_deg + 180) % 360 - 180) < 5
        seen = camera.matrix @ (camera.rotation @ at + camera.translation_m)
        assert np.abs(seen[:2] / seen[2] - sweeps.SIDE_PX / 2).max() < 60


@pytest.mark.parametrize(("away_m", "wanted"), [(0.6, HEAD), (0.2, UNKNOWN)])
def test_what_hides_the_head_is_not_told(away_m, wanted):
    side, at = 8, np.zeros(3)
    lens = np.array([10.0, 10.0, 3.5, 3.5])
    pose = np.column_stack([[(1, 0, 0), (0, 0, -1), (0, 1, 0)], [0, 0, 0.6]])
    depth = np.full((side, side), np.inf)
    depth[2:6, 2:6] = away_m
    xyz = np.zeros((side, side, 3))
    xyz[..., 1] = depth - 0.6
    alpha = np.where(np.isfinite(depth), 255, 0).astype(np.uint8)
    rgb = np.zeros((side, side, 3), np.uint8)
    shown = Rendered(rgb=rgb, alpha=alpha, depth_m=depth, xyz_m=xyz)
    labels = sweeps._labels(shown, at, lens, pose)
    assert (labels[2:6, 2:6] == wanted).all()
    assert (labels[:2] == FREE).all()
