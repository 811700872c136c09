"""What a calibration is worth, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.types import CameraRig
from studio.scene.items.trust import TrustItem, TrustMarks, enlargement, rings, trust_marks
from studio.scene.scene import Scene


@pytest.fixture
def marks(rig: CameraRig) -> TrustMarks:
    places = np.array([[0, 0, 1.0], [0.5, 0, 1.0], [0, 0.5, 1.0]])
    board = np.array([[[0, 0, 1.0], [0.3, 0, 1], [0.3, 0.2, 1], [0, 0.2, 1]]])
    return trust_marks(
        rig,
        np.array([[0.0, 0, 0], [1.0, 2.0, 0.5]]),
        places,
        np.array([1.5, 2.0, np.nan]),
        boards_m=board,
        coverage={"left": np.eye(4, 6, dtype=int)},
    )


def drawn(scene: Scene) -> np.ndarray:
    scene.render()
    return np.asarray(scene.plotter.screenshot(return_img=True)).astype(int)


def test_rings_lie_on_the_ellipsoid() -> None:
    covariance = np.array([[4.0, 1, 0], [1, 3, 0.5], [0, 0.5, 1]]) * 1e-6
    centre = np.array([1.0, 2, 3])
    points = rings(centre, covariance, 10.0).reshape(-1, 3) - centre
    distance = np.einsum("ni,ij,nj->n", points, np.linalg.inv(covariance), points)
    np.testing.assert_allclose(distance, 100.0, rtol=1e-9)


def test_the_factor_is_round_and_makes_them_visible() -> None:
    covariances = np.array([np.eye(3) * 0.002**2, np.eye(3) * np.nan])
    assert enlargement(covariances, 0.2) == 100
    assert enlargement(np.zeros((1, 3, 3)), 0.2) == 1


def test_texts_say_the_error_or_that_nobody_sees(marks: TrustMarks) -> None:
    assert marks.texts == ("1.5 mm", "2.0 mm", "unseen")
    assert len(marks.coverage_m) == 4


def test_every_part_can_be_shown_alone_and_hidden(scene: Scene, marks: TrustMarks) -> None:
    scene.update("trust", marks.showing())
    scene.frame(("trust",))
    empty = drawn(scene)
    counts = {}
    for part in ("cameras", "bars", "boards", "coverage"):
        scene.update("trust", marks.showing(part))  # type: ignore[arg-type]
        counts[part] = int((np.abs(drawn(scene) - empty).max(-1) > 12).sum())
    assert counts["bars"] > 50
    assert counts["boards"] > 20
    scene.update("trust", marks.showing())
    assert np.abs(drawn(scene) - empty).max() == 0


def test_the_factor_is_written_in_the_scene(scene: Scene, marks: TrustMarks) -> None:
    scene.update("trust", marks)
    item = scene.item("trust")
    assert isinstance(item, TrustItem)
    written = " ".join(actor.GetInput() for actor in item.actors)
    assert f"error bars × {item.factors['bars']}" in written
    assert f"camera errors × {item.factors['cameras']}" in written
    scene.set_theme("light")
    assert scene.item("trust") is item
