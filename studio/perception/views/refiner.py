"""What a body can be: all joints of a first solution judged together, and each moved a little.

Triangulation takes every joint by itself. Here the joints are tokens of a small transformer that
is told where each was found, how sure of it the views are along each axis, and how well they
agree; it has learned how long limbs are and how they bend, and what the views get wrong. It begins
at nothing: what it gives is added to the first solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from studio.perception.views.geometry import information, metric, projected
from studio.perception.views.network import confidence
from studio.perception.views.seen import JOINTS, MIRROR, PELVIS

_WIDTH, _HEADS, _LAYERS = 96, 4, 3
_STEP_M = 0.1
_UNSURE_M = 0.5
"""How far away joints of which the views tell nothing may be."""
_FAR_M, _FAR = 3.0, 8.0
_ACROSS = ((11, 12), (5, 6))
"""Left and right hips and shoulders: between them a body's own x-axis lies."""
SIDEWAYS = (0, 3, 6, 15, 16)
"""What of a joint's features changes its sign in a mirror."""
ALONG = (0,)
"""The same of how far a joint moves."""
FEATURES = 23


@dataclass
class First:
    """A first solution of a batch: joints by the volumes after the second look, ``fine_m``, and
    before, ``coarse_m``, and by the views' points alone, ``points_m`` (batch, 26, 3); how far the
    coarse volumes spread along each axis, ``spread_m`` (batch, 26, 3); and what was seen: pixels
    ``xy_px`` (batch, views, 26, 2), their standard deviations ``sigma_px`` (batch, views, 26),
    ``projections`` (batch, views, 3, 4), and which views are ``there`` (batch, views)."""

    fine_m: torch.Tensor
    coarse_m: torch.Tensor
    points_m: torch.Tensor
    spread_m: torch.Tensor
    xy_px: torch.Tensor
    sigma_px: torch.Tensor
    projections: torch.Tensor
    there: torch.Tensor

    def known(self) -> First:
        """The same as numbers that nothing is learned through."""
        return First(*(value.detach() for value in vars(self).values()))


class Refiner(nn.Module):
    """The joints of a :class:`First` (batch, 26, 3), metres, moved to where a body would have
    them; in use, as the body in a mirror would say too. What one view alone tells stays."""

    def __init__(self) -> None:
        super().__init__()
        self.told = nn.Linear(FEATURES, _WIDTH)
        self.joint = nn.Parameter(torch.randn(JOINTS, _WIDTH) * 0.1)
        self.layers = nn.ModuleList(Attention(_WIDTH) for _ in range(_LAYERS))
        self.norm = nn.LayerNorm(_WIDTH)
        self.last = nn.Linear(_WIDTH, 3)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, first: First) -> torch.Tensor:
        axes = axes_of(first.fine_m)
        features = features_of(first, axes)
        moves = self.moves(features)
        if not self.training:
            other = self.moves(mirrored(features, SIDEWAYS))
            moves = (moves + mirrored(other, ALONG)) / 2
        moves = moves * (first.there.sum(1) > 1)[:, None, None]
        return first.fine_m + torch.einsum("bji,bnj->bni", axes, moves)

    def moves(self, features: torch.Tensor) -> torch.Tensor:
        """How far each joint moves along the body's own axes (batch, 26, 3), metres."""
        x = self.told(features) + self.joint
        for layer in self.layers:
            x = layer(x)
        return self.last(self.norm(x)) * _STEP_M


class Attention(nn.Module):
    """Joints look at each other, each pair by what it is (a learned bias) and by what is told."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.pairs = nn.Parameter(torch.zeros(_HEADS, JOINTS, JOINTS))
        self.joined = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, count, width = x.shape
        asked = self.asked(self.before(x)).view(batch, count, 3, _HEADS, width // _HEADS)
        q, k, v = asked.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=self.pairs)
        x = x + self.joined(seen.transpose(1, 2).reshape(batch, count, width))
        return x + self.narrow(functional.gelu(self.wide(self.between(x))))


def axes_of(xyz_m: torch.Tensor, turn: torch.Tensor | None = None) -> torch.Tensor:
    """A body's own axes (batch, 3, 3; rows), upright: x from right to left; ``turn`` (batch;
    radians) turns them about the vertical."""
    across = torch.stack([xyz_m[:, left] - xyz_m[:, right] for left, right in _ACROSS]).sum(0)
    angle = torch.atan2(across[:, 1], across[:, 0])
    if turn is not None:
        angle = angle + turn
    cos, sin, none = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    return torch.stack([cos, sin, none, -sin, cos, none, none, none, none + 1], -1).view(-1, 3, 3)


def features_of(first: First, axes: torch.Tensor) -> torch.Tensor:
    """What the network is told of every joint (batch, 26, :data:`FEATURES`)."""

    def own(vectors: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bij,bnj->bni", axes, vectors)

    fine = first.fine_m.clamp(-_FAR_M, _FAR_M)
    there, sigma = first.there[..., None], first.sigma_px
    projections = metric(first.projections)
    known = information(projections, fine, there / sigma)
    known = torch.einsum("bij,bnjk,blk->bnil", axes, known, axes)
    known = known + torch.eye(3, device=fine.device) / _UNSURE_M**2
    spread = torch.linalg.inv(known)
    axis = spread.diagonal(dim1=-2, dim2=-1).clamp_min(1e-7).sqrt()
    together = torch.stack([spread[..., i, j] / axis[..., i] / axis[..., j]
                            for i, j in ((0, 1), (0, 2), (1, 2))], -1)  # fmt: skip
    at, _ = projected(projections, fine)
    off = ((at - first.xy_px).norm(dim=-1) / sigma).clamp_max(20) * there
    views = there.sum(1).float()
    sure = confidence(sigma) * there
    told = [
        own(fine - fine[:, PELVIS : PELVIS + 1]),
        own((first.points_m - fine).clamp(-1, 1)) * 5,
        own((first.coarse_m - fine).clamp(-1, 1)) * 5,
        (first.spread_m + 1e-3).log().clamp(-5, 1),
        (axis + 1e-3).log() / 2 + 1,
        together,
        torch.stack([
            off.amax(1) / 4, (off.square().sum(1) / views.clamp_min(1)).sqrt() / 2,
            (views / 4).expand(-1, JOINTS), sure.sum(1) / 2, sure.amax(1),
        ], -1),
    ]  # fmt: skip
    return torch.cat(told, -1).nan_to_num(0.0, 0.0, 0.0).clamp(-_FAR, _FAR)


def mirrored(values: torch.Tensor, sideways: Sequence[int]) -> torch.Tensor:
    """What is told of every joint (batch, 26, k) as of the same body in a mirror: sides exchanged,
    the signs of the entries ``sideways`` turned round."""
    values = values[:, list(MIRROR)].clone()
    values[..., list(sideways)] *= -1
    return values
