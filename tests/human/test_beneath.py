"""The average adult's parts beneath things to try on."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human.anchors import REFERENCE_M, average
from studio.human.beneath import BENEATH, beneath


@pytest.mark.parametrize("point", sorted({base for base, _ in BENEATH.values()}))
def test_each_part_lies_about_its_anchor(point):
    part = beneath(point)
    assert part.faces.max() == len(part.vertices_m) - 1
    low, high = part.vertices_m.min(0), part.vertices_m.max(0)
    assert (low[:2] < 0.01).all()  # a sole's frame lies on its edge
    assert (high[:2] > -0.01).all()
    assert (high - low).max() < 0.6


def test_the_head_reaches_to_the_bridge_of_the_nose():
    frames = average().frames
    bridge = frames["eyes"][:3, 3] - frames["head"][:3, 3]
    away = np.linalg.norm(beneath("head").vertices_m - bridge, axis=1)
    assert away.min() < 0.002


def test_a_forearm_is_as_wide_as_the_reference():
    part = beneath("wrist.L").vertices_m
    around = part[np.abs(part[:, 2]) < 0.012]
    assert np.ptp(around[:, 0]) == pytest.approx(REFERENCE_M["wrist"], abs=0.01)


def test_left_and_right_mirror_each_other():
    left, right = beneath("foot.L").vertices_m, beneath("foot.R").vertices_m
    np.testing.assert_allclose(left.min(0)[1:], right.min(0)[1:], atol=0.004)
    np.testing.assert_allclose(left.min(0)[0], -right.max(0)[0], atol=0.004)
