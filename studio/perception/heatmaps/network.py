"""The network that marks the 133 points of COCO-WholeBody on a person's crop."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from studio.perception.trunk import WIDTHS, Decoder, Trunk

POINTS = 133
HEIGHT_PX, WIDTH_PX = 128, 96
STRIDE_PX = 4
SHARP = 3.0
"""How much sharper maps are taken than the last layer gives them: their means are then drawn less
to the middle of the crop."""

PARTS = {
    "body": range(17),
    "feet": range(17, 23),
    "face": range(23, 91),
    "left_hand": range(91, 112),
    "right_hand": range(112, 133),
}
"""The points of each part in coco_133."""


def _mirrored_face() -> list[int]:
    """The mirror of iBUG 68: the other side of each jaw, brow, eye, nostril and lip point."""
    rows = (range(17), range(17, 27), range(31, 36), range(48, 55), range(60, 65))
    mirror = list(range(68))
    for row in rows:
        for left, right in zip(row, reversed(row), strict=True):
            mirror[left] = right
    eyes = ((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46))
    lips = ((55, 59), (56, 58), (65, 67))
    for a, b in (*eyes, *lips):
        mirror[a], mirror[b] = b, a
    return mirror


MIRROR = (
    0, *(i + 1 if i % 2 else i - 1 for i in range(1, 17)), 20, 21, 22, 17, 18, 19,
    *(23 + i for i in _mirrored_face()), *range(112, 133), *range(91, 112),
)  # fmt: skip
"""For each point, the one that stands in its place in a mirrored picture."""


class HeatmapsNetwork(nn.Module):
    """RGB (batch, 3, 128, 96) in 0..1 to heatmap logits (batch, 133, 32, 24) and the logit of each
    point being visible in the crop (batch, 133).

    The softmax of a heatmap over its cells is where the point may be; the mean of the sharpened one
    is the point, finer than a cell (Sun et al. 2018, integral regression): see :func:`marked`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.decoder = Decoder(WIDTHS, (64, 80, 96), finest=1)
        self.head = nn.Conv2d(64, POINTS, 1)
        self.seen = nn.Linear(WIDTHS[-1] + POINTS, POINTS)

    def outputs(self) -> list[nn.Module]:
        """The last layers."""
        return [self.head, self.seen]

    def forward(self, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.trunk(rgb)
        maps = self.head(self.decoder(features))
        peaks = maps.detach().amax((2, 3)) * 0.1
        seen = self.seen(torch.cat([features[-1].mean((2, 3)), peaks], 1))
        return maps, seen


class Marks(NamedTuple):
    """What is marked in crops: ``xy`` (batch, 133, 2) in cells, ``sure`` (batch, 133) how surely
    each point is visible, and ``spread`` (batch, 133) how far about it it may lie, in cells."""

    xy: torch.Tensor
    sure: torch.Tensor
    spread: torch.Tensor


def marks(network: nn.Module, rgb: torch.Tensor) -> Marks:
    """What a network marks in crops (batch, 3, 128, 96), looked at as they are and in the
    mirror."""
    both = torch.cat([rgb, rgb.flip(-1)]).contiguous(memory_format=torch.channels_last)
    maps, seen = network(both)
    maps, mirrored = maps.float().chunk(2)
    maps = (maps + mirrored.flip(-1)[:, torch.tensor(MIRROR, device=maps.device)]) / 2
    sides = _sides(maps * SHARP)
    xy = _means(sides)
    spread = (_means(sides, power=2) - xy.square()).clamp_min(0).sum(2).sqrt()
    return Marks(xy, torch.sigmoid(seen.float()[: len(rgb)]), spread)


def marked(maps: torch.Tensor) -> torch.Tensor:
    """The network's maps (batch, points, rows, columns) to points (batch, points, 2) in cells."""
    return points_of(maps.float() * SHARP)


def points_of(maps: torch.Tensor) -> torch.Tensor:
    """Heatmap logits (batch, points, rows, columns) to points (batch, points, 2), x and y in cells.

    Cell centres lie at integers.
    """
    return _means(_sides(maps))


def _sides(maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How each map's softmax falls over its columns, and over its rows."""
    share = maps.float().flatten(2).softmax(2).view(maps.shape)
    return share.sum(2), share.sum(3)


def _means(sides: tuple[torch.Tensor, torch.Tensor], power: int = 1) -> torch.Tensor:
    """The means (batch, points, 2) of places to a power."""
    return torch.stack([
        (side * torch.arange(side.shape[2], device=side.device) ** power).sum(2) for side in sides
    ], 2)  # fmt: skip
