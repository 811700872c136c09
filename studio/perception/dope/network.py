"""The network: regions in which bodies, hands and faces may be, and the poses in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from studio.perception.dope.boxes import roi_align
from studio.perception.dope.kinds import KINDS, Kind
from studio.perception.trunk import WIDTHS, Block, Decoder, Trunk, conv

LEVELS = (64, 80, 96)
"""Channels of the maps at 1/4, 1/8 and 1/16 of the size."""
FINE_PX, COARSE_PX = 4, 8
SIZE = 12
"""Cells of a box along each side."""
STRETCH = 5.0
"""What the head regresses is this many times the way from the anchor to the pose."""
_RARE = -4.6
_REACH = 6.0


@cache
def stored_anchors() -> Mapping[str, torch.Tensor]:
    """The anchor poses of our kinds: ``body flat`` (classes, points, 2; in the box), ``body deep``
    (classes, points, 3; m), and so on."""
    return load_file(Path(__file__).parent / "anchors.safetensors")


@dataclass(frozen=True, eq=False)
class Regions:
    """Where parts of a kind may be: the logit of each cell of the map of 1/8 being the middle of
    one (batch, rows, columns), and the box it would have (batch, rows, columns, 4; px)."""

    centre: torch.Tensor
    box_px: torch.Tensor


@dataclass(frozen=True, eq=False)
class Poses:
    """What a head says of boxes: ``boxes_px`` (batch, boxes, 4), ``logits`` (batch, boxes, classes
    + 1) of anchor poses and, last, background, ``deltas`` (batch, boxes, classes, points, 5) from
    each anchor to the pose (2D in the box, then 3D), the logit of each point being ``seen``
    (batch, boxes, points), and ``marks`` (batch, boxes, families, points, rows, columns), the
    logits of where each point is in the box."""

    boxes_px: torch.Tensor
    logits: torch.Tensor
    deltas: torch.Tensor
    seen: torch.Tensor
    marks: torch.Tensor


@dataclass(frozen=True, eq=False)
class Found:
    """Regions and poses by kind."""

    regions: Mapping[str, Regions]
    poses: Mapping[str, Poses]


class Proposer(nn.Module):
    """Boxes of each kind by their middles. Source: Zhou et al. 2019 (objects as points)."""

    def __init__(self, channels: int, kinds: Sequence[Kind]) -> None:
        super().__init__()
        self._kinds = tuple(kind.name for kind in kinds)
        self.near = conv(channels, 96)
        self.told = nn.Conv2d(96, 5 * len(kinds), 1)
        bias = torch.zeros(len(kinds), 5)
        bias[:, 0] = _RARE
        self.told.bias = nn.Parameter(bias.flatten())

    def forward(self, maps: torch.Tensor) -> dict[str, Regions]:
        raw = self.told(self.near(maps)).float()
        batch, _, rows, columns = raw.shape
        raw = raw.view(batch, len(self._kinds), 5, rows, columns).permute(0, 1, 3, 4, 2)
        y = (torch.arange(rows, device=raw.device) + 0.5) * COARSE_PX - 0.5
        x = (torch.arange(columns, device=raw.device) + 0.5) * COARSE_PX - 0.5
        ys, xs = torch.meshgrid(y, x, indexing="ij")
        middle = torch.stack([xs, ys], -1)
        reach = COARSE_PX * torch.exp(raw[..., 1:].clamp(-_REACH, _REACH))
        boxes = torch.cat([middle - reach[..., :2], middle + reach[..., 2:]], -1)
        return {name: Regions(raw[:, k, ..., 0], boxes[:, k]) for k, name in enumerate(self._kinds)}


class Further(nn.Module):
    """What a vector says of a pose, thought further: it begins as nothing (He et al. 2016). The
    way from points in a picture to a pose in space is no sum of them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.wide = nn.Linear(width, 2 * width)
        self.back = nn.Linear(2 * width, width)
        nn.init.zeros_(self.back.weight)
        nn.init.zeros_(self.back.bias)

    def forward(self, told: torch.Tensor) -> torch.Tensor:
        return told + self.back(functional.relu(self.wide(told)))


