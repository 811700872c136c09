"""The convolutional trunk and decoder that our small picture networks share.

Plain residual 3 × 3 blocks: they are what processors with matrix tiles and graphics cards are
quickest at. Sources: He et al. 2016 (residual blocks); Lin et al. 2017 (feature pyramid); Hu et al.
2018 (gates from global means).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (16, 32, 64, 128, 144)
BLOCKS = (1, 2, 2, 2)


def conv(channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, norm and ReLU; the size is divided by the stride."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Two convolutions beside a straight way."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        )
        last = cast(nn.BatchNorm2d, self.second[1])
        nn.init.zeros_(last.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.second(self.first(x)))


class Gate(nn.Module):
    """Scales each channel by what the whole picture holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, channels // 4, 1)
        self.wide = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.wide(functional.relu(self.narrow(mean))))


class Trunk(nn.Module):
    """RGB (batch, 3, height, width) in 0..1 to features at 1/2, 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, widths: Sequence[int] = WIDTHS, blocks: Sequence[int] = BLOCKS) -> None:
        super().__init__()
        self.stem = conv(3, widths[0], stride=2)
        stages: list[nn.Module] = []
        for before, width, count in zip(widths[:-1], widths[1:], blocks, strict=True):
            stages.append(
                nn.Sequential(conv(before, width, stride=2), *(Block(width) for _ in range(count)))
            )
        self.stages = nn.ModuleList(stages)
        self.gate = Gate(widths[-1])

    def forward(self, rgb: torch.Tensor) -> list[torch.Tensor]:
        features = [self.stem(rgb - 0.5)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        features[-1] = self.gate(features[-1])
        return features


class Decoder(nn.Module):
    """Features of a trunk, coarse to fine, down to the level ``finest`` (0 is 1/2, 1 is 1/4)."""

    def __init__(self, widths: Sequence[int], outputs: Sequence[int], finest: int) -> None:
        """``outputs`` are the channels of each level from ``finest`` to the last but one."""
        super().__init__()
        levels = range(finest, len(widths) - 1)
        coarser = [*outputs[1:], widths[-1]]
        self.finest = finest
        self.lateral = nn.ModuleList(
            nn.Conv2d(widths[level], out, 1) for level, out in zip(levels, outputs, strict=True)
        )
        self.reduce = nn.ModuleList(
            nn.Conv2d(c, out, 1) for c, out in zip(coarser, outputs, strict=True)
        )
        self.smooth = nn.ModuleList(conv(out, out) for out in outputs)

    def forward(self, features: Sequence[torch.Tensor]) -> torch.Tensor:
        return self.levels(features)[-1]

    def levels(self, features: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The maps of every level, coarse to fine."""
        x, found = features[-1], list[torch.Tensor]()
        for index in range(len(self.lateral) - 1, -1, -1):
            x = functional.interpolate(self.reduce[index](x), scale_factor=2.0, mode="nearest")
            x = self.smooth[index](x + self.lateral[index](features[self.finest + index]))
            found.append(x)
        return found


def fused(network: nn.Module) -> nn.Module:
    """The same network for inference: every norm is folded into the convolution before it."""
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            parts = list(module)
            first, second = (*parts, None, None)[:2]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                module[0] = nn.utils.fuse_conv_bn_eval(first.eval(), second.eval())
                module[1] = nn.Identity()
    return network.eval()
