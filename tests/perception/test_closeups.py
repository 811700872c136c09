"""Whose hand is it: two findings of one hand become one."""

from __future__ import annotations

import numpy as np

from studio.perception.closeups import by_side, drop_twin, hand_square, surer_twin
from studio.perception.landmarkers import Found

HAND = np.random.default_rng(0).uniform(0, 100, (21, 2))


def hand(shift: float, sure: float = 0.9, side: str = "left") -> Found:
    return Found(HAND + shift, np.full(21, sure), side)


def test_one_hand_found_from_both_wrists_goes_to_the_nearer():
    hands = {"left": hand(0), "right": hand(4)}
    wrists = {"left": HAND[0] + 30, "right": HAND[0] + 5}
    assert list(drop_twin(hands, wrists)) == ["right"]


def test_one_hand_followed_twice_stays_with_the_surer():
    assert list(surer_twin({"left": hand(0, 0.3), "right": hand(4, 0.8)})) == ["right"]


def test_two_hands_stay_two():
    hands = {"left": hand(0), "right": hand(200)}
    wrists = {"left": HAND[0], "right": HAND[0] + 200}
    assert drop_twin(hands, wrists) == hands
    assert surer_twin(hands) == hands


def test_two_hands_of_one_label_take_one_side_each():
    sides = by_side([hand(0, 0.9, "left"), hand(300, 0.7, "left")])
    assert sides["left"].xy_px[0, 0] == HAND[0, 0]
    assert sides["right"].xy_px[0, 0] == HAND[0, 0] + 300


def test_the_square_holds_the_hand_and_points_its_fingers_up():
    """An arm that reaches to the right: the hand lies beyond the wrist and leans by 90 degrees."""
    body = np.zeros((33, 2))
    body[[11, 12]], body[[23, 24]] = (0, -100), (0, 100)
    body[13], body[15], body[17], body[19] = (100, 0), (200, 0), (240, -8), (240, 8)
    centre, size, lean = hand_square(body, "left")
    assert 220 < centre[0] < 260
    assert size > 100
    assert np.isclose(lean, np.pi / 2)
