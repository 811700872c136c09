"""What was seen, shaped: mirrors, gains, limits, keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from studio.human.rig import ACTIONS
from studio.live.performance import Performance
from studio.live.performing.settings import Settings, actions_of
from studio.live.performing.shaping import MIRROR, mirrored, pressed, shaped, twin_bone
from studio.live.turning import head_turn, matrices

M = np.diag([-1.0, 1.0, 1.0])


def performance(seed: int) -> Performance:
    rng = np.random.default_rng(seed)
    turns = {
        bone: tuple(Rotation.random(rng=rng).as_quat(canonical=True).tolist())
        for bone in ("hips", "head", "leftUpperArm", "rightIndexProximal")
    }
    return Performance(
        1.5, rng.uniform(0, 1, 52), (20.0, -5.0, 7.0), (3.0, 4.0), turns, (0.1, 0.2, 0.3),
        1.0, (0.25, 0.75), 0.5,
    )  # fmt: skip


@given(st.integers(0, 2**32 - 1))
def test_a_mirror_twice_is_the_performance_itself(seed):
    one = performance(seed)
    twice = mirrored(mirrored(one))
    assert np.array_equal(twice.weights, one.weights)
    assert (twice.head_deg, twice.gaze_deg, twice.hips_m, twice.hands) == (
        one.head_deg, one.gaze_deg, one.hips_m, one.hands,
    )  # fmt: skip
    assert twice.turns == one.turns


def test_a_mirror_turns_bones_as_a_mirror_does():
    one = performance(3)
    seen, twin = matrices(one.turns), matrices(mirrored(one).turns)
    for bone, turn in seen.items():
        assert twin[twin_bone(bone)] == pytest.approx(M @ turn @ M)
    assert head_turn(*mirrored(one).head_deg) == pytest.approx(M @ head_turn(*one.head_deg) @ M)


def test_actions_of_a_side_swap_and_the_others_stay():
    for k, action in enumerate(ACTIONS):
        twin = ACTIONS[MIRROR[k]]
        swapped = action.endswith(("Left", "Right"))
        assert (twin != action) == swapped
        assert MIRROR[MIRROR[k]] == k
    assert ACTIONS[MIRROR[ACTIONS.index("jawLeft")]] == "jawRight"


def test_gains_and_limits_hold_for_both_sides():
    weights = np.full(52, 0.5)
    settings = Settings(
        gains={"mouthSmile": 3.0, "browInnerUp": 0.5}, limits={"jawOpen": (0.1, 0.3)}
    )
    out = shaped(weights, settings)
    at = {name: out[k] for k, name in enumerate(ACTIONS)}
    assert at["mouthSmileLeft"] == at["mouthSmileRight"] == 1.0
    assert at["browInnerUp"] == 0.25
    assert at["jawOpen"] == 0.3
    assert at["eyeBlinkLeft"] == 0.5
    assert shaped(np.zeros(52), settings)[ACTIONS.index("jawOpen")] == 0.1
    assert weights.tolist() == [0.5] * 52


@given(st.lists(st.floats(-5, 5), min_size=52, max_size=52))
def test_shaped_weights_are_always_weights(values):
    out = shaped(np.array(values), Settings(gains={"jawOpen": 4.0}))
    assert out.min() >= 0
    assert out.max() <= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"gains": {"grimace": 1.0}}, {"gains": {"jawOpen": -1.0}}, {"gains": {"jawOpen": 9.0}},
        {"limits": {"jawOpen": (0.6, 0.4)}}, {"limits": {"jawOpen": (0.0, 1.5)}},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_names_without_a_side_mean_both():
    assert [ACTIONS[k] for k in actions_of("eyeBlink")] == ["eyeBlinkLeft", "eyeBlinkRight"]
    assert [ACTIONS[k] for k in actions_of("jawOpen")] == ["jawOpen"]
    with pytest.raises(ValueError, match="no expression"):
        actions_of("Left")


def test_keys_lay_expressions_over_what_is_seen():
    one = performance(4)
    laid = pressed(one, {"mouthSmile": 1.0, "jawOpen": 0.0}, {"hips": (0.0, 0.0, 0.0, 1.0)})
    assert laid.weight("mouthSmileLeft") == 1.0
    assert laid.weight("jawOpen") == one.weight("jawOpen")
    assert laid.turns["hips"] == (0.0, 0.0, 0.0, 1.0)
    assert laid.turns["head"] == one.turns["head"]
    assert pressed(one, {}, {}) is one
