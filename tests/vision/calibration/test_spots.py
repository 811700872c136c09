"""Clicked points: their place and error, the line in the other pictures, clicks that cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig
from studio.vision.calibration.spots import seen_from, spot
from studio.vision.camera import project
from studio.vision.ring import look_at

TERMS = np.array([-0.2, 0.06, 0.001, 0.0, 0.0])
POINT = np.array([0.4, -0.2, 0.0])


@pytest.fixture
def rig() -> CameraRig:
    eyes = [
        look_at(f"cam{i}", np.array(place, float), np.array([0, 0, 0.8]), 900.0, (1280, 720))
        for i, place in enumerate(((-3, -3, 2), (3, -3, 1.7), (0, 4, 2.2)))
    ]
    return CameraRig(tuple(
        Camera(c.name, c.size_px, c.matrix, TERMS, c.rotation, c.translation_m) for c in eyes
    ))  # fmt: skip


def clicks(rig: CameraRig, noise: np.ndarray | None = None) -> dict[str, tuple[float, float]]:
    off = np.zeros((3, 2)) if noise is None else noise
    seen = [project(c, POINT[None])[0] + o for c, o in zip(rig.cameras, off, strict=True)]
    return {c.name: (float(x), float(y)) for c, (x, y) in zip(rig.cameras, seen, strict=True)}


def test_a_point_is_where_it_is_and_as_sure_as_told(rig):
    found = spot(rig, clicks(rig))
    assert np.allclose(found.xyz_m, POINT, atol=1e-6)
    assert found.off_px < 1e-3
    random = np.random.default_rng(0)
    off = [spot(rig, clicks(rig, random.normal(0, 1, (3, 2)))).xyz_m - POINT for _ in range(200)]
    worst = 1000 * np.sqrt(np.linalg.eigvalsh(np.cov(np.array(off).T))[-1])
    assert 0.75 < worst / found.sd_mm < 1.3


def test_the_line_in_another_picture_passes_through_the_point(rig):
    seen = clicks(rig)
    line = seen_from(rig, "cam0", seen["cam0"], "cam1", 4000)
    line = line[np.isfinite(line).all(1)]
    assert np.linalg.norm(line - seen["cam1"], axis=1).min() < 1.0
    along = (line[-1] - line[0]) / np.linalg.norm(line[-1] - line[0])
    aside = (line - line[0]) @ [-along[1], along[0]]
    assert np.abs(aside).max() > 1, "the lens bends it"


def test_clicks_that_cannot_be_one_point_are_refused(rig):
    seen = clicks(rig)
    with pytest.raises(StudioError, match="One picture alone"):
        spot(rig, {"cam0": seen["cam0"], "elsewhere": (1.0, 2.0)})
    plain = CameraRig(tuple(replace(c, distortion=np.zeros(0)) for c in rig.cameras[:2]))
    behind = np.array([0.0, -20.0, 1.5])
    through = {c.name: project(c, (2 * c.centre_m - behind)[None])[0] for c in plain.cameras}
    with pytest.raises(StudioError, match="behind camera"):
        spot(plain, {name: (float(x), float(y)) for name, (x, y) in through.items()})
