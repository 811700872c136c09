"""The network that says which pixels of an item are seen.

A U-Net (Ronneberger et al. 2015) with residual blocks. Its first step folds 2 × 2 pixels into
channels and its last unfolds them (Shi et al. 2016), so that all its work is at half the size and
its map still has every pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from studio.core.errors import StudioError
from studio.perception.trunk import Block, Decoder, Gate, conv

SIDE_PX = 256
"""The side of the square that the network looks at."""
DIVIDED_PX = 16
"""What divides the sides of what it is given."""
CHANNELS = 11
"""Picture 3, item 3 (alpha multiplied in), its alpha, its depth, the proxy's depth, the map before,
and how much farther away the item is than the proxy."""
REACH_M, CLOSE_M = 0.1, 0.02
"""Depths are told up to so far before and behind the anchor, and up to so far from each other."""
UNKNOWN = 0.5
"""What stands for a map before where there is none."""
MIDDLE = 0.5
"""What the network takes off all that it is given."""
FAINT = 0.02
"""What covers less of a pixel is no item."""
_WIDTHS = (32, 48, 96, 160)
_BLOCKS = (1, 1, 3)


class OccluderNetwork(nn.Module):
    """What :func:`assembled` gives (batch, 11, height, width) to logits (batch, 2, height, width):
    whether the item is seen, and how much of it where it begins to be hidden. 16 divides both
    sides."""

    stem: nn.Sequential
    stages: nn.ModuleList
    gate: Gate
    decoder: Decoder
    head: nn.Conv2d

    def __init__(self, widths: Sequence[int] = _WIDTHS, blocks: Sequence[int] = _BLOCKS) -> None:
        """``widths`` are the channels at 1/2, 1/4, 1/8 and 1/16, ``blocks`` how many there are from
        1/4 on."""
        super().__init__()
        self._build(widths, blocks)

    def _build(self, widths: Sequence[int], blocks: Sequence[int]) -> None:
        self.stem = conv(4 * CHANNELS, widths[0])
        self.stages = nn.ModuleList(
            nn.Sequential(conv(before, width, stride=2), *(Block(width) for _ in range(count)))
            for (before, width), count in zip(pairwise(widths), blocks, strict=True)
        )
        self.gate = Gate(widths[-1])
        self.decoder = Decoder(widths, widths[:-1], finest=0)
        self.head = nn.Conv2d(widths[0], 8, 3, 1, 1)

    def sized(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take the sizes of these weights; what is none of this network's changes nothing."""
        first = [f"stages.{k}.0.0.weight" for k in range(len(_BLOCKS))]
        names = ["stem.0.weight", *first]
        if any(name not in state or not len(state[name]) for name in names):
            return
        blocks = [
            sum(name.startswith(f"stages.{k}.") and name.endswith(".second.0.weight")
                for name in state)
            for k in range(len(_BLOCKS))
        ]  # fmt: skip
        self._build([len(state[name]) for name in names], blocks)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        features = [self.stem(functional.pixel_unshuffle(given - MIDDLE, 2))]
        for stage in self.stages:
            features.append(stage(features[-1]))
        features[-1] = self.gate(features[-1])
        return functional.pixel_shuffle(self.head(self.decoder(features)), 2)


def grown(small: OccluderNetwork) -> OccluderNetwork:
    """A network of the usual size that says what a smaller one says (Chen et al. 2016, "Net2Net"):
    its further channels are looked at by none that were there, and its further blocks add nothing
    until it learns. Raises StudioError if the other is larger."""
    network, old = OccluderNetwork(), small.state_dict()
    state = network.state_dict()
    for name, value in old.items():
        if name not in state or any(
            a > b for a, b in zip(value.shape, state[name].shape, strict=True)
        ):
            raise StudioError("These weights are those of a larger network than is learned.")
        own = state[name]
        if value.ndim > 1:
            own[: len(value), value.shape[1] :] = 0
        own[tuple(slice(0, side) for side in value.shape)] = value
    return network


def assembled(
    rgb: torch.Tensor,
    item: torch.Tensor,
    item_m: torch.Tensor,
    proxy_m: torch.Tensor,
    before: torch.Tensor,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """What the network is given (batch, 11, height, width), all about 0..1; written into ``out``
    where there is one.

    ``rgb`` (batch, 3, height, width) and ``item`` (batch, 4, height, width; alpha not multiplied
    in) are 0..1; ``item_m`` and ``proxy_m`` (batch, height, width) are depths less the anchor's,
    metres, infinite where there is nothing; ``before`` (batch, height, width) is the map before,
    0..1, which counts where the item is.
    """
    if out is None:
        size = len(rgb), CHANNELS, *rgb.shape[2:]
        out = torch.empty(size, device=rgb.device, memory_format=torch.channels_last)
    alpha = item[:, 3:]
    out[:, :3] = rgb
    out[:, 3:6] = item[:, :3] * alpha
    out[:, 6:7] = alpha
    out[:, 7] = _share(item_m, REACH_M)
    out[:, 8] = _share(proxy_m, REACH_M)
    out[:, 9] = torch.where(alpha[:, 0] > FAINT, before, UNKNOWN)
    out[:, 10] = _share(torch.where(item_m.isfinite(), item_m - proxy_m, 0.0), CLOSE_M)
    return out


def _share(depth_m: torch.Tensor, reach_m: float) -> torch.Tensor:
    """Depths within reach as 0..1; what is nowhere is far."""
    far = torch.ones((), device=depth_m.device)
    return torch.fmin(depth_m / reach_m, far).clamp_min(-1) / 2 + 0.5


def mapped(logits: torch.Tensor) -> torch.Tensor:
    """The map (batch, height, width): 1 where the item is seen, 0 where something is before it."""
    return decided(*logits.float().sigmoid().unbind(1))


def decided(seen: torch.Tensor, edge: torch.Tensor) -> torch.Tensor:
    """The map of both outputs, as shares: where the network is in two minds, at edges, its second
    output says how much is seen."""
    return torch.lerp(seen, edge, 4 * seen * (1 - seen))
