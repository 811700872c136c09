"""What is usual of heads' own numbers: how they spread about their mean, and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.perception.neural_heads.network import HeadNetwork

WAYS = 24
"""Along so many ways the numbers of heads vary together; beyond them each by itself, little."""
_LEAST = 0.3


@dataclass(frozen=True, eq=False)
class Usual:
    """A normal distribution of what is heads' own: its ``middle``, ``ways`` with how far heads
    spread along them, and how far beyond (all of the numbers in a row)."""

    middle: Tensor
    ways: Tensor
    spread: Tensor
    beyond: Tensor

    @classmethod
    def of(cls, network: HeadNetwork, heads: int) -> Usual | None:
        """The distribution of the first ``heads`` heads that a network has learned; None where
        nothing is heads' own."""
        sets = [one.detach()[:heads] for one in network.own_sets() if one is not None]
        if not sets:
            return None
        every = torch.cat(sets, 1)
        middle = every.mean(0)
        _, size, ways = torch.linalg.svd(every - middle, full_matrices=False)
        count = min(WAYS, heads - 1)
        spread = size / max(heads - 1, 1) ** 0.5
        left = spread[count:].square().sum() / max(every.shape[1] - count, 1)
        low = _LEAST * float(spread[:count].square().mean() / every.shape[1]) ** 0.5
        return cls(middle, ways[:count], spread[:count].clamp_min(1e-4),
                   left.sqrt().clamp_min(max(low, 1e-4)))  # fmt: skip

    def unlikely(self, own: Tensor) -> Tensor:
        """How unusual numbers are: the mean of their squared standard deviations along the ways,
        and that of what is beyond."""
        off = own - self.middle
        along = self.ways @ off
        rest = off - along @ self.ways
        return (along / self.spread).square().mean() + (rest / self.beyond).square().mean()

    def along(self, own: Tensor) -> Tensor:
        """How many standard deviations along each of the ways numbers are."""
        return self.ways @ (own - self.middle) / self.spread

    def at(self, far: Tensor, like: Sequence[Tensor | None]) -> list[Tensor | None]:
        """What is a head's own, layer by layer as it is ``like``, so many standard deviations along
        each of the ways."""
        numbers = iter((self.middle + (far * self.spread) @ self.ways).split(
            [one.shape[1] for one in like if one is not None]
        ))  # fmt: skip
        return [None if one is None else next(numbers)[None] for one in like]
