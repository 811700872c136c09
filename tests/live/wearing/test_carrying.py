"""Limbs are followed beside the pictures and carried along until they are found again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from wearers import SIZE, VIEW_DEG, Points, body_at, frame_of, hand_at

from studio.core.errors import StudioError
from studio.core.items import AnchorPoint
from studio.core.types import Frame
from studio.live.wearing.bodies import Bodies, PartsNow
from studio.live.wearing.carrying import Limbs, Wanted
from studio.perception.wearers.head_pose import projected
from studio.vision.one_view import assumed

CAMERA = assumed("cam", SIZE, VIEW_DEG)
HAND = frame_of(np.eye(3), (0.0, 0.7, 0.0))


def picture(shift: int = 0) -> np.ndarray:
    """Blotches, moved to the right."""
    rng = np.random.default_rng(2)
    small = rng.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
    return np.roll(np.kron(small, np.ones((8, 8, 1), np.uint8)), shift, axis=1)


def wanted(time_s: float, rgb: np.ndarray, *points: AnchorPoint) -> Wanted:
    return Wanted(Frame("cam", time_s, rgb), CAMERA, frozenset(points), (), 0.0, 6)


def until(found: Callable[[], Any]) -> Any:
    """What comes of a thread's work, waited for."""
    for _ in range(1000):
        if result := found():
            return result
        time.sleep(0.01)
    raise AssertionError("nothing came")


def bodies(pose: Points, hands: Points) -> Callable[[], Bodies]:
    make: Callable[[Points], Any] = lambda points: lambda: points  # noqa: E731
    return lambda: Bodies(make(pose), make(hands))


def across(parts: tuple[PartsNow, ...]) -> float:
    """The pixel's column at which the wrist is."""
    return float(projected(parts[0].frames["wrist.L"][None, :3, 3], CAMERA)[0, 0])


def test_a_hand_is_carried_to_where_it_is_seen_now() -> None:
    hands = Points(hand_at(HAND))
    with Limbs(bodies(Points(), hands), apart=True) as limbs:
        start = until(lambda: limbs.find(wanted(0.0, picture(), "wrist.L")))
        moved = limbs.find(wanted(0.05, picture(6), "wrist.L"))
        late = limbs.find(wanted(5.0, picture(6), "wrist.L"))
    assert across(moved) - across(start) == pytest.approx(6, abs=0.5)
    assert late == ()
    assert hands.closed


def test_pictures_that_may_wait_are_told_at_once() -> None:
    with Limbs(bodies(Points(), Points(hand_at(HAND))), apart=False) as limbs:
        assert len(limbs.find(wanted(0.0, picture(), "wrist.L"))) == 1
        assert limbs.find(wanted(0.1, picture(), "eyes")) == ()


def test_while_nothing_is_worn_there_bodies_are_only_glanced_at() -> None:
    pose, hands = Points(body_at((0.0, 3.0, -0.9))), Points()
    with Limbs(bodies(pose, hands), apart=True) as limbs:
        assert limbs.find(wanted(0.0, picture())) == ()
        there = until(lambda: limbs.there)
        for k in range(1, 10):
            limbs.find(wanted(k / 30, picture()))
    assert {"neck", "torso", "foot.L", "foot.R", "wrist.L", "wrist.R"} == there
    assert (pose.looked, hands.looked) == (1, 0)


def test_glances_that_tell_the_same_become_rare() -> None:
    pose = Points(body_at((0.0, 3.0, -0.9)))
    with Limbs(bodies(pose, Points()), apart=True) as limbs:
        for time_s, looks, rest_s in ((0, 1, 2), (2.1, 2, 4), (6, 2, 4), (6.2, 3, 8), (14, 3, 8)):
            limbs.find(wanted(float(time_s), picture()))
            until(lambda n=looks, rest_s=rest_s: (pose.looked, limbs.rests_s) >= (n, rest_s))
            assert pose.looked == looks


def test_a_network_that_is_missing_is_told() -> None:
    def missing() -> Bodies:
        raise StudioError("The network is not installed.", "Install it.")

    with Limbs(missing, apart=True) as limbs:
        limbs.find(wanted(0.0, picture(), "wrist.L"))

        def told() -> str:
            try:
                limbs.find(wanted(0.1, picture(), "wrist.L"))
            except StudioError as error:
                return error.message
            return ""

        assert until(told) == "The network is not installed."
