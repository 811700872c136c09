"""Fully connected layers of many scenes at once: shared, or with weights of each scene's own.

*Independent* layers have weights and biases of their own for every scene; *low-rank* layers have
``rank`` copies that all scenes share, which each scene mixes by coefficients of its own. Source:
the thesis' Multi-NeuS (4.3, figure 15).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

Kind = Literal["shared", "independent", "low-rank"]
_APART = 0.3
"""How far the coefficients of scenes are apart to begin with."""


class SceneLinear(nn.Module):
    """A layer of one of the kinds. What is a scene's own is one row of ``sets``: weights and
    biases, or coefficients; shared layers have none. ``bank`` is what scenes share."""

    sets: nn.Parameter | None
    bank: nn.Parameter | None

    def __init__(self, before: int, after: int, kind: Kind, scenes: int, rank: int) -> None:
        super().__init__()
        self.before, self.after, self.kind = before, after, kind
        self.rank = rank if kind == "low-rank" else 1
        if kind == "shared":
            self.register_parameter("sets", None)
            self.bank = nn.Parameter(self._fresh(1))
        elif kind == "independent":
            self.register_parameter("bank", None)
            one = self._fresh(1)
            self.sets = nn.Parameter(one + 0.1 * _APART * self._fresh(scenes))
        else:
            self.bank = nn.Parameter(self._fresh(rank))
            even = torch.full((scenes, rank), 1 / math.sqrt(rank))
            self.sets = nn.Parameter(even * (1 + _APART * torch.randn(scenes, rank)))

    def _fresh(self, rows: int) -> Tensor:
        """Weights (rows, numbers) as they begin: biases, the last row of each, are 0."""
        weights = torch.randn(rows, self.before + 1, self.after) * math.sqrt(2 / self.before)
        weights[:, -1] = 0
        return weights.flatten(1)

    def weights(self, own: Tensor | None) -> Float[Tensor, "scenes before_and_1 after"]:
        """The weights, biases in the last row, of scenes whose own part is ``own``."""
        if self.bank is None:
            assert own is not None
            flat = own
        else:
            flat = self.bank if own is None else own @ self.bank
        return flat.unflatten(1, (self.before + 1, self.after))

    def forward(self, x: Float[Tensor, "scenes n before"], own: Tensor | None) -> Tensor:
        weights = self.weights(own)
        if weights.shape[0] != x.shape[0]:
            weights = weights.expand(x.shape[0], -1, -1)
        return torch.baddbmm(weights[:, -1:], x, weights[:, :-1])
