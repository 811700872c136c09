"""Hands in pictures: they do not sink into clothes, and cameras do not stand in them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.synth.actor import Actor, Choice
from studio.synth.factory.clearance import posed_clear, sunk
from studio.synth.factory.framing import film
from studio.synth.factory.poses import Pose, turns_of
from studio.synth.figure import make_figure
from studio.synth.posing import Arm, Stance

FREE_M = (4.0, 4.0)


@pytest.fixture(scope="module")
def actor() -> Actor:
    worn = ("man_fair", "tshirt", "joggers")
    return Actor(make_figure(gender=0.1), [Choice(name) for name in worn])


def acted(actor: Actor, arm: Arm) -> tuple[np.ndarray, np.ndarray]:
    return turns_of(actor.figure, Pose("test", Stance(left=arm, right=arm)))


def test_hands_come_out_of_the_thighs(actor: Actor) -> None:
    root, turns = acted(actor, Arm((0.05, 0.0, -1.0), (-0.06, -0.05, -1.0)))
    before = actor.posed(root, turns)
    deep = [sunk(actor, before, side) for side in ("left", "right")]
    assert min(np.linalg.norm(push) for push in deep) > 0.005
    assert deep[0][0] > 0 > deep[1][0], "outwards"
    after = posed_clear(actor, root, turns, {})
    assert not any(np.any(sunk(actor, after, side)) for side in ("left", "right"))
    np.testing.assert_allclose(actor.posed(root, turns).vertices_m, after.vertices_m)


def test_hands_that_are_free_stay(actor: Actor) -> None:
    root, turns = acted(actor, Arm((0.9, -0.3, -0.2), (0.8, -0.5, 0.3)))
    kept = turns.copy()
    posed_clear(actor, root, turns, {})
    np.testing.assert_array_equal(turns, kept)


@pytest.mark.parametrize("up", [0.2, 1.0])
def test_close_ups_are_taken_from_free_space(actor: Actor, up: float) -> None:
    """A hand held up high is not filmed from under the ceiling, a few centimetres away."""
    root, turns = acted(actor, Arm((0.4, -0.3, up), (0.2, -0.3, 1.0)))
    posed = actor.posed(root, turns)
    for seed in range(12):
        camera = film("hand", posed, 0.0, (96, 96), FREE_M, np.random.default_rng(seed))
        assert np.linalg.norm(posed.vertices_m[:13380] - camera.centre_m, axis=1).min() > 0.2
        assert (np.abs(camera.centre_m[:2]) < FREE_M).all()
        assert 0.1 < camera.centre_m[2] < 2.45
