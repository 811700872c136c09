"""Harmonics hold what a matt surface receives: against sums over the whole sphere."""

from __future__ import annotations

import numpy as np
import pytest

from studio.render.environment import basis, diffuse, directions, harmonics, room, sky, turned


def received(surroundings: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Slow twin: the mean of the radiance over the hemisphere, weighted by the cosine."""
    height, width = surroundings.shape[:2]
    way = directions(height, width)
    down = (np.arange(height) + 0.5) / height * np.pi
    solid = np.sin(down)[:, None] * (np.pi / height) * (2 * np.pi / width)
    cosine = np.clip(way @ normal, 0, None) * solid
    return np.einsum("hw,hwc->c", cosine, surroundings) / np.pi


def test_harmonics_are_orthonormal() -> None:
    one = np.zeros((64, 128, 3))
    way = directions(64, 128)
    for k in range(9):
        found = harmonics(one + basis(way)[..., k : k + 1])
        np.testing.assert_allclose(found[:, 0], np.eye(9)[k], atol=2e-3)


@pytest.mark.parametrize(
    "surroundings",
    [sky((0.4, -0.5, 0.7)), room((((1, 0, 0.3), 25, (4, 4, 5)),))],
    ids=["sky", "room"],
)
def test_a_matt_surface_receives_what_the_whole_sphere_sends(surroundings: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(40, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    exact = np.array([received(surroundings, normal) for normal in normals])
    close = diffuse(harmonics(surroundings), normals)
    assert np.abs(close - exact).max() < 0.06 * exact.max()


def test_even_light_is_even() -> None:
    grey = harmonics(np.full((32, 64, 3), 0.7))
    np.testing.assert_allclose(diffuse(grey, np.eye(3)), 0.7, atol=2e-3)


def test_surroundings_turn_counter_clockwise_seen_from_above() -> None:
    ahead = room((((0, 1, 0), 20, (9, 9, 9)),))
    left = room((((-1, 0, 0), 20, (9, 9, 9)),))
    np.testing.assert_allclose(turned(ahead, 90), left, atol=0.2)
    np.testing.assert_allclose(turned(turned(ahead, 30), -30).mean(), ahead.mean(), rtol=1e-6)
