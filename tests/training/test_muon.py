"""Muon turns matrices by orthogonal steps, leaves the rest to AdamW, and can be resumed."""

import copy

import pytest
import torch
from torch import nn

from studio.training.muon import Muon, orthogonal


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 32), nn.SiLU(), nn.LayerNorm(32), nn.Linear(32, 3))


def made(network):
    optimiser = Muon(network, [network[-1]], 0.01)
    for group in optimiser.param_groups:
        group["lr"] = 0.01
    return optimiser


def step(network, optimiser, seed):
    dice = torch.Generator().manual_seed(seed)
    x = torch.randn(64, 12, generator=dice)
    loss = (network(x) - x[:, :3].sin()).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())


@pytest.mark.parametrize("shape", [(8, 20), (20, 8), (16, 16)])
def test_singular_values_become_about_one(shape):
    torch.manual_seed(1)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape) * 7).float())
    assert values.min() > 0.4
    assert values.max() < 1.3


def test_it_learns_and_moves_every_weight(network):
    before = [p.detach().clone() for p in network.parameters()]
    optimiser = made(network)
    losses = [step(network, optimiser, k) for k in range(60)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    assert all((a != b).any() for a, b in zip(before, network.parameters(), strict=True))


def test_outputs_and_norms_are_left_to_adam(network):
    optimiser = made(network)
    step(network, optimiser, 0)
    turned = [p for p in network.parameters() if "momentum" in optimiser.state[p]]
    assert [p.shape for p in turned] == [(32, 12)]
    assert all("exp_avg" in optimiser.state[p] for p in network[-1].parameters())


def test_convolutions_are_turned_as_matrices_but_not_those_that_see_the_picture():
    torch.manual_seed(2)
    eyes, inner, last = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 2, 1)
    network = nn.Sequential(eyes, nn.ReLU(), inner, nn.ReLU(), last)
    optimiser = made(network)
    before = inner.weight.detach().clone()
    network(torch.randn(2, 3, 9, 9)).square().mean().backward()
    optimiser.step()
    assert [p for p in network.parameters() if "momentum" in optimiser.state[p]] == [inner.weight]
    moved = (inner.weight - before * (1 - 0.01 * 0.01)).detach().flatten(1)
    values = torch.linalg.svdvals(moved) / (0.01 * 0.4 * 72**0.5)
    assert values.shape == (8,)
    assert values.min() > 0.4
    assert values.max() < 1.3


def test_a_resumed_run_goes_the_same_way(network):
    optimiser = made(network)
    for k in range(3):
        step(network, optimiser, k)
    twin = copy.deepcopy(network)
    other = made(twin)
    other.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    for k in range(3, 6):
        assert step(network, optimiser, k) == pytest.approx(step(twin, other, k), abs=1e-7)
