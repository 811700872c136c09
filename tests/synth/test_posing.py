"""Poses go where they are told: limbs point, feet stay, hinges bend as hinges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from studio.human.person import whole
from studio.human.rig import BONE_NAMES
from studio.synth.figure import Figure, carry, expression, make_figure, skin
from studio.synth.posing import INDEX, Arm, Stance, hinge_pair, leg_turns, upper_turns
from studio.synth.sample import FRAMES, RATE_HZ, sample_score
from studio.synth.take import Key, Score, Step, ankle_height, perform


def heads(figure: Figure, carried: np.ndarray) -> np.ndarray:
    return (carried @ figure.bones_world)[:, :3, 3]


def test_at_rest_nothing_moves(figure: Figure) -> None:
    turns = np.tile(np.eye(3), (len(BONE_NAMES), 1, 1))
    carried = carry(figure, figure.head("root"), turns)
    np.testing.assert_allclose(carried, np.tile(np.eye(4), (len(carried), 1, 1)), atol=1e-12)
    moved = skin(figure.vertices_m, figure.weights, carried)
    np.testing.assert_allclose(moved, figure.vertices_m, atol=1e-6)


def test_skinning_agrees_with_the_parametric_person(figure: Figure) -> None:
    """The same pose through Anny's own forward pass gives the same bones and skin."""
    stance = Stance(spine=(8, 15, -4), head=(5, 20, 0), left=Arm((0.6, -0.5, 0.3), (0, -0.5, 1)))
    turns = upper_turns(figure, stance)
    carried = carry(figure, np.zeros(3), turns)
    model = whole().model
    world = torch.as_tensor(carried @ figure.bones_world).float()[None]
    given_shape = {name: torch.tensor([value]) for name, value in figure.phenotype.items()}
    with torch.no_grad():
        out = model(world, phenotype_kwargs=given_shape, pose_parameterization="world")
    ours = skin(figure.vertices_m, figure.weights, carried)
    np.testing.assert_allclose(ours, out["vertices"][0].numpy(), atol=2e-4)


@pytest.mark.parametrize("side", ["L", "R"])
def test_arms_point_where_they_are_told(figure: Figure, side: str) -> None:
    arm = Arm(upper=(0.4, -0.8, 0.3), fore=(-0.2, -0.6, 0.9))
    carried = carry(figure, np.zeros(3), upper_turns(figure, Stance(left=arm, right=arm)))
    at = heads(figure, carried)
    mirror = [1 if side == "L" else -1, 1, 1]
    for start, end, wanted in (("upperarm01", "lowerarm01", arm.upper), ("lowerarm01", "wrist",
                                                                       arm.fore)):  # fmt: skip
        way = at[INDEX[f"{end}.{side}"]] - at[INDEX[f"{start}.{side}"]]
        goal = np.array(wanted) * mirror
        cosine = way @ goal / np.linalg.norm(way) / np.linalg.norm(goal)
        assert cosine > 1 - 1e-9


