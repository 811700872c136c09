"""The network that labels every pixel with a part of a person."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from studio.core.parts import PartLabel
from studio.perception.trunk import WIDTHS, Decoder, Trunk

CLASSES = len(PartLabel)
SIDE_PX = 192
"""The side of the square that the network looks at."""


class PartsNetwork(nn.Module):
    """RGB (batch, 3, height, width) in 0..1 to logits (batch, 9, height / 2, width / 2) of the part
    labels; both sides are multiples of 32.

    Finer labels are its logits, enlarged (:func:`enlarged`); training does without.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.decoder = Decoder(WIDTHS, (24, 48, 64, 80), finest=0)
        self.head = nn.Conv2d(24, CLASSES, 1)

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        return self.head(self.decoder(self.trunk(rgb)))


def enlarged(logits: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """The logits at the height and width of the picture."""
    return functional.interpolate(logits.float(), tuple(size), mode="bilinear")
