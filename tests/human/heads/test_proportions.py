"""Builds as proportions tell them, and heads of a build that is known."""

from __future__ import annotations

import numpy as np

from studio.human.heads import model
from studio.human.heads.fit import fit
from studio.human.heads.proportions import PROPORTIONS, proportions, womanly
from studio.human.heads.shown import Portrait
from studio.human.rig import ACTIONS


def face(lips: float = 1.0, chin: float = 1.0) -> np.ndarray:
    """The average face as a photograph has it, its lips and its chin so many times as high."""
    x, y, z = model.points_of(model.usual()).T * 2000
    xyz = np.column_stack([x, -z, y])
    middle = xyz[13, 1]
    for point in (0, 17):
        xyz[point, 1] = middle + lips * (xyz[point, 1] - middle)
    below = xyz[:, 1] > xyz[17, 1] + 1
    xyz[below, 1] = xyz[17, 1] + chin * (xyz[below, 1] - xyz[17, 1])
    return xyz


def test_full_lips_and_a_short_chin_are_more_like_womens():
    soft, hard = face(), face(0.5, 1.4)
    assert 0.1 <= womanly([hard]) < womanly([soft, hard]) < womanly([soft]) <= 0.9


def test_proportions_do_not_change_with_size_place_and_lean():
    one = face()
    turn = np.array([[0.9, -np.sqrt(0.19), 0], [np.sqrt(0.19), 0.9, 0], [0, 0, 1]])
    other = 0.4 * one @ turn.T + (30, -80, 0)
    assert len(proportions(one)) == len(PROPORTIONS)
    np.testing.assert_allclose(proportions(other), proportions(one), rtol=1e-9)


def test_a_known_build_and_a_told_lens_are_kept():
    flat = face()
    flat[:, :2] += 320 - flat[:, :2].mean(0)
    told = Portrait(flat, (640, 640), focal_px=1500.0)
    guessed = Portrait(flat, (640, 640))
    head = fit([told], gender=0.2, rounds=1)
    assert head.values[model.BUILDS.index("gender")] == 0.2
    free = fit([guessed], gender=0.2, rounds=1)
    apart = [abs(np.log(one.views[0].focal_px / 1500)) for one in (head, free)]
    assert apart[0] < 0.15
    assert apart[0] < apart[1]
    assert len(head.views[0].actions) == len(ACTIONS)