vectors = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array).filter(
    lambda v: np.linalg.norm(v) > 0.1
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(vectors, vectors)
def test_hinges_bend_about_the_axis_they_have_at_rest(a: np.ndarray, b: np.ndarray) -> None:
    cross = np.cross(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
    if np.linalg.norm(cross) < 0.02:
        return
    rest = np.array([0.5, -0.1, -0.8]), np.array([0.4, -0.6, -0.5])
    upper, lower = hinge_pair(rest, (a, b))
    for turn in (upper, lower):
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(turn) > 0
    bend = Rotation.from_matrix(upper.T @ lower).as_rotvec()
    axis = np.cross(*rest)
    if np.linalg.norm(bend) > 1e-6:
        assert np.linalg.norm(np.cross(bend, axis)) < 1e-6 * np.linalg.norm(axis)


def test_legs_reach_their_targets(figure: Figure) -> None:
    turns = np.tile(np.eye(3), (len(BONE_NAMES), 1, 1))
    root = np.array([0.0, 0.0, 0.85])
    for side, x in (("L", 0.2), ("R", -0.12)):
        target = np.array([x, 0.1 * x, 0.12])
        foot = Rotation.from_euler("z", 20 * np.sign(x), degrees=True).as_matrix()
        leg_turns(figure, side, target, foot, root, turns[0], turns)
        carried = carry(figure, root, turns)
        np.testing.assert_allclose(heads(figure, carried)[INDEX[f"foot.{side}"]], target, atol=1e-9)
        np.testing.assert_allclose(carried[INDEX[f"foot.{side}"], :3, :3], foot, atol=1e-9)
        knee = heads(figure, carried)[INDEX[f"lowerleg01.{side}"]]
        hip = heads(figure, carried)[INDEX[f"upperleg01.{side}"]]
        assert knee[1] < 0.5 * (hip[1] + target[1])  # knees bend forwards


def test_planted_feet_do_not_slide(figure: Figure) -> None:
    """Over the whole sample take, a foot that is not stepping moves by less than 2 mm."""
    times = np.arange(FRAMES) / RATE_HZ
    score = sample_score()
    poses = perform(figure, score, times)
    at = np.array(
        [heads(figure, carry(figure, poses.root_m[k], poses.turns[k])) for k in range(FRAMES)]
    )
    left, right = at[:, INDEX["foot.L"]], at[:, INDEX["foot.R"]]
    assert np.ptp(right, axis=0).max() < 2e-3
    before = times < score.steps[0].start_s
    assert np.ptp(left[before], axis=0).max() < 2e-3
    assert left[:, 2].max() > ankle_height(figure) + 0.05


def test_motion_is_smooth(figure: Figure) -> None:
    times = np.arange(FRAMES) / RATE_HZ
    poses = perform(figure, sample_score(), times)
    at = np.array(
        [heads(figure, carry(figure, poses.root_m[k], poses.turns[k])) for k in range(FRAMES)]
    )
    speed = np.linalg.norm(np.diff(at, axis=0), axis=-1) * RATE_HZ
    assert speed.max() < 8.0
    acceleration = np.abs(np.diff(at, 2, axis=0)).max() * RATE_HZ**2
    assert acceleration < 120


def test_steps_land_where_told(figure: Figure) -> None:
    low = Key(0, Stance(shift_m=(0.0, 0.0, -0.08)))
    score = Score((low, replace(low, time_s=1)), (Step("L", 0.2, 0.6, (0.15, -0.3), 30.0),))
    poses = perform(figure, score, np.array([0.0, 0.4, 0.8]))
    at = [heads(figure, carry(figure, poses.root_m[k], poses.turns[k]))[INDEX["foot.L"]]
          for k in range(3)]  # fmt: skip
    np.testing.assert_allclose(at[2][:2], [0.15, -0.3], atol=1e-6)
    assert at[1][2] > at[0][2] + 0.03


def test_a_blink_closes_the_lids(figure: Figure) -> None:
    moved = expression(figure, {"eyeBlinkLeft": 1.0}) - figure.vertices_m
    assert 0.003 < np.linalg.norm(moved, axis=1).max() < 0.03
    assert (moved[np.abs(moved).sum(1) > 1e-4].shape[0]) > 20
    np.testing.assert_array_equal(expression(figure, {}), figure.vertices_m)


def test_shapes_differ() -> None:
    tall, short = make_figure(height=0.9), make_figure(height=0.2)
    assert np.ptp(tall.vertices_m[:13380, 2]) > np.ptp(short.vertices_m[:13380, 2]) + 0.2


@pytest.mark.parametrize("side", ["L", "R"])
def test_fingers_curl_the_way_they_are_bent_at_rest(figure: Figure, side: str) -> None:
    """A little curl bends every finger joint further, not backwards."""

    def bends(curl: float) -> np.ndarray:
        arm = Arm(curl=(curl,) * 5)
        turns = upper_turns(figure, Stance(left=arm, right=arm))
        at = heads(figure, carry(figure, np.zeros(3), turns))
        out = []
        for finger in range(2, 6):
            a, b, c = (at[INDEX[f"{name}.{side}"]] for name in (
                "wrist", f"finger{finger}-1", f"finger{finger}-3"))  # fmt: skip
            first, second = b - a, c - b
            cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
            out.append(np.degrees(np.arccos(cosine)))
        return np.array(out)

    assert (bends(0.25) > bends(0.0) + 5).all()
