"""Things in hands, seats and what stands in the way are where they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.core.parts import PartLabel
from studio.synth.actor import Posed
from studio.synth.factory.hands import hand
from studio.synth.factory.motions import MOTIONS, make_pose, motions_of
from studio.synth.factory.poses import Pose, look_at, turned, turns_of
from studio.synth.factory.props import THINGS, held, in_the_way, seat
from studio.synth.factory.streams import SPLITS
from studio.synth.figure import Figure, carry, skin
from studio.synth.posing import INDEX, Arm, Stance


def _posed(figure: Figure, pose: Pose, yaw_deg: float = 0.0) -> Posed:
    root, turns = turned(*turns_of(figure, pose), yaw_deg, (0.3, -0.2))
    carried = carry(figure, root, turns)
    vertices = skin(figure.vertices_m, figure.weights, carried)
    return Posed((), vertices, carried @ figure.bones_world)


@pytest.mark.parametrize("name", sorted(MOTIONS))
def test_feet_stand_on_the_floor(figure: Figure, name: str) -> None:
    """No foot sinks in or floats, but for who runs or jumps; knees and elbows stay in reach."""
    rng = np.random.default_rng(len(name))
    for _ in range(3):
        posed = _posed(figure, make_pose(name, rng, figure))
        body = posed.vertices_m[np.unique(figure.surface.faces["skin"])]
        low = body[:, 2].min()
        assert low > -0.035, name
        assert low < (0.4 if name in ("jump", "run") else 0.055), name
        assert np.isfinite(posed.vertices_m).all()
        assert posed.bones_world[INDEX["head"], 2, 3] < 2.4


@pytest.mark.parametrize("thing", sorted(THINGS))
@pytest.mark.parametrize("side", ["L", "R"])
def test_what_is_held_is_in_the_hand(figure: Figure, thing: str, side: str) -> None:
    arm = hand(Arm((0.4, -0.6, -0.5), (0.1, -0.9, 0.4), 60), thing)
    posed = _posed(figure, Pose("x", Stance(left=arm, right=arm)), 40.0)
    drawn = held(thing, side, posed, 2, np.random.default_rng(1))
    assert drawn.part == PartLabel.ITEMS
    assert drawn.instance == 2
    middle = drawn.mesh.vertices_m.mean(axis=0)
    wrist = posed.bones_world[INDEX[f"wrist.{side}"], :3, 3]
    tip = posed.bones_world[INDEX[f"finger3-3.{side}"], :3, 3]
    assert np.linalg.norm(middle - (wrist + tip) / 2) < 0.16
    other = posed.bones_world[INDEX[f"wrist.{'R' if side == 'L' else 'L'}"], :3, 3]
    assert np.linalg.norm(middle - wrist) < np.linalg.norm(middle - other)


def test_a_seat_touches_who_sits_and_the_floor(figure: Figure) -> None:
    rng = np.random.default_rng(2)
    for yaw in (0.0, 75.0, 190.0):
        pose = make_pose("sit_easy", rng, figure)
        posed = _posed(figure, pose, yaw)
        under = seat(posed, yaw, rng).mesh.vertices_m
        hips = posed.bones_world[[INDEX["upperleg01.L"], INDEX["upperleg01.R"]], :3, 3].mean(0)
        assert -0.01 < under[:, 2].min() < 0.08
        below = under[under[:, 2] < hips[2]]
        assert 0.03 < hips[2] - below[:, 2].max() < 0.22
        assert abs(under[:, :2].mean(axis=0) - hips[:2]).max() < 0.35


def test_what_is_in_the_way_is_between(figure: Figure) -> None:
    person, camera = np.array([0.3, 0.1, 1.0]), np.array([0.5, -3.2, 1.4])
    for k in range(8):
        thing = in_the_way(person, camera, np.random.default_rng(k))
        middle = thing.mesh.vertices_m.mean(axis=0)
        way = (camera - person) * [1, 1, 0]
        share = (middle - person) @ way / (way @ way)
        assert 0.05 < share < 0.7
        assert thing.instance == 0


def test_eyes_meet_what_they_look_at(figure: Figure) -> None:
    pose = Pose("x", Stance(head=(5, 10, 0)))
    root, turns = turns_of(figure, pose)
    target = root + np.array([0.25, -2.0, 0.75])
    look_at(figure, root, turns, target)
    carried = carry(figure, root, turns)
    eye = INDEX["eye.L"]
    at = carried[eye, :3, :3] @ figure.bones_world[eye, :3, 3] + carried[eye, :3, 3]
    ahead = carried[eye, :3, :3] @ np.array([0.0, -1.0, 0.0])
    way = (target - at) / np.linalg.norm(target - at)
    assert ahead @ way > np.cos(np.radians(2.0))
    turned_away = replace(pose, stance=Stance(head=(0, 150, 0)))
    root, turns = turns_of(figure, turned_away)
    look_at(figure, root, turns, target)
    assert (np.trace(turns[eye]) - 1) / 2 > np.cos(np.radians(35))  # no further than eyes turn


def test_some_motions_belong_to_one_split() -> None:
    sets = {split: set(motions_of(split)) for split in SPLITS}
    assert sets["test"] - sets["train"] - sets["validation"]
    assert sets["validation"] - sets["train"] - sets["test"]
    assert len(sets["train"]) > 15
