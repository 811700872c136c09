"""Feet: found where they rest, held there, never below the floor."""

import numpy as np

from studio.human.contacts import find_contacts, floor_height, slide_mm, speeds

RATE = 60.0


def steps(noise=0.0, floor=0.3):
    """Eight sole points: the left foot rests, lifts from frame 40 to 60, rests again."""
    rng = np.random.default_rng(0)
    soles = np.zeros((100, 8, 3))
    soles[..., 2] = floor
    soles[:, 4:, 0] = 0.2
    swing = np.clip((np.arange(100) - 40) / 20, 0, 1)
    soles[:, :4, 1] = -0.5 * swing[:, None]
    soles[:, :4, 2] += 0.15 * np.sin(np.pi * swing)[:, None]
    return soles + noise * rng.normal(size=soles.shape)


def test_the_floor_is_where_feet_rest():
    soles = steps(0.002)
    assert abs(floor_height(soles, speeds(soles, RATE)) - 0.3) < 0.005


def test_a_swinging_foot_is_not_planted():
    found = find_contacts(steps(0.001), RATE)
    assert found.planted[:37, :4].all()
    assert found.planted[:, 4:].all()
    assert not found.planted[46:56, :4].any()
    assert found.planted[64:, :4].all()
    assert np.allclose(found.anchor_m[70, :4, 1], -0.5, atol=0.005)
    assert slide_mm(steps(0.001), found) < 5


def test_feet_that_never_rest_have_no_floor():
    soles = steps()
    soles[..., 2] += 0.8 * np.arange(100)[:, None] / RATE
    assert find_contacts(soles, RATE).floor_m is None


def test_a_single_frame_has_no_contacts():
    assert not find_contacts(steps()[:1], RATE).planted.any()
