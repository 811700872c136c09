"""The network that says which pixels of an item are seen.

A U-Net (Ronneberger et al. 2015) with residual blocks. Its first step folds 2 × 2 pixels into
channels and its last unfolds them (Shi et al. 2016), so that all its work is at half the size and
its map still has every pixel.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

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
FAINT = 0.02
"""What covers less of a pixel is no item."""
_WIDTHS = (24, 48, 72, 96)
_BLOCKS = (1, 1, 2)


class OccluderNetwork(nn.Module):
    """What :func:`assembled` gives (batch, 11, height, width) to logits (batch, 2, height, width):
    whether the item is seen, and how much of it where it begins to be hidden. 16 divides both
    sides."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(4 * CHANNELS, _WIDTHS[0])
        self.stages = nn.ModuleList(
            nn.Sequential(conv(before, width, stride=2), *(Block(width) for _ in range(count)))
            for (before, width), count in zip(pairwise(_WIDTHS), _BLOCKS, strict=True)
        )
        self.gate = Gate(_WIDTHS[-1])
        self.decoder = Decoder(_WIDTHS, _WIDTHS[:-1], finest=0)
        self.head = nn.Conv2d(_WIDTHS[0], 8, 3, 1, 1)

        self.whole = False

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        given = given - 0.5
        features = [self.stem(given if self.whole else functional.pixel_unshuffle(given, 2))]
        for stage in self.stages:
            features.append(stage(features[-1]))
        features[-1] = self.gate(features[-1])
        return functional.pixel_shuffle(self.head(self.decoder(features)), 2)


def swift(network: OccluderNetwork) -> OccluderNetwork:
    """The same network, whose norms were folded away (:func:`studio.perception.trunk.fused`), with
    its first step as one convolution over whole pixels: nothing is rearranged."""
    first = network.stem[0]
    assert not network.whole
    assert isinstance(first, nn.Conv2d)
    assert first.bias is not None
    out = first.out_channels
    whole = nn.Conv2d(CHANNELS, out, 6, 2, 2)
    taps = first.weight.data.view(out, CHANNELS, 2, 2, 3, 3).permute(0, 1, 4, 2, 5, 3)
    whole.weight.data = taps.reshape(out, CHANNELS, 6, 6).contiguous()
    whole.bias = first.bias
    network.stem[0] = whole.requires_grad_(False)
    network.whole = True
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
    return (depth_m / reach_m).clamp(-1, 1).nan_to_num(1.0) / 2 + 0.5


def mapped(logits: torch.Tensor) -> torch.Tensor:
    """The map (batch, height, width): 1 where the item is seen, 0 where something is before it.

    Where the network is in two minds, at edges, its second output says how much.
    """
    seen, edge = logits.float().sigmoid().unbind(1)
    doubt = 4 * seen * (1 - seen)
    return torch.lerp(seen, edge, doubt)
