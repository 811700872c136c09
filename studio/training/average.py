"""The moving average of a network's weights, which generalises better than its last state.

Source: Polyak and Juditsky 1992; the decay grows from 0.1 as in TensorFlow's moving averages.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """A second network that follows the first one smoothly."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the weights after a step."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        mine, theirs = self.network.state_dict(), network.state_dict()
        floating = [name for name, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_(  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]
            [mine[name] for name in floating], [theirs[name] for name in floating], share
        )
        for name in mine.keys() - set(floating):
            mine[name].copy_(theirs[name])
