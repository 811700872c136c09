"""MediaPipe's marks lie where the table says: on both sides alike, and inside the fingers."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human import marks
from studio.human.layouts import layout
from studio.human.names import FINGERS, HAND
from studio.synth.factory.points import places_m
from studio.synth.figure import make_figure

POINTS = layout("whole_body").points


def places(marked: bool) -> dict[str, np.ndarray]:
    figure = make_figure()
    found = places_m("whole_body", figure.vertices_m, figure.bones_world, marked=marked)
    return dict(zip(POINTS, found, strict=True))


@pytest.fixture(scope="module")
def centres() -> dict[str, np.ndarray]:
    return places(False)


@pytest.fixture(scope="module")
def marked() -> dict[str, np.ndarray]:
    return places(True)


@pytest.mark.parametrize("point", [*HAND, *marks.JOINTS])
def test_both_sides_are_marked_alike(
    marked: dict[str, np.ndarray], centres: dict[str, np.ndarray], point: str
) -> None:
    left, right = marked[f"left_{point}"], marked[f"right_{point}"]
    assert np.linalg.norm(left * (-1, 1, 1) - right) < 0.006
    assert 0.0005 < np.linalg.norm(left - centres[f"left_{point}"]) < 0.06


@pytest.mark.parametrize("finger", FINGERS)
def test_tips_are_marked_before_the_fingers_end(
    marked: dict[str, np.ndarray], centres: dict[str, np.ndarray], finger: str
) -> None:
    last = "ip" if finger == "thumb" else "dip"
    end, joint = centres[f"left_{finger}_tip"], centres[f"left_{finger}_{last}"]
    along = (end - joint) / np.linalg.norm(end - joint)
    assert 0.002 < (end - marked[f"left_{finger}_tip"]) @ along < 0.015


def test_other_points_stay(marked: dict[str, np.ndarray], centres: dict[str, np.ndarray]) -> None:
    for point in ("nose", "left_heel", "right_ear", "mesh_4"):
        np.testing.assert_array_equal(marked[point], centres[point])
