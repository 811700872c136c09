"""The quick picture of a small mesh: near hides far, backs are not drawn."""

from __future__ import annotations

import numpy as np

from studio.render.clay import clay

RED, BLUE = (200.0, 0.0, 0.0, 255.0), (0.0, 0.0, 200.0, 120.0)


def test_near_triangles_hide_far_ones_and_backs_are_not_seen():
    seen = np.array([[-1, -1, 2], [1, -1, 2], [0, 1, 2], [-1, -1, 1], [1, -1, 1], [0, 1, 1]], float)
    xy = seen[:, :2] / seen[:, 2:] * 40 + 50
    facing = np.array([[0, 2, 1], [3, 5, 4]])
    one = clay(xy, seen, facing, np.array([RED, BLUE]), (100, 90))
    assert one.shape == (90, 100, 4)
    assert one[50, 50, 2] > 40
    assert one[50, 50, 0] == 0
    assert one[50, 50, 3] == 120
    assert one[2, 2, 3] == 0
    swapped = clay(xy, seen, facing[::-1], np.array([BLUE, RED]), (100, 90))
    np.testing.assert_array_equal(one, swapped)
    back = clay(xy, seen, facing[:, ::-1], np.array([RED, BLUE]), (100, 90))
    assert not back.any()
