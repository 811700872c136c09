"""Bodies and hands are followed where something is worn there, known again, and told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from wearers import SIZE, VIEW_DEG, Points, body_at, frame_of, grey, hand_at

from studio.core.items import AnchorPoint
from studio.live.wearing.bodies import HOLD_S, Bodies, PartsNow
from studio.perception.wearers.head_pose import projected
from studio.vision.one_view import assumed

CAMERA = assumed("cam", SIZE, VIEW_DEG)
HAND = frame_of(np.eye(3), (0.1, 0.7, 0.0))
BODY = (0.0, 3.0, -0.9)


def made(pose: Points, hands: Points) -> Bodies:
    make: Callable[[Points], Any] = lambda points: lambda: points  # noqa: E731
    return Bodies(make(pose), make(hands))


def looked(bodies: Bodies, time_s: float, *points: AnchorPoint) -> tuple[PartsNow, ...]:
    return bodies.find(grey().rgb, time_s, CAMERA, frozenset(points), (), 40.0, 6)


def test_a_network_works_only_where_something_is_worn() -> None:
    pose, hands = Points(body_at(BODY)), Points(hand_at(HAND))
    bodies = made(pose, hands)
    assert looked(bodies, 0.0, "eyes") == ()
    assert (pose.looked, hands.looked) == (0, 0)
    feet = looked(bodies, 0.1, "foot.L", "foot.R")
    assert (pose.looked, hands.looked) == (1, 0)
    assert [set(part.frames) for part in feet] == [{"foot.L", "foot.R"}]
    assert {"neck", "foot.L"} <= bodies.there
    assert [set(part.frames) for part in looked(bodies, 0.2, "wrist.L")] == [{"wrist.L"}]
    assert looked(bodies, 0.9, "wrist.R") == ()
    bodies.close()
    assert pose.closed
    assert hands.closed


def test_parts_keep_their_numbers_and_fade_when_they_are_lost() -> None:
    far = frame_of(np.eye(3), (-0.2, 0.7, 0.0))
    hands = Points(hand_at(HAND), hand_at(far))
    bodies = made(Points(), hands)
    first = looked(bodies, 0.0, "wrist.L")
    hands.seen = tuple(reversed(hands.seen))
    second = looked(bodies, 0.03, "wrist.L")
    places = [{part.number: part.frames["wrist.L"][0, 3] for part in each}
              for each in (first, second)]  # fmt: skip
    assert places[0] == pytest.approx(places[1])
    hands.seen = ()
    fading = looked(bodies, 0.03 + HOLD_S / 2, "wrist.L")
    assert [part.opacity for part in fading] == pytest.approx([0.5, 0.5])
    assert looked(bodies, 0.1 + HOLD_S, "wrist.L") == ()


def test_what_is_no_hand_and_no_body_wears_nothing() -> None:
    body = body_at(BODY)
    vague = body.confidence.copy()
    vague[[13, 14]] = 0.2
    bodies = made(Points(replace(body, confidence=vague)), Points(hand_at(HAND, score=0.7)))
    assert looked(bodies, 0.0, "wrist.L", "neck", "foot.L") == ()
    assert bodies.there == frozenset()


def test_a_known_hand_may_be_less_sure_and_a_body_has_one_hand_a_side() -> None:
    hands = Points(hand_at(HAND, score=0.75))
    bodies = made(Points(), hands)
    assert looked(bodies, 0.0, "wrist.L") == ()
    hands.seen = (hand_at(HAND),)
    assert len(looked(bodies, 0.1, "wrist.L")) == 1
    hands.seen = (hand_at(HAND, score=0.75),)
    assert [part.opacity for part in looked(bodies, 0.2, "wrist.L")] == [1.0]
    body = body_at(BODY)
    near = body.xyz_px.copy()
    near[15, :2] = hand_at(HAND).xyz_px[0, :2]
    beside = frame_of(np.eye(3), (0.13, 0.7, 0.0))
    both = made(Points(replace(body, xyz_px=near)), Points(hand_at(beside), hand_at(HAND)))
    found = looked(both, 0.0, "wrist.L")
    assert [part.frames["wrist.L"][0, 3] for part in found] == pytest.approx([0.1], abs=0.02)


def test_a_still_hand_does_not_tremble_and_a_noisy_one_does() -> None:
    rng = np.random.default_rng(5)
    told: list[float] = []
    still = hand_at(HAND)
    for noise in (0.0, 1.0):
        hands = Points(still)
        bodies = made(Points(), hands)
        for k in range(12):
            xyz = still.xyz_px + rng.normal(0, noise, still.xyz_px.shape)
            hands.seen = (replace(still, xyz_px=xyz),)
            parts = looked(bodies, k / 30, "wrist.L")
        told.append(parts[0].jitter_px)
    assert told[0] < 0.01
    assert told[0] < told[1] < 1


def test_feet_tremble_less_than_they_are_seen_to_and_are_not_left_behind() -> None:
    rng, seen = np.random.default_rng(6), body_at(BODY)
    pose = Points(seen)
    bodies = made(pose, Points())
    raw: list[np.ndarray] = []
    calm: list[np.ndarray] = []
    for k in range(45):
        moved = 3.0 * max(
            k - 30, 0
        )  # pixels: still for a second, then a step a good metre a second
        xyz = seen.xyz_px + rng.normal(0, 1.0, seen.xyz_px.shape) * (1.0 if k < 30 else 0.0)
        raw.append(xyz[29, :2])
        pose.seen = (replace(seen, xyz_px=xyz + np.array([moved, 0.0, 0.0])),)
        (part,) = looked(bodies, k / 30, "foot.L")
        calm.append(projected(part.frames["foot.L"][None, :3, 3], CAMERA)[0])
    still = np.array(raw)[9:30], np.array(calm)[9:30]
    noise, left = (float(np.diff(each, axis=0).std()) for each in still)
    assert left < 0.5 * noise
    assert 20 < calm[-1][0] - calm[29][0] < 45
