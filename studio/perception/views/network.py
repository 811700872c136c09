"""The algebraic network: points and their trust in every view, triangulated.

After Iskakov et al. 2019: a heatmap for each joint and view, its mean, a confidence, and a weighted
linear triangulation through which the error in space teaches all of it. What is told here is not a
bare weight but a standard deviation in pixels: one over it is the weight that makes the result the
most likely point, and it can be learned in every view by itself as well.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from studio.perception.heatmaps.network import STRIDE_PX, points_of
from studio.perception.trunk import WIDTHS, Decoder, Trunk
from studio.perception.views.geometry import looked_up, metric, triangulated
from studio.perception.views.seen import JOINTS, Seen, both_ways
from studio.perception.views.sides import agreed

ROBUST = 3
SHARP = 2.0
"""How much sharper heatmaps are taken than the last layer gives them: their means are then drawn
less to the middle of the crop."""
_FEATURES, _GLOBAL, _SHAPE = 64, 32, 6
_LEAST_PX, _MOST_PX = 0.5, 40.0


class AlgebraicNetwork(nn.Module):
    """Crops (batch, views, 3, 128, 96; RGB in 0..1), projections (batch, views, 3, 4) from metres
    about the person to pixels of the crops, and which views are there (batch, views), to joints
    (batch, 26, 3) and what was :class:`Seen`."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.decoder = Decoder(WIDTHS, (_FEATURES, 80, 96), finest=1)
        self.head = nn.Conv2d(_FEATURES, JOINTS, 1)
        self.trust = Trust()

    def outputs(self) -> list[nn.Module]:
        """The last layers."""
        return [self.head, self.trust.last]

    def look(self, rgb: torch.Tensor) -> Seen:
        """Points and their trust, each view by itself; in use, in its mirror image too."""
        seen = self._look(rgb)
        if self.training:
            return seen
        seen = both_ways(seen, self._look(rgb.flip(-1)))
        return Seen(seen.features, seen.maps, _pixels(seen.maps), seen.sigma_px)

    def _look(self, rgb: torch.Tensor) -> Seen:
        batch, views = rgb.shape[:2]
        flat = rgb.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        levels = self.trunk(flat)
        features = self.decoder(levels)
        maps = self.head(features)
        with torch.autocast(rgb.device.type, enabled=False):
            maps = maps.float() * SHARP
            at = points_of(maps)
            sigma = self.trust(features.float(), levels[-1].float(), maps, at)
            xy = (at + 0.5) * STRIDE_PX - 0.5
        parts = (features, maps, xy, sigma)
        return Seen(*(part.unflatten(0, (batch, views)) for part in parts))

    def solve(self, seen: Seen, projections: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """The joints (batch, 26, 3); in use, sides that a view has exchanged are turned round."""
        if not self.training:
            seen = agreed(seen, projections, there)
        return solved(seen, projections, there)

    def forward(
        self, rgb: torch.Tensor, projections: torch.Tensor, there: torch.Tensor
    ) -> tuple[torch.Tensor, Seen]:
        seen = self.look(rgb)
        return self.solve(seen, projections, there), seen


def _pixels(maps: torch.Tensor) -> torch.Tensor:
    return (points_of(maps.flatten(0, 1)).unflatten(0, maps.shape[:2]) + 0.5) * STRIDE_PX - 0.5


def solved(
    seen: Seen, projections: torch.Tensor, there: torch.Tensor, robust: int = ROBUST
) -> torch.Tensor:
    """The joints (batch, 26, 3) by the views' own trust."""
    with torch.autocast(projections.device.type, enabled=False):
        weights = there[..., None] / seen.sigma_px
        return triangulated(metric(projections.float()), seen.xy_px, weights, robust)


class Trust(nn.Module):
    """The standard deviation (n, joints; pixels) of each point: from how its heatmap looks, from
    the features where it lies, and from the whole crop."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = nn.Linear(WIDTHS[-1], _GLOBAL)
        self.first = nn.Linear(_FEATURES + _SHAPE, 64)
        self.of_whole = nn.Linear(_GLOBAL, 64, bias=False)
        self.of_joint = nn.Parameter(torch.zeros(JOINTS, 64))
        self.second = nn.Linear(64, 32)
        self.last = nn.Linear(32, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.constant_(self.last.bias, 1.5)

    def forward(
        self, features: torch.Tensor, coarse: torch.Tensor, maps: torch.Tensor, at: torch.Tensor
    ) -> torch.Tensor:
        rows, columns = maps.shape[2:]
        share = maps.detach().flatten(2).softmax(2)
        peak, entropy = share.amax(2), -(share * (share + 1e-9).log()).sum(2)
        share = share.view_as(maps)
        x = torch.arange(columns, device=maps.device)
        y = torch.arange(rows, device=maps.device)
        at = at.detach()
        wide = (share.sum(2) * (x - at[..., :1]).square()).sum(2)
        tall = (share.sum(3) * (y - at[..., 1:]).square()).sum(2)
        told = torch.stack([
            peak.log() / 4, entropy / 4, (wide + 0.1).log(), (tall + 0.1).log(),
            at[..., 0] / columns - 0.5, at[..., 1] / rows - 0.5,
        ], -1)  # fmt: skip
        there = looked_up(features, at).transpose(1, 2)
        whole = functional.relu(self.whole(coarse.mean((2, 3))))
        hidden = self.first(torch.cat([there, told], -1))
        hidden = functional.relu(hidden + self.of_whole(whole)[:, None] + self.of_joint)
        log = self.last(functional.relu(self.second(hidden)))[..., 0]
        return log.exp().clamp(_LEAST_PX, _MOST_PX)


def confidence(sigma_px: torch.Tensor) -> torch.Tensor:
    """How sure a point is, 0..1: a half where its standard deviation is 4 pixels of the crop."""
    return 1 / (1 + (sigma_px / 4).square())
