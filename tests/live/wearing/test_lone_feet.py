"""Feet are found without a body where shoes are worn, and a body's own feet come first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from wearers import SIZE, VIEW_DEG, Crowd, Points, body_at, grey, item

from studio.human.feet import MARKS, marks_m
from studio.live.wearing.bodies import Bodies
from studio.live.wearing.lone_feet import LoneFeet
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.wearers import LONE_FEET
from studio.perception.feet.pose import SeenFoot
from studio.perception.wearers.head_pose import projected
from studio.vision.one_view import assumed

CAMERA = assumed("cam", SIZE, VIEW_DEG)
DOWN = Rotation.from_euler("x", 70, degrees=True).as_matrix()
BOTH = frozenset({"foot.L", "foot.R"})


class Feet:
    """Feet that are where they are told to be, in place of the network that finds them."""

    def __init__(self, *feet: SeenFoot) -> None:
        self.feet = feet
        self.looked = 0

    def find(self, rgb: np.ndarray) -> tuple[SeenFoot, ...]:
        self.looked += 1
        return self.feet

    def forget(self) -> None:
        pass


def foot_at(side: str, x_m: float, turn: np.ndarray = DOWN, long_m: float = 0.26) -> SeenFoot:
    places = marks_m(side, long_m) @ turn.T + [x_m, 1.1, -0.05]
    middle = places.mean(0)
    deep = (places - middle) @ (middle / np.linalg.norm(middle)) / long_m
    return SeenFoot(side, projected(places, CAMERA), deep, np.ones(len(MARKS)))


def made(pose: Points, feet: Feet) -> Bodies:
    make: Callable[[Any], Any] = lambda what: lambda: what  # noqa: E731
    return Bodies(make(pose), make(Points()), LoneFeet(make(feet)))


def test_feet_alone_are_one_wearers_and_lie_where_they_are() -> None:
    feet = Feet(foot_at("L", 0.12), foot_at("R", -0.12))
    bodies = made(Points(), feet)
    (both,) = bodies.find(grey().rgb, 0.0, CAMERA, BOTH, (), 40.0, 6, 0.26)
    assert both.lone
    assert both.frames.keys() == BOTH == bodies.there
    for point, x_m in (("foot.L", 0.12), ("foot.R", -0.12)):
        assert both.frames[point][:3, 3] == pytest.approx([x_m, 1.1, -0.05], abs=0.01)
        turned = Rotation.from_matrix(both.frames[point][:3, :3].T @ DOWN).magnitude()
        assert np.degrees(turned) < 2
    assert both.sizes_m["foot"] == pytest.approx(0.26)
    feet.feet = (feet.feet[1],)
    (one,) = bodies.find(grey().rgb, 0.03, CAMERA, BOTH, (), 40.0, 6, 0.26)
    assert one.number == both.number
    assert one.frames.keys() == {"foot.R"}


def test_the_feet_of_a_body_that_is_seen_are_its_own() -> None:
    feet, body = Feet(foot_at("L", 0.12)), body_at((0.0, 3.0, -0.9))
    pose = Points(body)
    bodies = made(pose, feet)
    (own,) = bodies.find(grey().rgb, 0.0, CAMERA, BOTH, (), 40.0, 6)
    assert not own.lone
    assert feet.looked == 0
    vague = body.confidence.copy()
    vague[:25] = 0.1  # legs are all that is seen
    pose.seen = (replace(body, confidence=vague),)
    found = bodies.find(grey().rgb, 0.1, CAMERA, BOTH, (), 40.0, 6)
    assert [part.lone for part in found if part.opacity == 1] == [True]
    bodies.find(grey().rgb, 0.2, CAMERA, frozenset({"neck"}), (), 40.0, 6)
    assert feet.looked == 1


def test_feet_beside_a_body_that_tells_none_must_be_surer() -> None:
    body = body_at((0.0, 3.0, -0.9))
    vague = body.confidence.copy()
    vague[25:] = 0.1  # from the hips up
    at = foot_at("L", 0.12)
    told: list[int] = []
    for sure in (0.7, 0.95):
        feet = Feet(replace(at, sure=np.full(len(MARKS), sure)))
        bodies = made(Points(replace(body, confidence=vague)), feet)
        told.append(len(bodies.find(grey().rgb, 0.0, CAMERA, BOTH, (), 40.0, 6)))
    assert told == [0, 1]


def test_a_face_is_no_foot() -> None:
    foot = foot_at("L", 0.0)
    finder = LoneFeet(lambda: Feet(foot))
    there = foot.xy_px
    beside = there + np.array([2.0 * np.ptp(there[:, 0]) + 40, 0.0])
    found = [
        finder.find(grey().rgb, 0.0, CAMERA, None, faces_px=[face]) for face in (there, beside)
    ]
    assert found[0] is None
    assert found[1] is not None


def test_marks_that_no_foot_could_have_wear_nothing() -> None:
    rng = np.random.default_rng(1)
    wild = replace(foot_at("L", 0.0), xy_px=rng.uniform(20, 220, (len(MARKS), 2)))
    bodies = made(Points(), Feet(wild))
    assert bodies.find(grey().rgb, 0.0, CAMERA, BOTH, (), 40.0, 6) == ()


def test_a_glance_tells_that_feet_are_there() -> None:
    bodies = made(Points(), Feet(foot_at("R", 0.0)))
    bodies.glance(grey().rgb, 0.0)
    assert bodies.there == {"foot.R"}


def test_shoes_are_worn_on_feet_alone_and_that_is_said() -> None:
    shoe = ((-0.04, -0.2, 0.0), (0.04, 0.07, 0.08))
    pair = item("shoes", {"foot.L": [shoe], "foot.R": [shoe]})
    bodies = made(Points(), Feet(foot_at("L", 0.12), foot_at("R", -0.12)))
    make: Callable[[Any], Any] = lambda what: lambda: what  # noqa: E731
    settings = WearSettings(items=("one",), view_deg=VIEW_DEG, occlusion="static")
    with TryOn(lambda _: pair, make(Crowd()), make_bodies=make(bodies)) as tryon:
        shown = tryon.show(grey(), settings)
    assert shown.notes == (LONE_FEET,)
    assert [set(one.points) for one in shown.wearers] == [{"foot.L", "foot.R"}]
    left = shown.maps["one"][:, SIZE[0] // 2 :] > 128
    assert left.any()
    assert (shown.maps["one"][:, : SIZE[0] // 2] > 128).any()
