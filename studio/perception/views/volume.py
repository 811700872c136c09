"""What several views say about places in space, brought together, and a small 3D network on it."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

Aggregation = Literal["sum", "confidence", "softmax"]
AGGREGATIONS: tuple[Aggregation, ...] = ("sum", "confidence", "softmax")


def aggregation(name: str) -> Aggregation:
    """The way of that name, as a card tells it; softmax where it tells none."""
    known: dict[str, Aggregation] = {how: how for how in AGGREGATIONS}
    return known.get(name, "softmax")


def aggregated(values: torch.Tensor, weights: torch.Tensor, how: Aggregation) -> torch.Tensor:
    """Unprojected maps (batch, views, channels, n) of all views as one (batch, channels, n).

    ``weights`` (batch, views, n or 1) are 0 where a view does not count. ``sum`` takes the mean
    over those that do, ``confidence`` weighs them, and ``softmax`` takes, in each voxel and
    channel, those that say most (Iskakov et al. 2019).
    """
    if how == "sum":
        weights = (weights > 0).to(values.dtype)
    share = weights[:, :, None]
    if how == "softmax":
        tiny = torch.finfo(values.dtype).tiny
        share = (values + share.clamp_min(tiny).log()).softmax(1) * (share > 0)
    else:
        share = share / share.sum(1, keepdim=True).clamp_min(1e-6)
    return (values * share).sum(1)


def _conv3(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, 3, stride, 1, bias=False),
        nn.BatchNorm3d(channels_out),
        nn.ReLU(inplace=True),
    )


class Block3(nn.Module):
    """Two 3D convolutions beside a straight way."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv3(channels, channels)
        self.second = nn.Conv3d(channels, channels, 3, 1, 1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.second(self.first(x)))


class VoxelNetwork(nn.Module):
    """Voxels (batch, channels_in, n, n, n) to (batch, channels_out, n, n, n); n is a multiple of 4.

    An hourglass of three levels, as V2V (Moon et al. 2018), but narrow. The last layer begins at
    nothing: what it gives is added to what the views themselves say.
    """

    def __init__(self, channels_in: int, channels_out: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        a, b, c = widths
        self.first = nn.Sequential(_conv3(channels_in, a), Block3(a))
        self.down = nn.Sequential(_conv3(a, b, 2), Block3(b))
        self.bottom = nn.Sequential(_conv3(b, c, 2), Block3(c), Block3(c))
        self.narrow = nn.Conv3d(c, b, 1)
        self.up = Block3(b)
        self.narrower = nn.Conv3d(b, a, 1)
        self.last = nn.Sequential(_conv3(a, a), nn.Conv3d(a, channels_out, 1))
        final = self.last[1]
        assert isinstance(final, nn.Conv3d)
        nn.init.zeros_(final.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.first(x)
        middle = self.down(fine)
        coarse = self.narrow(self.bottom(middle))
        middle = self.up(middle + functional.interpolate(coarse, scale_factor=2.0))
        return self.last(fine + functional.interpolate(self.narrower(middle), scale_factor=2.0))
