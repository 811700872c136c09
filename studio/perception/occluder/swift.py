"""The occluder's network as it is used: the same sums in fewer steps.

Norms are folded into the convolutions before them, the first step is one convolution over whole
pixels, and where oneDNN is at hand a convolution adds what is added to it and cuts off what is
negative itself, its weights laid out once.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional

from studio.perception.occluder.network import CHANNELS, SIDE_PX, OccluderNetwork, decided
from studio.perception.own import placed
from studio.perception.trunk import Block, fused

_ONCE = "_convolution_pointwise", "_reorder_convolution_weight"


class SwiftOccluder(nn.Module):
    """The map (height, width; float32) of what :class:`OccluderNetwork` is given (1, 11, height,
    width), less :data:`MIDDLE`. It learns nothing."""

    def __init__(self, network: OccluderNetwork, device: str, dtype: torch.dtype) -> None:
        super().__init__()
        like = cast(OccluderNetwork, fused(deepcopy(network)))
        like.stem[0] = _whole(cast(nn.Conv2d, like.stem[0]))
        like = cast(OccluderNetwork, placed(like.requires_grad_(False), device, dtype))
        self._stem = _Step(cast(nn.Conv2d, like.stem[0]), ends=True)
        self._stages = nn.ModuleList(
            nn.ModuleList([_Step(stage[0][0], ends=True), *(_Steps(each) for each in stage[1:])])
            for stage in cast(Any, like.stages)
        )
        self._gate = like.gate
        self._reduce, self._lateral = (
            nn.ModuleList(_Step(cast(nn.Conv2d, each), ends=False) for each in which)
            for which in (like.decoder.reduce, like.decoder.lateral)
        )
        self._smooth = nn.ModuleList(
            _Step(each[0], ends=True) for each in cast(Any, like.decoder.smooth)
        )
        self._head = _Step(like.head, ends=False)
        whole = torch.zeros(1, SIDE_PX, SIDE_PX, CHANNELS, dtype=dtype, device=device)
        with torch.inference_mode():
            self(whole.permute(0, 3, 1, 2))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        features = [self._stem(given)]
        for stage in self._stages:
            x = features[-1]
            for step in cast(nn.ModuleList, stage):
                x = step(x)
            features.append(x)
        x = self._gate(features[-1])
        for level in range(len(self._lateral) - 1, -1, -1):
            x = functional.interpolate(self._reduce[level](x), scale_factor=2.0, mode="nearest")
            x = self._smooth[level](self._lateral[level](features[level], x))
        # Two outputs of 2 x 2 pixels each, and rows of pixels last.
        shares = self._head(x)[0].permute(1, 2, 0).float().sigmoid()
        height, width = shares.shape[:2]
        found = decided(shares[..., :4], shares[..., 4:]).view(height, width, 2, 2)
        return found.transpose(1, 2).reshape(2 * height, 2 * width)


class _Step(nn.Module):
    """A convolution, what is added to it, and, if it ``ends`` so, a ReLU."""

    def __init__(self, conv: nn.Conv2d, *, ends: bool) -> None:
        super().__init__()
        self._conv, self._ends = conv, ends
        self._how = list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups
        here = conv.weight.device.type == "cpu" and torch.backends.mkldnn.is_available()
        self._once = here and all(hasattr(torch.ops.mkldnn, name) for name in _ONCE)
        self._laid: torch.Tensor | None = None

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        if not self._once:
            x = self._conv(x) if other is None else self._conv(x) + other
            return functional.relu_(x) if self._ends else x
        if self._laid is None:  # as suits the first size that comes
            self._laid = torch.ops.mkldnn._reorder_convolution_weight(
                self._conv.weight.data, *self._how, list(x.shape)
            )
        by, end = torch.ops.mkldnn._convolution_pointwise, "relu" if self._ends else None
        bias = self._conv.bias
        if other is None:
            return by(x, self._laid, bias, *self._how, end or "none", [], "")
        return by.binary(x, other, self._laid, bias, *self._how, "add", 1.0, end, [], "")


class _Steps(nn.Module):
    """A residual block."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        first, second = cast(nn.Conv2d, block.first[0]), cast(nn.Conv2d, block.second[0])
        self._first, self._second = _Step(first, ends=True), _Step(second, ends=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._second(self._first(x), x)


def _whole(first: nn.Conv2d) -> nn.Conv2d:
    """A convolution over 2 × 2 pixels folded into channels as one over whole pixels."""
    out = first.out_channels
    whole = nn.Conv2d(CHANNELS, out, 6, 2, 2)
    taps = first.weight.data.view(out, CHANNELS, 2, 2, 3, 3).permute(0, 1, 4, 2, 5, 3)
    whole.weight.data = taps.reshape(out, CHANNELS, 6, 6).contiguous()
    whole.bias = first.bias
    return whole
