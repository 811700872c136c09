"""What neural heads are judged by while they learn: colours, outlines, distances that are
distances, both sides alike, and normals."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from studio.perception.neural_heads.network import Fields, HeadNetwork, Own
from studio.perception.neural_heads.photographs import FREE, HEAD
from studio.perception.neural_heads.space import HIGH_M, LOW_M
from studio.perception.neural_heads.volume import Rays, Seen, look

COLOUR, EIKONAL, OUTLINE, MIRROR = 1.0, 0.1, 0.1, 0.02
_SIDES = 256


def seen_loss(seen: Seen, rgb: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """What rays see against pictures: ``rgb`` (heads, n, 3; 0 to 1), ``labels`` (heads, n)."""
    there = (labels == HEAD).float()
    known = there + (labels == FREE).float()
    off = (seen.colour + (1 - seen.cover[..., None]) * rgb.detach() - rgb).abs().mean(-1)
    cover = seen.cover.clamp(1e-3, 1 - 1e-3)
    outline = functional.binary_cross_entropy(cover, there, reduction="none")
    return {
        "colour": COLOUR * (off * there).sum() / there.sum().clamp_min(1),
        "outline": OUTLINE * (outline * known).sum() / known.sum().clamp_min(1),
        "eikonal": EIKONAL * eikonal(seen.ways),
    }


def normal_loss(seen: Seen, facing: Tensor) -> Tensor:
    """How otherwise surfaces look than told (heads, n, 3; of length 1, or 0 where not known)."""
    known = facing.norm(dim=-1)
    along = functional.cosine_similarity(seen.normal, facing, dim=-1)
    return ((1 - along) * known).sum() / known.sum().clamp_min(1)


def skin_loss(network: HeadNetwork, points_m: Tensor, fields: Fields, own: Own) -> Tensor:
    """How far the surface is from points of the fit's skin (heads, n, 3) that it should go
    through."""
    return network.tell(points_m, fields, own, ways=False).outside.abs().mean()


def eikonal(ways: Tensor) -> Tensor:
    """How far distances are from growing by one a unit."""
    return (ways.norm(dim=-1) - 1).square().mean()


def mirror_loss(network: HeadNetwork, fields: Fields, own: Own, dice: torch.Generator) -> Tensor:
    """How unlike both sides of heads are, by how unlike they are found to be on the whole: a
    Laplacian's negative log likelihood, whose width is learned."""
    heads = fields.outside.shape[0]
    low = torch.as_tensor(LOW_M, dtype=torch.float32)
    high = torch.as_tensor(HIGH_M, dtype=torch.float32)
    points = low + torch.rand(heads, _SIDES, 3, generator=dice) * (high - low)
    other = points * torch.tensor([-1.0, 1.0, 1.0])
    both = network.tell(torch.cat([points, other], 1), fields, own, ways=False).outside
    left, right = both.split(_SIDES, 1)
    near = (left.detach().abs() < 0.6).float()
    off = ((left - right).abs() * near).sum() / near.sum().clamp_min(1)
    wide = network.mirrored.clamp(-5, 2)
    return MIRROR * (off * (-wide).exp() + wide)


def rendered_losses(
    network: HeadNetwork, rays: Rays, rgb: Tensor, labels: Tensor, fields: Fields, own: Own,
    dice: torch.Generator,
) -> Mapping[str, Tensor]:  # fmt: skip
    """All that pictures tell, and the sides' likeness."""
    found = seen_loss(look(network, rays, fields, own, dice), rgb, labels)
    return {**found, "mirror": mirror_loss(network, fields, own, dice)}


def distance_losses(
    network: HeadNetwork, points_m: Tensor, bare: Tensor, truth: Tensor, facing: Tensor,
    fields: Fields, own: Own,
) -> dict[str, Tensor]:  # fmt: skip
    """What the true surface tells of points (heads, n, 3): ``bare`` and ``truth`` say how far
    outside the fit's skin and the true surface they are (units), ``facing`` which way the nearest
    surface looks."""
    told = network.tell(points_m, fields, own, bare=bare)
    assert told.ways is not None
    off = (told.outside.clamp(-1, 1) - truth.clamp(-1, 1)).abs()
    near = (truth.abs() < 0.1).float()
    along = functional.cosine_similarity(told.ways, facing, dim=-1)
    return {
        "distance": 3 * (off * (1 + 2 * near)).mean(),
        "normal": 0.1 * ((1 - along) * near).sum() / near.sum().clamp_min(1),
        "eikonal there": EIKONAL * eikonal(told.ways),
    }
