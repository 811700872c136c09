"""Feet from near: what is true of them fits the picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from studio.core.parts import PartLabel
from studio.human.feet import FOOT_M, MARKS, MARKS_M, marks_m
from studio.synth.factory.points import in_picture
from studio.synth.tryon.feet import SIDE_PX, FeetFactory, FeetView
from studio.training.feet import behind_middle

MANY = 4


@pytest.fixture(scope="module")
def views() -> Iterator[list[FeetView]]:
    with FeetFactory("train", 5) as factory:
        yield [factory.view(number) for number in range(MANY)]


def test_marks_lie_where_the_feets_frames_say(views: list[FeetView]) -> None:
    shown = 0
    for view in views:
        assert view.rgb.shape == (SIDE_PX, SIDE_PX, 3)
        assert 0.18 < view.foot_m < 0.33
        for side, frame, points, shows in zip(
            "LR", view.frames, view.points_px, view.shows, strict=True
        ):
            places = marks_m(side, view.foot_m) @ frame[:3, :3].T + frame[:3, 3]
            world = (places - view.camera.translation_m) @ view.camera.rotation
            np.testing.assert_allclose(in_picture(view.camera, world), points, atol=0.01)
            deep = behind_middle(frame, view.foot_m, side)
            assert deep.mean() == pytest.approx(0, abs=1e-9)
            assert np.ptp(deep) < 1.2
            if shows:
                shown += 1
                x, y = np.rint(points).astype(int).clip(0, SIDE_PX - 1).T
                there = view.parts[y, x]
                assert np.isin(there, (PartLabel.SHOES, PartLabel.SKIN)).sum() >= 3
    assert shown >= MANY // 2


def test_marks_are_those_of_a_foot() -> None:
    assert MARKS_M.shape == (len(MARKS), 3)
    assert np.ptp(MARKS_M[:, 1]) == pytest.approx(FOOT_M, rel=0.01)
    left, right = marks_m("L", 0.3), marks_m("R", 0.3)
    np.testing.assert_allclose(left * [-1, 1, 1], right)
    inner, outer = (MARKS.index(f"{side}_ball") for side in ("inner", "outer"))
    assert left[inner, 0] < 0 < left[outer, 0]
