"""The network that marks two feet in a square picture."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from studio.human.feet import MARKS
from studio.perception.trunk import WIDTHS, Decoder, Trunk

SIDE_PX, STRIDE_PX = 128, 4
SIDES = ("L", "R")
POINTS = len(SIDES) * len(MARKS)
"""Those of the left foot, then those of the right one."""
SHARP = 3.0
"""How much sharper maps are taken than the last layer gives them: their means are then drawn less
to the middle of the picture."""
_MIRROR = (*range(len(MARKS), POINTS), *range(len(MARKS)))


class FeetNetwork(nn.Module):
    """RGB (batch, 3, 128, 128) in 0..1 to heatmap logits and maps of depth (each batch, 18, 32,
    32), and the logit of each point lying in the picture, on a foot that is seen (batch, 18).

    The softmax of a heatmap over its cells is where the point may be; its mean is the point (Sun et
    al. 2018, integral regression), and the mean of the depths over it how far the point lies behind
    its foot's middle, in feet's lengths.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.decoder = Decoder(WIDTHS, (64, 80, 96), finest=1)
        self.maps = nn.Conv2d(64, 2 * POINTS, 1)
        self.there = nn.Linear(WIDTHS[-1] + POINTS, POINTS)

    def outputs(self) -> list[nn.Module]:
        """The last layers."""
        return [self.maps, self.there]

    def forward(self, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        features = self.trunk(rgb)
        maps, deep = self.maps(self.decoder(features)).chunk(2, 1)
        peaks = maps.detach().amax((2, 3)) * 0.1
        there = self.there(torch.cat([features[-1].mean((2, 3)), peaks], 1))
        return maps, deep, there


class Marks(NamedTuple):
    """What is marked: ``xy`` (batch, 18, 2) in cells, ``deep`` (batch, 18) in feet's lengths,
    ``sure`` (batch, 18) how surely each point is there, ``spread`` (batch, 18) how far about it it
    may lie, in cells."""

    xy: torch.Tensor
    deep: torch.Tensor
    sure: torch.Tensor
    spread: torch.Tensor


def read(maps: torch.Tensor, deep: torch.Tensor, there: torch.Tensor) -> Marks:
    """What the network's answer marks. Cell centres lie at integers."""
    share = (maps.float() * SHARP).flatten(2).softmax(2).view(maps.shape)
    sides = share.sum(2), share.sum(3)
    xy, squares = (
        torch.stack([(s * torch.arange(s.shape[2], device=s.device) ** n).sum(2) for s in sides], 2)
        for n in (1, 2)
    )
    behind = (share * deep.float()).sum((2, 3))
    spread = (squares - xy.square()).clamp_min(0).sum(2).sqrt()
    return Marks(xy, behind, torch.sigmoid(there.float()), spread)


def marks(network: nn.Module, rgb: torch.Tensor) -> Marks:
    """What a network marks in pictures (batch, 3, 128, 128), looked at as they are and in the
    mirror."""
    both = torch.cat([rgb, rgb.flip(-1)]).contiguous(memory_format=torch.channels_last)
    order = torch.tensor(_MIRROR, device=rgb.device)
    maps, deep, there = (value.float().chunk(2) for value in network(both))
    return read(
        (maps[0] + maps[1].flip(-1)[:, order]) / 2, (deep[0] + deep[1].flip(-1)[:, order]) / 2,
        (there[0] + there[1][:, order]) / 2,
    )  # fmt: skip
