"""The texture's layout of a shell."""

from __future__ import annotations

import numpy as np

from studio.synth.avatars.layout import beside


def test_triangles_that_became_points_take_the_place_of_what_is_around():
    corners = np.array([[[x, 0, 0], [x + 1, 0, 0], [x, 1, 0]] for x in (0, 5, 9, 8.9)], float)
    uv = np.array([[[x, 0], [x + 0.1, 0], [x, 0.1]] for x in (0.1, 0.4, 0.0, 0.8)])
    uv[2] = 0  # a point at the origin
    uv[3, 2] = uv[3, 0] + 1e-5  # the nearest has no texel of its own
    found = beside(uv, corners)
    np.testing.assert_array_equal(found[[0, 1, 3]], uv[[0, 1, 3]])
    np.testing.assert_allclose(found[2], np.tile(uv[1].mean(0), (3, 1)))
    np.testing.assert_array_equal(beside(np.zeros((4, 3, 2)), corners), 0)
