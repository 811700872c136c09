"""Fields whose surfaces get no holes, and no bridges, that a body has not."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human.bodies.surface import genus, largest, zero_of
from studio.human.bodies.topology import kept, left_over

STEP_M = 0.008
GRID = STEP_M * (np.mgrid[:36, :36, :36].astype(np.float32) - 17.5)


def ball(radius_m: float, at_m: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    return radius_m - np.linalg.norm(GRID - np.reshape(at_m, (3, 1, 1, 1)), axis=0)


def bar(a: int, low_m: float, high_m: float, at_m: tuple[float, float]) -> np.ndarray:
    """Along the axis ``a``, 2.2 cm thick, through a place of the two others."""
    b, c = (k for k in range(3) if k != a)
    off = np.hypot(GRID[b] - at_m[0], GRID[c] - at_m[1])
    return np.minimum(0.022 - off, np.minimum(GRID[a] - low_m, high_m - GRID[a]))


LEGS = np.maximum.reduce([
    ball(0.05, (0, 0, 0.08)), *(bar(2, -0.1, 0.08, (x, 0)) for x in (-0.035, 0.035))
])  # fmt: skip
BRIDGE = bar(0, -0.03, 0.03, (0, -0.05))
TUNNEL = bar(1, -0.2, 0.2, (0.01, 0.08))


@pytest.mark.parametrize(
    "field", [np.maximum(LEGS, BRIDGE), np.minimum(LEGS, -TUNNEL + 0.008)], ids=["bridge", "hole"]
)
def test_bridges_are_cut_and_holes_closed_where_they_are(field: np.ndarray):
    assert genus(zero_of(LEGS, np.zeros(3), STEP_M)) == 0
    assert genus(zero_of(field, np.zeros(3), STEP_M)) == 1
    left = left_over(LEGS > 0, field)
    assert 0 < len(left) < 200
    found = kept(field, LEGS, STEP_M)
    assert genus(zero_of(found, np.zeros(3), STEP_M)) == 0
    places = np.array(np.unravel_index(left, field.shape)).T
    everywhere = np.argwhere(found != field)
    away = np.linalg.norm(everywhere[:, None] - places[None], axis=-1).min(1)
    assert STEP_M * away.max() < 0.11


def test_what_has_the_right_topology_stays_as_it_is():
    rng = np.random.default_rng(0)
    from scipy.ndimage import gaussian_filter

    thicker = LEGS + 0.006 + 0.3 * gaussian_filter(rng.normal(0, 0.02, LEGS.shape), 2.0)
    assert kept(thicker, LEGS, STEP_M) is thicker
    assert genus(largest(zero_of(thicker, np.zeros(3), STEP_M))) == 0
