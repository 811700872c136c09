"""A filter that is still where points hold still and quick where they move."""

import numpy as np
import pytest

from studio.vision.calm import Calm

STEP = 1 / 30
ERROR = 0.06


def noisy(xyz, size=0.01, seed=0):
    return xyz + np.random.default_rng(seed).normal(0, size, xyz.shape)


def calm(xyz, step=STEP):
    return Calm(step)(xyz, np.full(xyz.shape[:2], ERROR))


def test_tremble_fades_while_nobody_moves():
    still = noisy(np.zeros((120, 25, 3)))
    out = calm(still)
    assert out[-30:].std(0).mean() < 0.1 * still[-30:].std(0).mean()
    assert np.abs(out[-1]).max() < 0.005


def test_a_movement_is_followed_with_hardly_a_lag():
    time = np.arange(90) * STEP
    path = np.zeros((90, 25, 3))
    path[..., 0] = np.where(time > 1, 1.5 * (time - 1), 0)[:, None]
    out = calm(noisy(path, 0.005))
    behind = (path - out)[50:, :, 0]
    assert np.median(behind) < 1.5 * STEP * 1.5  # a frame and a half at 1.5 m/s
    assert behind.max() < 0.1


def test_after_a_movement_it_is_still_again():
    path = np.zeros((120, 25, 3))
    path[40:, :, 1] = 0.4
    out = calm(noisy(path))
    assert np.abs(out[55:, :, 1] - 0.4).max() < 0.02
    assert out[-20:].std(0).mean() < 0.002


def test_one_by_one_is_the_same_as_together():
    xyz = noisy(np.cumsum(np.full((20, 4, 3), 0.01), 0))
    error = np.full((20, 4), ERROR)
    one = Calm(STEP)
    parts = [one(xyz[k : k + 1], error[k : k + 1]) for k in range(20)]
    assert np.concatenate(parts) == pytest.approx(Calm(STEP)(xyz, error), abs=1e-12)
