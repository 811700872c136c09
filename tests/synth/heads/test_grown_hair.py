"""The photographed surface around a head, moved to where a neural head has it."""

from __future__ import annotations

import numpy as np
import torch

from studio.perception.neural_heads.fitting import NeuralHead
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.synth.heads.grown import grown
from studio.synth.heads.shell import Shell
from tests.perception.neural_heads.test_neural_volume import ball


def _shell(radius_m: float) -> Shell:
    """A globe about the ball of the fit."""
    up, around = np.linspace(1.45, -1.0, 30), np.linspace(-np.pi, np.pi, 49)
    flat = np.stack([np.sin(around), -np.cos(around)], -1)
    ways = np.empty((30, 49, 3))
    ways[..., :2] = np.cos(up)[:, None, None] * flat
    ways[..., 2] = np.sin(up)[:, None]
    places = (LOW_M + HIGH_M) / 2 + radius_m * ways
    return Shell(places, np.full((64, 64, 4), 200, np.uint8), 0.9)


def test_hair_goes_to_the_neural_surface_and_keeps_its_colours() -> None:
    torch.manual_seed(0)
    network = HeadNetwork(2, rank=2)
    head = NeuralHead(network, network.average_own(), ball(), (), torch.zeros(0, 6))
    made = _shell(0.115)
    found = grown(made, head)
    away = np.linalg.norm(found.xyz_m - (LOW_M + HIGH_M) / 2, axis=-1)
    assert np.abs(away[2:-4] - 0.1).max() < 0.006
    np.testing.assert_array_equal(found.rgba, made.rgba)
    np.testing.assert_allclose(found.xyz_m[:, 0], found.xyz_m[:, -1], atol=1e-9)


def test_hair_that_is_far_from_any_surface_stays() -> None:
    network = HeadNetwork(2, rank=2)
    head = NeuralHead(network, network.average_own(), ball(), (), torch.zeros(0, 6))
    made = _shell(0.15)
    np.testing.assert_allclose(grown(made, head).xyz_m, made.xyz_m, atol=1e-9)
