"""Poses and motions by chance: on the floor, in balance, not through themselves, smooth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.human.design import Design
from studio.synth.factory.factory import Factory
from studio.synth.factory.recipe import find_recipe
from studio.synth.factory.scene import SAMPLED
from studio.synth.figure import carry
from studio.synth.poses import pose
from studio.synth.posing import INDEX
from studio.synth.prior.motion import sample_motion, slide_mm_s
from studio.synth.prior.sampled import decoded, latent, posed_by_chance, sample, turns_of_pose
from studio.synth.prior.standing import balance, soles, stand
from studio.synth.prior.touch import depth
from studio.synth.take import ankle_height


def test_sampled_poses_stand_in_balance(figure) -> None:
    for seed in range(4):
        stood = sample(figure, np.random.default_rng(seed))
        carried = carry(figure, stood.root_m, stood.turns)
        under = soles(figure).carried(carried)
        low = [float(points[:, 2].min()) for points in under]
        assert any(stood.planted)
        floor = ankle_height(figure) - ankle_height(figure, 0.0)  # as thick as shoes are
        for height, stands in zip(low, stood.planted, strict=True):
            assert abs(height - floor) < 0.015 if stands else height > floor - 0.01
        assert balance(figure, carried, stood.planted)[0] <= 0
        assert depth(figure, carried) < 0.013


def test_poses_by_chance_come_again_and_differ() -> None:
    one = posed_by_chance(Design(), 5)
    assert one == posed_by_chance(Design(), 5)
    assert one.pose != posed_by_chance(Design(), 6).pose


def test_variety_is_how_far_poses_are_from_each_other() -> None:
    rng = np.random.default_rng(1)
    calm, wild = (np.ptp(decoded(latent(rng, 40, v)), axis=0).mean() for v in (0.3, 1.2))
    assert calm < 0.5 * wild


def test_a_hand_inside_the_body_is_noticed(figure) -> None:
    apart = turns_of_pose(pose("T-pose"))
    assert depth(figure, carry(figure, np.zeros(3), apart)) < 0.005
    found = []
    for towards in (-0.5, 0.5):  # one way is away from the body, the other into it
        arm = turns_of_pose(pose("Relaxed"))
        arm[INDEX["upperarm01.L"]] = (
            turns_of_pose({"root": (0.0, towards, 0.0)})[0] @ arm[INDEX["upperarm01.L"]]
        )
        found.append(depth(figure, carry(figure, np.zeros(3), arm)))
    assert min(found) < 0.005
    assert max(found) > 0.03


def test_the_factory_mixes_sampled_poses_in_but_never_into_tests() -> None:
    recipe = replace(find_recipe("whole_body"), sampled=1.0, people=(1.0, 0.0, 0.0), cast=1)
    with Factory(recipe, "train", 3) as factory:
        one = factory.acted(0).people[0]
        assert one.motion == SAMPLED
        assert one.posed.vertices_m[:13380, 2].min() > -0.01
    plain = replace(recipe, sampled=0.0)
    with Factory(recipe, "test", 3) as mixed, Factory(plain, "test", 3) as authored:
        here, there = mixed.acted(0).people[0], authored.acted(0).people[0]
        assert here.motion == there.motion != SAMPLED
        np.testing.assert_array_equal(here.posed.vertices_m, there.posed.vertices_m)


def test_who_would_fall_is_told(figure) -> None:
    upright, leaning = turns_of_pose(pose("Relaxed")), turns_of_pose(pose("Relaxed"))
    assert stand(figure, upright).off_balance_m < 0
    leaning[0] = turns_of_pose({"root": (0.8, 0.0, 0.0)})[0] @ leaning[0]
    assert stand(figure, leaning).off_balance_m > 0.02


def test_a_sampled_motion_is_smooth_and_its_feet_hold(figure) -> None:
    poses = sample_motion(figure, np.random.default_rng(2), 3.0)
    assert len(poses) == 90
    turned = np.linalg.norm(np.diff(poses.turns.reshape(len(poses), -1), axis=0), axis=-1)
    assert turned.max() > 0.01  # it moves
    steps = np.linalg.norm(np.diff(poses.turns, axis=0), axis=(-2, -1)) / np.sqrt(2)
    assert np.degrees(steps.max()) < 14  # a bone, from one frame to the next
    assert np.linalg.norm(np.diff(poses.root_m, axis=0), axis=-1).max() < 0.05
    assert slide_mm_s(figure, poses) < 60
