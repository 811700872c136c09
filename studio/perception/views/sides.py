"""Left and right, where one view has them exchanged and the others agree."""

from __future__ import annotations

import torch

from studio.perception.views.geometry import metric, projected, triangulated
from studio.perception.views.seen import MIRROR, Seen

GROUPS = ((5, 6, 7, 8, 9, 10), (11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25))
"""Joints that are exchanged together: the arms', the legs'."""
_CLEARLY = 0.6
_ROBUST = 2


def agreed(seen: Seen, projections: torch.Tensor, there: torch.Tensor) -> Seen:
    """The same, with the arms or legs of a view turned round where they then lie clearly nearer to
    where all other views together see them. At least three views are needed to tell."""
    views = there.shape[1]
    if views < 3:
        return seen
    projections = metric(projections.float())
    order = torch.tensor(MIRROR, device=there.device)
    weights = there[..., None] / seen.sigma_px
    # every view in turn is left out: (batch * views, views, joints)
    others = ~torch.eye(views, dtype=torch.bool, device=there.device)[None, :, :, None]
    alone = (weights[:, None] * others).flatten(0, 1)
    every = projections[:, None].expand(-1, views, -1, -1, -1).flatten(0, 1)
    points = seen.xy_px[:, None].expand(-1, views, -1, -1, -1).flatten(0, 1)
    xyz = triangulated(every, points, alone, _ROBUST)
    at, _ = projected(projections.flatten(0, 1)[:, None], xyz)
    at = at[:, 0].unflatten(0, there.shape)
    own = (at - seen.xy_px).norm(dim=-1)
    turned = (at - seen.xy_px[:, :, order]).norm(dim=-1)
    known = there & (there.sum(1, keepdim=True) > 2)
    swap = torch.zeros_like(own, dtype=torch.bool)
    for group in GROUPS:
        near = turned[..., group].mean(-1) < _CLEARLY * own[..., group].mean(-1)
        swap[..., group] = (near & known)[..., None]
    if not bool(swap.any()):
        return seen
    chosen = torch.where(swap, order, torch.arange(len(order), device=there.device))
    return Seen(
        seen.features,
        _taken(seen.maps, chosen[..., None, None]),
        _taken(seen.xy_px, chosen[..., None]),
        _taken(seen.sigma_px, chosen),
    )


def _taken(values: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    return torch.take_along_dim(values, which.expand_as(values), 2)
