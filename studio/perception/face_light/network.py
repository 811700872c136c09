"""The network that says what of the light a face's skin sends back, and so what light there is.

What skin shows (:mod:`studio.perception.faces.lit`) is the light times what that skin sends back.
The network sees the face and what is about it, tells how pale or dark and of which colour the skin
is, and where hair, glasses or a hand throw shadows. Having learned nothing, it tells an average
skin's light.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from studio.perception.faces.lit import SKIN
from studio.perception.trunk import Block, conv

SIDE_PX = 64
"""The side of the square that the network looks at."""
LOOSE = 1.5
"""How much larger than the face that square is."""
_WIDTHS = (24, 32, 48, 64)
_TOLD, _HIDDEN = 30, 96
_FAR, _DROPPED = 3.0, 0.2


class FaceLightNetwork(nn.Module):
    """Pictures of faces (batch, 3, 64, 64; sRGB, 0..1) and what their skin shows, ``shape``
    (batch, 9, 3) and ``mean`` (batch, 3), to the light (batch, 9, 3): what a white matt surface
    would send back by its normal, as harmonics of linear RGB."""

    skin: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv(3, _WIDTHS[0], stride=2)]
        for before, width in pairwise(_WIDTHS):
            layers += [conv(before, width, stride=2), Block(width)]
        self.sees = nn.Sequential(*layers)
        self.judges = nn.Sequential(
            nn.Linear(2 * _WIDTHS[-1] + _TOLD, _HIDDEN), nn.ReLU(),
            nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU(),
        )  # fmt: skip
        self.forgets = nn.Dropout(_DROPPED)
        self.paler, self.otherwise = nn.Linear(_HIDDEN, 3), nn.Linear(_HIDDEN, 27)
        for last in (self.paler, self.otherwise):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        self.register_buffer("skin", torch.from_numpy(SKIN).float(), persistent=False)

    def forward(self, rgb: Tensor, shape: Tensor, mean: Tensor) -> Tensor:
        seen = self.sees(rgb - 0.5)
        shown = torch.cat([shape.flatten(1), mean.clamp_min(1e-3).log()], 1)
        both = torch.cat([seen.mean((2, 3)), seen.amax((2, 3)), shown], 1)
        judged = self.judges(self.forgets(both))
        paler = _FAR * torch.tanh(self.paler(judged) / _FAR)
        varied = shape + self.otherwise(judged).view(-1, 9, 3)
        return varied * (mean / (self.skin * paler.exp()))[:, None]
