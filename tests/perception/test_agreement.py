"""Several looks become one answer; left and right become steady over a take."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.human.layouts import layout
from studio.perception.agreement import combine, side_groups, unswap

BODY = layout("mediapipe_33")
WHOLE = layout("whole_body")
MIRROR = np.array(BODY.mirror)
SIDES = tuple((anchor, MIRROR[anchor]) for anchor, _ in side_groups(BODY))
ARMS, LEGS = (anchor for anchor, _ in side_groups(BODY))


def walker(frames: int = 60, seed: int = 0) -> np.ndarray:
    """A person 400 px tall whose limbs swing: (frames, 33, 2)."""
    rng = np.random.default_rng(seed)
    still = rng.uniform((-80, -200), (80, 200), (33, 2))
    side = np.array([1 if "left" in p else -1 if "right" in p else 0 for p in BODY.points])
    still[:, 0] = 60 * side + rng.uniform(-10, 10, 33)
    swing = 15 * np.sin(np.arange(frames) / 5)[:, None] * side
    moving = np.repeat(still[None], frames, 0)
    moving[..., 1] += swing
    return moving + np.array([500, 400])


def test_groups_are_limbs_and_their_twins():
    assert {BODY.points[i] for i in ARMS} >= {"left_wrist", "right_shoulder", "left_thumb"}
    assert {BODY.points[i] for i in LEGS} >= {"left_hip", "right_foot_index"}
    assert set(MIRROR[ARMS]) == set(ARMS)
    assert set(MIRROR[LEGS]) == set(LEGS)
    assert not set(ARMS) & set(LEGS)
    arms, hands = side_groups(WHOLE)[0]
    assert len(hands) == 42
    np.testing.assert_array_equal(arms, ARMS)


def test_one_look_is_the_answer():
    xy, confidence = walker(1), np.ones((1, 33))
    best, sure = combine(xy, confidence, SIDES)
    np.testing.assert_array_equal(best, xy[0])
    np.testing.assert_array_equal(sure, confidence[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3, 4, 5]))
def test_the_look_that_swapped_sides_is_turned_round(seed, looks):
    """One look in several has arms or legs swapped: the combination is as if it had not."""
    rng = np.random.default_rng(seed)
    truth = walker(1, seed)[0]
    xy = truth + rng.normal(0, 1, (looks, 33, 2))
    odd = rng.integers(looks)
    for group in (ARMS, LEGS)[: rng.integers(1, 3)]:
        xy[odd, group] = xy[odd, MIRROR[group]]
    best, _ = combine(xy, np.full((looks, 33), 0.9), SIDES)
    assert np.abs(best - truth).max() < 6


def test_confidence_falls_where_looks_disagree():
    xy = np.repeat(walker(1), 4, 0)
    xy[:, 0] += np.array([[0, 0], [80, 0], [0, 80], [80, 80]])
    _, sure = combine(xy, np.ones((4, 33)), ())
    assert sure[0] < 0.3
    assert sure[5] == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 40), st.integers(1, 19))
def test_swapped_stretches_are_turned_back(seed, start, length):
    """Whatever stretch of the take has its limbs swapped: the track comes out as it went in."""
    truth = walker(60, seed)
    confidence = np.random.default_rng(seed).uniform(0.5, 1, (60, 33))
    xy, sure = truth.copy(), confidence.copy()
    for frame in range(start, start + length):
        xy[frame, LEGS] = truth[frame, MIRROR[LEGS]]
        sure[frame, LEGS] = confidence[frame, MIRROR[LEGS]]
    fixed, fixed_sure, turned = unswap(BODY, xy, sure)
    assert turned == length
    np.testing.assert_array_equal(fixed, truth)
    np.testing.assert_array_equal(fixed_sure, confidence)


def test_steady_take_is_left_as_it_is():
    truth = walker(60)
    fixed, _, turned = unswap(BODY, truth, np.ones((60, 33)))
    assert turned == 0
    np.testing.assert_array_equal(fixed, truth)


def test_gaps_and_absence_are_no_obstacle():
    truth = walker(60)
    truth[20:25] = np.nan
    xy = truth.copy()
    xy[22:30, ARMS] = truth[22:30, MIRROR[ARMS]]
    fixed, _, _ = unswap(BODY, xy, np.ones((60, 33)))
    np.testing.assert_array_equal(fixed, truth)
    nobody = np.full((60, 33, 2), np.nan)
    assert unswap(BODY, nobody, np.zeros((60, 33)))[2] == 0


def test_hands_follow_their_arms():
    """In the whole body the 21 points of each hand change sides with the arm."""
    truth = np.zeros((20, len(WHOLE), 2))
    truth[:, :33] = walker(20)
    truth[:, 33:54], truth[:, 54:75] = (560, 400), (440, 400)
    truth[:, 75:] = 500
    xy = truth.copy()
    mirror = np.array(WHOLE.mirror)
    for anchor, follow in side_groups(WHOLE)[:1]:
        both = np.concatenate([anchor, follow])
        xy[8:12, both] = truth[8:12][:, mirror[both]]
    fixed, _, turned = unswap(WHOLE, xy, np.ones((20, len(WHOLE))))
    assert turned == 4
    np.testing.assert_array_equal(fixed, truth)
