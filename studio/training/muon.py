"""Muon: momentum whose matrices are made orthogonal before they are followed, which networks learn
from in far fewer steps than from Adam's.

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the size of a
step, by the matrix's shape, is that of Liu et al. 2025, "Muon is scalable for LLM training".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

_A, _B, _C = 3.4445, -4.7750, 2.0315
_ROUNDS = 5
_MOMENTUM = 0.95
_SIZE = 0.4


class Muon(torch.optim.AdamW):
    """Muon for the weights of linear layers and convolutions (a matrix of what each channel takes
    from its surroundings) but the last ones, ``outputs``, and those that see the picture itself;
    AdamW for all else, with one learning rate."""

    def __init__(self, network: nn.Module, outputs: Iterable[nn.Module], decay: float) -> None:
        last = set(outputs)
        inner = {m.weight for m in network.modules() if _is_inner(m) and m not in last}
        others = [p for p in network.parameters() if p not in inner]
        matrices = [p for p in network.parameters() if p in inner]
        super().__init__([
            {"params": matrices, "weight_decay": decay, "orthogonal": True},
            {"params": [p for p in others if p.ndim > 1], "weight_decay": decay},
            {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
        ], lr=0.0)  # fmt: skip

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        every = self.param_groups
        try:
            self.param_groups = [g for g in every if not g.get("orthogonal")]
            told = super().step(closure)
        finally:
            self.param_groups = every
        for group in every:
            if group.get("orthogonal"):
                for weight in group["params"]:
                    if (slope := weight.grad) is not None:
                        self._turn(weight, slope, group["lr"], group["weight_decay"])
        return told

    def _turn(self, weight: Tensor, slope: Tensor, rate: float, decay: float) -> None:
        state = self.state[weight]
        if not state:
            state |= {"momentum": torch.zeros_like(weight), "step": torch.zeros(())}
        state["step"] += 1
        momentum = state["momentum"].lerp_(slope, 1 - _MOMENTUM)
        ahead = torch.lerp(slope, momentum, _MOMENTUM)
        ahead = ahead.flatten(1)
        size = _SIZE * max(ahead.shape) ** 0.5
        turned = orthogonal(ahead).to(weight).view(weight.shape)
        weight.mul_(1 - rate * decay).add_(turned, alpha=-rate * size)


def _is_inner(module: nn.Module) -> TypeGuard[nn.Linear | nn.Conv2d | nn.Conv3d]:
    return isinstance(module, nn.Linear) or (
        isinstance(module, nn.Conv2d | nn.Conv3d) and module.in_channels > 3
    )


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix whose singular values are all 1: after five Newton-Schulz rounds
    they lie between 0.7 and 1.2."""
    x = matrix.bfloat16()
    if wide := x.shape[0] > x.shape[1]:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return x.T if wide else x
