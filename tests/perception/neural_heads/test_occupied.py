"""Rays are followed only where the surface was when it was looked up."""

from __future__ import annotations

import pytest
import torch

from studio.perception.neural_heads import volume
from studio.perception.neural_heads.network import Fields, HeadNetwork
from studio.perception.neural_heads.occupied import Occupied
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from tests.perception.neural_heads.test_neural_volume import ball


@pytest.fixture
def learned() -> tuple[HeadNetwork, Fields]:
    """A network of which balls are a little larger than their fits, with a sharp surface."""
    torch.manual_seed(0)
    network = HeadNetwork(2, rank=4)
    with torch.no_grad():
        network.sharp.fill_(0.5)
        bank = network.layer("surface4").bank
        assert bank is not None
        bank[:, -1] = -0.5
    return network, Fields.of([ball()])


def across(count: int = 60) -> volume.Rays:
    """Rays from ahead, from the middle of the box up to beside what hair reaches."""
    middle = torch.as_tensor((LOW_M + HIGH_M) / 2, dtype=torch.float32)
    begin = middle + torch.tensor([0.0, -0.6, 0.0]).repeat(count, 1)
    begin[:, 2] += torch.linspace(0, 0.2, count)
    return volume.Rays(begin[None], torch.tensor([0.0, 1.0, 0.0]).expand(1, count, 3))


def test_skipping_sees_what_is_seen_without(learned: tuple[HeadNetwork, Fields]) -> None:
    network, fields = learned
    own, rays = network.average_own(), across()
    occupied = Occupied.of(network, fields, own)
    seen, slopes = [], []
    for where in (None, occupied):
        one = volume.look(network, rays, fields, own, occupied=where)
        bank = network.layer("surface4").bank
        assert bank is not None
        slopes.append(torch.autograd.grad((one.cover * torch.linspace(-1, 1, 60)).sum(), bank)[0])
        seen.append([one.cover.detach()[0], one.colour.detach()[0], one.far_m.detach()[0]])
    (every, colours, far), (few, also, near) = seen
    assert float((every - few).abs().max()) < 0.06
    assert float((colours - also).abs().max()) < 0.06
    there = every > 0.9
    assert 20 < int(there.sum()) < 50
    torch.testing.assert_close(far[there], near[there], atol=2e-3, rtol=0)
    assert float(few[-8:].max()) == 0.0
    assert float(torch.cosine_similarity(*(one.flatten() for one in slopes), dim=0)) > 0.95


def test_empty_space_and_what_is_behind_the_surface_are_skipped(
    learned: tuple[HeadNetwork, Fields],
) -> None:
    network, fields = learned
    own, rays = network.average_own(), across()
    begin, end, met = Occupied.of(network, fields, own).stretch(rays)
    assert met[0, 0]
    assert not met[0, -1]
    # the surface is 0.485 m away: 0.6, less the ball's 0.1 and what was added to it
    assert 0.42 < float(begin[0, 0]) < 0.485 < float(end[0, 0]) < 0.56
    before = volume.stretch(rays, fields)
    assert float((end - begin)[met].mean()) < 0.6 * float((before[1] - before[0])[met].mean())
    assert int(met.sum()) < int(before[2].sum())


def test_nothing_is_seen_where_no_ray_meets_the_head(learned: tuple[HeadNetwork, Fields]) -> None:
    network, fields = learned
    own, rays = network.average_own(), across()
    beside = volume.Rays(rays.eye_m + torch.tensor([0.5, 0.0, 0.0]), rays.way)
    seen = volume.look(network, beside, fields, own, occupied=Occupied.of(network, fields, own))
    assert seen.cover.shape == (1, 60)
    assert float(seen.cover.detach().abs().max()) < 1e-4
