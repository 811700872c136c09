"""Lost faces: held, relaxed, taken up again, and alive meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from studio.human.rig import ACTIONS
from studio.live.performing.face import REST, Calm, blinked, mixed
from studio.live.performing.idling import Idling, breath
from studio.live.performing.presence import FADE_S, Presence
from studio.perception.faces.solver import SolvedFace

SMILE = SolvedFace(np.full(len(ACTIONS), 0.8), (20.0, 10.0, -4.0), (5.0, -3.0))
STEP_S = 1 / 30


def shown(plan: list[SolvedFace | None], hold_s: float = 0.5) -> list[float]:
    """The first weight over time."""
    presence = Presence(mixed)
    return [
        float(presence(k * STEP_S, seen, REST, hold_s).weights[0]) for k, seen in enumerate(plan)
    ]


def test_a_lost_face_holds_then_relaxes_without_a_jump():
    plan = [SMILE] * 30 + [None] * 90
    values = np.array(shown(plan))
    assert values[:30] == pytest.approx(0.8)
    assert values[30:44] == pytest.approx(0.8)  # held for half a second
    assert values[-1] == 0.0
    steps = np.diff(values)
    assert (steps <= 1e-12).all()  # only ever towards rest
    assert np.abs(steps).max() < 0.8 * 2.5 * STEP_S / FADE_S


def test_a_face_that_comes_back_is_taken_up_quickly_and_smoothly():
    values = np.array(shown([SMILE] + [None] * 90 + [SMILE] * 12))
    back = values[91:]
    assert back[0] < 0.1
    assert back[7] == pytest.approx(0.8)
    assert (np.diff(back) >= -1e-12).all()
    assert np.diff(back).max() < 0.25


def test_nobody_at_first_is_at_rest():
    assert shown([None] * 5) == [0.0] * 5


def test_after_a_stall_nothing_leaps():
    presence = Presence(mixed)
    presence(0.0, SMILE, REST, 0.0)
    held = presence(60.0, None, REST, 0.0).weights[0]
    assert held > 0.5 * 0.8


def test_it_blinks_every_few_seconds_and_each_blink_is_whole():
    idling = Idling(seed=4)
    lids = np.array([idling.lids(k / 60) for k in range(60 * 60)])
    shut = (lids[1:] > 0) & (lids[:-1] == 0)
    assert 60 / 6.5 < shut.sum() < 60 / 1.9
    assert lids.max() > 0.95
    assert lids.min() == 0.0
    assert np.abs(np.diff(lids)).max() < 0.5


def test_a_blink_shuts_lids_and_nothing_else():
    face = blinked(SMILE, 1.0)
    changed = np.flatnonzero(face.weights != SMILE.weights)
    assert {ACTIONS[k] for k in changed} == {"eyeBlinkLeft", "eyeBlinkRight"}
    assert blinked(SMILE, 0.1).weights == pytest.approx(SMILE.weights)


def test_breath_moves_the_chest_and_leaves_the_head_level():
    for time_s in np.linspace(0, 8, 50):
        turns = breath(float(time_s))
        assert turns["upperChest"] @ turns["neck"] == pytest.approx(np.eye(3))
    assert np.abs(breath(2.0)["upperChest"] - np.eye(3)).max() > 0.01


def test_calm_lags_as_far_as_it_says_and_stills_noise():
    """A slow ramp lags by the time constant; less once it is quick."""
    slow = 0.02  # of a weight a second
    calm = Calm()
    for k in range(200):
        weights = np.full(52, slow * k * STEP_S)
        out = calm(k * STEP_S, SolvedFace(weights, (0.0, 0.0, 0.0), (0.0, 0.0)), 60.0)
    lag_s = (weights[0] - out.weights[0]) / slow
    assert 0.03 < lag_s < 0.065
    rng = np.random.default_rng(0)
    calm, left = Calm(), []
    noise = rng.normal(0.5, 0.01, (300, 52))
    for k, weights in enumerate(noise):
        left.append(calm(k * STEP_S, SolvedFace(weights, (0.0, 0.0, 0.0), (0.0, 0.0)), 100.0))
    stilled = np.std([one.weights for one in left[50:]], axis=0).mean()
    assert stilled < 0.7 * noise.std()
    assert calm(99.0, SMILE, 0.0) is SMILE
