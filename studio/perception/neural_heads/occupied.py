"""Where about a head its surface is, looked up from time to time, so that rays are followed there
alone: empty space, and what lies behind the surface, is skipped.

As an occupancy grid (Müller et al. 2022, Instant NGP) tells, but of distances: how far places are
outside the surface as the network told them lately, from which follows where none can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.perception.neural_heads.network import UNIT_M, Fields, HeadNetwork, Own
from studio.perception.neural_heads.space import asked
from studio.perception.neural_heads.space import places as grid_places
from studio.perception.neural_heads.volume import REACH_M, Rays, boxed

STEP_M = 0.014
"""How finely it is looked up."""
_MARGIN_M = 0.014
"""So far from the surface it may be that was looked up: of what lies between the grid's places, and
of how it moves until it is looked up again."""
_SOFT = 4.0
"""So many spreads from it, surfaces hide next to nothing."""
_ALONG = 40


@dataclass(frozen=True, eq=False)
class Occupied:
    """How far outside its surface places about one head are (1, 1, z, y, x; units of ``UNIT_M``),
    and how near it is to be followed (``margin``)."""

    outside: Tensor
    margin: float

    @classmethod
    @torch.no_grad()
    def of(cls, network: HeadNetwork, fields: Fields, own: Own) -> Occupied:
        """As the network tells it now. What hair does not reach is told by the fit's skin."""
        points, size = grid_places(STEP_M)
        every = torch.from_numpy(points).float()[None]
        outside = asked(fields.outside[:, :1], every)[0, :, 0]
        near = (outside.abs() < REACH_M / UNIT_M).nonzero()[:, 0]
        outside[near] = network.tell(every[:, near], fields, own, ways=False).outside[0]
        soft = min(_SOFT / float(network.inverse_spread), 0.5)
        return cls(outside.reshape(1, 1, *size), _MARGIN_M / UNIT_M + soft)

    @torch.no_grad()
    def stretch(self, rays: Rays) -> tuple[Tensor, Tensor, Tensor]:
        """From where to where rays are near the surface, until they are deep beneath it (1, n;
        metres), and whether they are at all."""
        first, last, within = boxed(rays)
        far = first[..., None] + torch.linspace(0, 1, _ALONG) * (last - first)[..., None]
        out = asked(self.outside, rays.at(far).flatten(1, 2))[..., 0].unflatten(1, far.shape[1:])
        deep = (out < -self.margin).cumsum(-1) > 0
        near = (out < self.margin) & ~deep
        step = (last - first) / (_ALONG - 1)
        met = near.any(-1) & within
        begin = torch.where(near, far, torch.full_like(far, 1e3)).amin(-1) - step
        end = torch.where(near, far, torch.full_like(far, -1e3)).amax(-1) + step
        begin = torch.where(met, torch.maximum(begin, first), first)
        return begin, torch.where(met, torch.minimum(end, last), last), met
