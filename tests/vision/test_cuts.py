"""Cuts are told from movement by how a person's points jump."""

import numpy as np
import pytest

from studio.vision.cuts import cuts, losses

BODY = np.random.default_rng(0).normal(0, 0.3, (25, 2)) * [0.5, 1.5]
"""Somebody about 0.5 m in size, in metres before a camera: speeds below are in m/s."""


def film(frames=60, step=1 / 30, speed=(0.0, 0.0)):
    path = np.outer(np.arange(frames) * step, speed)
    noise = np.random.default_rng(1).normal(0, 0.02, (frames, 25, 2))
    return BODY + path[:, None] + noise


def told(xy, step=1 / 30, seen=None):
    return cuts(xy, np.ones(xy.shape[:2], bool) if seen is None else seen, step)


@pytest.mark.parametrize("step", [1 / 60, 1 / 30, 1 / 15])
def test_neither_standing_nor_sprinting_is_a_cut(step):
    assert told(film(step=step), step) == ()
    assert told(film(step=step, speed=(9.0, 0.0)), step) == ()


def test_another_place_or_size_is_a_cut():
    xy = film()
    there = np.concatenate([xy[:20], xy[20:40] + np.array([1.0, 0.0]), 2.5 * xy[40:]])
    assert told(there) == (20, 40)


def test_points_that_are_not_seen_tell_nothing():
    xy = film()
    seen = np.ones((60, 25), bool)
    xy[30:, :12] += 5.0
    seen[30:, :12] = False
    assert told(xy, seen=seen) == ()
    seen[29:31] = False
    xy[30:] += 3.0
    assert told(xy, seen=seen) == ()  # nobody saw how they came there


def test_somebody_who_comes_back_after_a_while_is_told():
    there = np.ones(120, bool)
    there[20:40] = False  # two thirds of a second
    there[60:100] = False
    assert losses(there, 1 / 30) == (100,)