class Branch(nn.Module):
    """The head of one kind: classes, poses relative to their anchors, visibility.

    Each point has a small map over the box, whose mean is where it begins in 2D (Sun et al. 2018,
    integral regression); from there, and from the anchors in 3D, a pose is regressed class by
    class, with a part that is ``common`` to a family of anchors.
    """

    flat: torch.Tensor
    deep: torch.Tensor

    def __init__(self, kind: Kind, channels: int, width: int = 256) -> None:
        super().__init__()
        self.kind = kind
        self.look = Block(channels)
        self.marks = nn.Conv2d(channels, kind.families * kind.points, 1)
        self.read = nn.Sequential(
            nn.Linear(channels * (SIZE // 2) ** 2, width), nn.ReLU(inplace=True)
        )
        self.think = nn.Sequential(
            nn.Linear(width + 2 * kind.families * kind.points, width), nn.ReLU(inplace=True)
        )
        self.further = nn.Sequential(Further(width), Further(width))
        self.name = nn.Linear(width, kind.classes + 1)
        self.pose = nn.Linear(width, kind.classes * kind.points * 5)
        self.common = nn.Linear(width, kind.families * kind.points * 5)
        self.seen = nn.Linear(width, kind.points)
        known, shape = stored_anchors(), (kind.classes, kind.points)
        flat = known.get(f"{kind.name} flat", torch.zeros(*shape, 2))
        deep = known.get(f"{kind.name} deep", torch.zeros(*shape, 3))
        self.register_buffer("flat", flat.float().clone())
        self.register_buffer("deep", deep.float().clone())
        nn.init.normal_(self.pose.weight, std=0.003)
        nn.init.normal_(self.common.weight, std=0.003)
        nn.init.zeros_(self.common.bias)
        self.pose.bias = nn.Parameter(self._from_anchors().flatten())

    def _from_anchors(self) -> torch.Tensor:
        """The way from each anchor to the mean of its family in 3D: where regression begins, so
        that what all anchors share is learned once and not by each alone."""
        deep = self.deep.unflatten(0, (self.kind.families, -1))
        way = (deep.mean(1, keepdim=True) - deep) * STRETCH
        return torch.cat([torch.zeros_like(way[..., :2]), way], -1)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        kept = self.flat, self.deep
        moved = super()._apply(fn, recurse)
        self.flat, self.deep = (anchor.to(self.flat.device) for anchor in kept)  # in full precision
        return moved

    def forward(self, maps: torch.Tensor, boxes_px: torch.Tensor, stride_px: int) -> Poses:
        batch, count = boxes_px.shape[:2]
        kind = self.kind
        cut = roi_align(maps, boxes_px, stride_px, SIZE, 1 if kind.fine else 2).flatten(0, 1)
        cut = self.look(cut.to(maps.dtype).contiguous(memory_format=torch.channels_last))
        marks = self.marks(cut)
        begun = middles(marks)
        read = self.read(functional.avg_pool2d(cut, 2).flatten(1))
        told = self.further(self.think(torch.cat([read, begun.flatten(1).to(read.dtype)], 1)))
        begun = begun.view(batch, count, kind.families, 1, kind.points, 2)
        flat = self.flat.unflatten(0, (kind.families, -1))
        begun = functional.pad((begun - flat) * STRETCH, (0, 3))
        own = self.pose(told).float().view(batch, count, kind.families, -1, kind.points, 5)
        common = self.common(told).float().view(batch, count, kind.families, 1, kind.points, 5)
        return Poses(
            boxes_px,
            self.name(told).float().view(batch, count, kind.classes + 1),
            (begun + own + common).flatten(2, 3),
            self.seen(told).float().view(batch, count, kind.points),
            marks.view(batch, count, kind.families, kind.points, SIZE, SIZE),
        )

    def decoded(self, poses: Poses) -> tuple[torch.Tensor, torch.Tensor]:
        """The pose of each class in each box: (batch, boxes, classes, points, 2) px and (..., 3)
        metres from the kind's origin."""
        return decoded(poses.boxes_px, poses.deltas, self.flat, self.deep)


def middles(maps: torch.Tensor) -> torch.Tensor:
    """The mean place (batch, maps, 2; 0..1 from the left top) of each map's softmax (batch, maps,
    rows, columns)."""
    share = maps.float().flatten(2).softmax(2).view(maps.shape)
    y = (torch.arange(maps.shape[2], device=maps.device) + 0.5) / maps.shape[2]
    x = (torch.arange(maps.shape[3], device=maps.device) + 0.5) / maps.shape[3]
    return torch.stack([(share.sum(2) * x).sum(2), (share.sum(3) * y).sum(2)], 2)


def decoded(
    boxes_px: torch.Tensor, deltas: torch.Tensor, flat: torch.Tensor, deep: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Poses from what a head regressed and the anchors it began at."""
    low = boxes_px[..., None, None, :2]
    extent = boxes_px[..., None, None, 2:] - low
    xy = low + (flat + deltas[..., :2] / STRETCH) * extent
    return xy, deep + deltas[..., 2:] / STRETCH


class DopeNetwork(nn.Module):
    """RGB (batch, 3, height, width) in 0..1, sides that 32 divides, to regions and poses.

    ``kinds`` are the parts it knows: one for an expert, all for the student; another kind is one
    more head. ``anchors`` are stored with the weights.
    """

    def __init__(self, kinds: Sequence[Kind] = tuple(KINDS.values())) -> None:
        super().__init__()
        self.kinds = {kind.name: kind for kind in kinds}
        self.trunk = Trunk()
        self.decoder = Decoder(WIDTHS, LEVELS, finest=1)
        self.proposer = Proposer(LEVELS[1], kinds)
        self.branches = nn.ModuleDict({kind.name: Branch(kind, LEVELS[0]) for kind in kinds})

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""
        return self.trunk.gate.wide.weight.dtype

    def branch(self, name: str) -> Branch:
        """The head of a kind."""
        found = self.branches[name]
        assert isinstance(found, Branch)
        return found

    def outputs(self) -> list[nn.Module]:
        """The layers that say something, not to other layers."""
        told = [(b.marks, b.name, b.pose, b.common, b.seen) for b in map(self.branch, self.kinds)]
        return [self.proposer.told, *(layer for layers in told for layer in layers)]

    def maps(self, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The maps of 1/4 and 1/8 of the size."""
        levels = self.decoder.levels(self.trunk(rgb))
        return levels[-1], levels[-2]

    def look(self, maps: torch.Tensor, boxes_px: Mapping[str, torch.Tensor]) -> dict[str, Poses]:
        """The poses in boxes of each kind, from the map of 1/4."""
        return {name: self.branch(name)(maps, boxes, FINE_PX) for name, boxes in boxes_px.items()}

    def forward(
        self,
        rgb: torch.Tensor,
        proposed: int | Mapping[str, int] = 0,
        given_px: Mapping[str, torch.Tensor] | None = None,
    ) -> Found:
        """Regions, and the poses in the likeliest ``proposed`` of each kind, after those in boxes
        that are ``given_px`` (batch, boxes, 4)."""
        maps = self.maps(rgb)
        regions = self.proposer(maps[1])
        boxes: dict[str, torch.Tensor] = {}
        for name, region in regions.items():
            count = proposed if isinstance(proposed, int) else proposed[name]
            likely = likeliest(region, count)[0].detach()
            given = None if given_px is None else given_px.get(name)
            boxes[name] = likely if given is None else torch.cat([given, likely], 1)
        return Found(regions, self.look(maps[0], boxes))


def likeliest(regions: Regions, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The ``count`` likeliest boxes (batch, count, 4) and their scores (batch, count): cells that
    are more likely the middle of one than all around them."""
    score = torch.sigmoid(regions.centre)
    top = functional.max_pool2d(score[:, None], 3, 1, 1)[:, 0]
    peaks = torch.where(score >= top, score, score * 1e-3).flatten(1)
    found, which = peaks.topk(min(count, peaks.shape[1]), 1)
    boxes = regions.box_px.flatten(1, 2)
    return boxes.gather(1, which[..., None].expand(-1, -1, 4)), found
