"""Joints judged together: what the network is told is geometry, however the world is turned."""

from __future__ import annotations

import math

import pytest
import torch

from studio.perception.views.geometry import information, linear, metric, projected
from studio.perception.views.refiner import (
    ALONG,
    FEATURES,
    SIDEWAYS,
    First,
    Refiner,
    axes_of,
    features_of,
    mirrored,
)
from studio.perception.views.seen import JOINTS, MIRROR

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 5, 6, 11, 12


def rig(turn: float = 0.0, views: int = 4) -> torch.Tensor:
    """Projections (1, views, 3, 4) of level cameras 3 m around the origin."""
    rows = []
    for view in range(views):
        a = 2 * math.pi * view / views + 0.3 + turn
        ahead = torch.tensor([-math.cos(a), -math.sin(a), 0.0])
        right = torch.tensor([ahead[1], -ahead[0], 0.0])
        axes = torch.stack([right, torch.tensor([0.0, 0.0, -1.0]), ahead])
        inner = torch.tensor([[200.0, 0, 47.5], [0, 200.0, 63.5], [0, 0, 1]])
        rows.append(inner @ torch.cat([axes, -(axes @ (-3 * ahead))[:, None]], 1))
    return torch.stack(rows)[None]


def turned(xyz: torch.Tensor, angle: float) -> torch.Tensor:
    cos, sin = math.cos(angle), math.sin(angle)
    return xyz @ torch.tensor([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])


def first_of(xyz: torch.Tensor, turn: float = 0.0, seed: int = 0) -> First:
    """A solution of the body ``xyz``, in a world that is turned about the vertical."""
    dice = torch.Generator().manual_seed(seed)
    projections = rig(turn)
    off = 2 * torch.randn(1, 4, JOINTS, 2, generator=dice)
    sigma = 1 + 4 * torch.rand(1, 4, JOINTS, generator=dice)
    shift, coarse = (0.02 * torch.randn(1, JOINTS, 3, generator=dice) for _ in range(2))
    at, _ = projected(projections, turned(xyz, turn))
    return First(turned(xyz, turn), turned(xyz + coarse, turn), turned(xyz + shift, turn),
                 torch.full((1, JOINTS, 3), 0.08), at + off, sigma, projections,
                 torch.tensor([[True, True, True, False]]))  # fmt: skip


def body(seed: int = 1) -> torch.Tensor:
    xyz = 0.5 * torch.randn(1, JOINTS, 3, generator=torch.Generator().manual_seed(seed))
    for left, right in ((LEFT_SHOULDER, RIGHT_SHOULDER), (LEFT_HIP, RIGHT_HIP)):
        xyz[:, left, 0] = xyz[:, right, 0] + 0.4
    return xyz


def lively() -> Refiner:
    torch.manual_seed(3)
    network = Refiner().eval()
    torch.nn.init.normal_(network.last.weight, std=0.3)
    return network


def test_it_begins_with_the_first_solution() -> None:
    first = first_of(body())
    assert torch.equal(Refiner()(first), first.fine_m)


def test_a_world_that_is_turned_has_its_joints_turned() -> None:
    network = lively()
    still = network(first_of(body()))
    assert (still - body()).norm(dim=-1).mean() > 0.01
    for angle in (0.7, 2.0, -2.5):
        found = network(first_of(body(), angle))
        assert (found - turned(still, angle)).abs().max() < 1e-4


def test_what_is_told_of_a_mirrored_body_is_mirrored() -> None:
    first = first_of(body())
    flip = torch.tensor([-1.0, 1.0, 1.0])
    order = list(MIRROR)
    rows = metric(first.projections) * torch.tensor([-1.0, 1.0, 1.0, 1.0])
    fine, coarse, points = (
        value[:, order] * flip for value in (first.fine_m, first.coarse_m, first.points_m)
    )
    other = First(fine, coarse, points, first.spread_m, first.xy_px[:, :, order],
                  first.sigma_px[:, :, order], rows, first.there)  # fmt: skip
    told = [features_of(one, axes_of(one.fine_m)) for one in (first, other)]
    assert told[0].shape == (1, JOINTS, FEATURES)
    moves = torch.rand(1, JOINTS, 3)
    assert (mirrored(told[0], SIDEWAYS) - told[1]).abs().max() < 1e-4
    assert torch.equal(mirrored(moves, ALONG)[:, order] * flip, moves)


def test_how_well_views_hold_a_joint_is_what_its_pixels_do_to_it() -> None:
    projections, points = rig().double(), body().double()[:, :2]
    sigma = torch.tensor([1.0, 2.0, 4.0, 1.5]).double()[None, :, None].expand(1, 4, 2)
    at, depth = projected(projections, points)

    def found(xy: torch.Tensor) -> torch.Tensor:
        return linear(projections, xy, 1 / (sigma * depth))[0, 0]

    slopes = torch.func.jacrev(found)(at)[:, 0, :, 0]  # axes, views, pixels
    variance = sigma[0, :, 0].square()
    expected = torch.einsum("ivk,jvk,v->ij", slopes, slopes, variance)
    told = torch.linalg.inv(information(projections, points, 1 / sigma))[0, 0]
    assert (told - expected).abs().max() < 0.01 * expected.diagonal().max()


@pytest.mark.parametrize("views", [0, 1])
def test_one_view_alone_or_none_is_left_as_it_was(views: int) -> None:
    first = first_of(body())
    first.there = (torch.arange(4) < views)[None]
    assert torch.equal(lively()(first), first.fine_m)
