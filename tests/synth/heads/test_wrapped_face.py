"""The template's face, wrapped to what a neural head has learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.human.design import Design
from studio.human.heads import model
from studio.human.heads.carving import IRISES, skin_offsets
from studio.perception.neural_heads.fitting import NeuralHead
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.synth.heads.seen import SeenHead
from studio.synth.heads.wrapped import MOST_M, wrapped, wrapping
from tests.perception.neural_heads.test_neural_volume import ball

_MIDDLE = (LOW_M + HIGH_M) / 2


def _larger(by_m: float) -> NeuralHead:
    """A head that has learned to be so much larger than its fit, a ball."""
    network = HeadNetwork(2, rank=2)
    with torch.no_grad():
        bank = network.layer("surface4").bank
        assert bank is not None
        bank[0, -1] = -by_m / 0.1 / 0.3
    network.requires_grad_(False)
    return NeuralHead(network, network.average_own(), ball(), (), torch.zeros(0, 6))


def _marks() -> np.ndarray:
    ways = model.points_of(model.usual()) - model.points_of(model.usual()).mean(0) - (0, 0.04, 0)
    return _MIDDLE + 0.1 * ways / np.linalg.norm(ways, axis=1, keepdims=True)


@pytest.mark.parametrize(("by_m", "wanted_m"), [(0.0, 0.0), (0.003, 0.003), (0.02, MOST_M)])
def test_the_face_goes_to_the_learned_surface_and_not_too_far(by_m: float, wanted_m: float) -> None:
    marks = _marks()
    moved = wrapping(_larger(by_m), marks)
    held = np.setdiff1d(np.arange(478), [k for iris in IRISES for k in range(iris, iris + 5)])
    along = np.einsum("ij,ij->i", moved, (marks - _MIDDLE) / 0.1)[held]
    assert abs(along.mean() - wanted_m) < 0.2 * wanted_m + 8e-4  # the ball's grid is coarse
    assert np.linalg.norm(moved[IRISES[0]]) == 0.0


def test_what_was_carved_before_stays_and_the_skin_follows() -> None:
    seen = SeenHead(Design(carved={152: (0.0, 0.0, -0.002)}), (), 0.063)
    moved = np.zeros((478, 3))
    moved[[152, 4], 1] = -0.003
    carved = wrapped(seen, moved).design.carved
    assert carved == {152: (0.0, -0.003, -0.002), 4: (0.0, -0.003, 0.0)}
    ids, means = model.marks()
    at = means @ skin_offsets(carved)[ids]
    assert at[4, 1] < -0.002
    assert at[152, 2] < -0.001
