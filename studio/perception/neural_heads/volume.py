"""Rays through heads: where they are looked at, and what is seen along them.

Opacity is told by the logistic distribution of signed distances (NeuS, Wang et al. 2021, eq. 13):
of what light passes the beginning of a stretch of a ray, what share does not pass its end. Rays are
followed only near the fitted head, first evenly, then closely where the surface is; or, where it
was looked up where the surface is (:mod:`studio.perception.neural_heads.occupied`), there alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from studio.perception.neural_heads.network import UNIT_M, Fields, HeadNetwork, Own
from studio.perception.neural_heads.space import HIGH_M, LOW_M, asked

if TYPE_CHECKING:
    from studio.perception.neural_heads.occupied import Occupied

REACH_M = 0.11
"""Hair is nowhere further from the fitted skin."""
EVEN, CLOSE = 24, 16
FEW, FEW_CLOSE = 10, 12
"""Places along a ray, even at first and then close to the surface; and fewer, that see as exactly,
where it is known about where that is."""
_ROUGH = (64.0, 256.0)
"""How sharp the surface is taken for in each round of close places (inverse spread, by a unit)."""


@dataclass(frozen=True, eq=False)
class Rays:
    """Rays of heads (heads, n, 3): where they begin and which way they go (unit), metres."""

    eye_m: Tensor
    way: Tensor

    def at(self, far_m: Float[Tensor, "heads n k"]) -> Float[Tensor, "heads n k 3"]:
        """Places so far along them."""
        return self.eye_m[:, :, None] + far_m[..., None] * self.way[:, :, None]


def rays_of(pixels: Tensor, lens: Tensor, poses: Tensor) -> Rays:
    """The rays of pixels (heads, n, 2) of cameras: ``lens`` (heads, n, 4) and ``poses``
    (heads, n, 3, 4)."""
    flat = (pixels - lens[..., 2:]) / lens[..., :2]
    way = torch.cat([flat, torch.ones_like(flat[..., :1])], -1)
    way = way / way.norm(dim=-1, keepdim=True)
    turn = poses[..., :3]
    eye = -(turn.transpose(-1, -2) @ poses[..., 3:])[..., 0]
    return Rays(eye, (turn.transpose(-1, -2) @ way[..., None])[..., 0])


@dataclass(frozen=True, eq=False)
class Seen:
    """What rays see (heads, n): ``colour`` (..., 3), how opaque what they meet is (``cover``), how
    far it is (``far_m``), which way it looks (``normal``), and, of the places looked at along them,
    which way the distance grows (``ways``)."""

    colour: Tensor
    cover: Tensor
    far_m: Tensor
    normal: Tensor
    ways: Tensor


def passed(outside: Tensor, sharp: Tensor) -> Tensor:
    """The opacity (..., k - 1) of the stretches between places along rays that are so far outside
    (..., k)."""
    share = (outside * sharp).sigmoid()
    return ((share[..., :-1] - share[..., 1:]) / share[..., :-1].clamp_min(1e-5)).clamp(0, 1)


def weights(opacity: Float[Tensor, "*rays k"]) -> Float[Tensor, "*rays k"]:
    """What share of the light that comes back along a ray each stretch sends."""
    free = torch.cumprod(1 - opacity + 1e-7, -1)
    return opacity * torch.cat([torch.ones_like(free[..., :1]), free[..., :-1]], -1)


def boxed(rays: Rays) -> tuple[Tensor, Tensor, Tensor]:
    """From where to where each ray is in the box (heads, n; metres), and whether it is at all."""
    low = torch.as_tensor(LOW_M, dtype=torch.float32)
    high = torch.as_tensor(HIGH_M, dtype=torch.float32)
    way = torch.where(rays.way.abs() < 1e-6, torch.full_like(rays.way, 1e-6), rays.way)
    a, b = (low - rays.eye_m) / way, (high - rays.eye_m) / way
    first = torch.minimum(a, b).amax(-1).clamp_min(0.02)
    last = torch.maximum(a, b).amin(-1)
    return first, torch.maximum(last, first + 0.01), last > first


@torch.no_grad()
def stretch(rays: Rays, fields: Fields) -> tuple[Tensor, Tensor, Tensor]:
    """From where to where each ray is near the head (heads, n; metres), and whether it is at all:
    in the box, and there within reach of the fitted skin."""
    first, last, within = boxed(rays)
    share = torch.linspace(0, 1, EVEN)
    far = first[..., None] + share * (last - first)[..., None]
    near = asked(fields.outside[:, :1], rays.at(far).flatten(1, 2))[..., 0]
    near = near.unflatten(1, far.shape[1:3]) < REACH_M / UNIT_M
    step = (last - first) / (EVEN - 1)
    none = ~near.any(-1)
    begin = torch.where(near, far, torch.full_like(far, 1e3)).amin(-1) - step
    end = torch.where(near, far, torch.full_like(far, -1e3)).amax(-1) + step
    begin = torch.where(none, first, torch.maximum(begin, first))
    return begin, torch.where(none, last, torch.minimum(end, last)), within & ~none


@torch.no_grad()
def first_met(rays: Rays, fields: Fields, many: int = 96) -> tuple[Tensor, Tensor, Tensor]:
    """Where rays first meet the fit's skin (heads, n, 3; metres), whether they do, and which way it
    looks there (unit)."""
    begin, end, _ = stretch(rays, fields)
    far = begin[..., None] + torch.linspace(0, 1, many) * (end - begin)[..., None]
    out = asked(fields.outside[:, :1], rays.at(far).flatten(1, 2))[..., 0]
    out = out.unflatten(1, far.shape[1:])
    enters = (out[..., :-1] > 0) & (out[..., 1:] <= 0)
    first = enters.float().argmax(-1, keepdim=True)
    a, b = out.gather(-1, first), out.gather(-1, first + 1)
    step = far.gather(-1, first + 1) - far.gather(-1, first)
    met = rays.at(far.gather(-1, first) + step * a / (a - b).clamp_min(1e-6))[..., 0, :]
    facing = torch.nn.functional.normalize(asked(fields.outside, met)[..., 1:], dim=-1)
    return met, enters.any(-1), facing


@torch.no_grad()
def places(
    network: HeadNetwork, rays: Rays, fields: Fields, own: Own, dice: torch.Generator | None,
    along: tuple[Tensor, Tensor] | None = None,
) -> Tensor:  # fmt: skip
    """Places along rays (heads, n, close + 2; metres): the first and the last near the head, the
    others where surfaces are. Between which the surface is, ``along`` tells where it was looked
    up."""
    begin, end = stretch(rays, fields)[:2] if along is None else along
    even, close = (EVEN, CLOSE) if along is None else (FEW, FEW_CLOSE)
    heads, count = begin.shape
    share = (torch.arange(even) + 0.5) / even
    if dice is not None:
        share = share + (torch.rand(heads, count, even, generator=dice) - 0.5) / even
    far = begin[..., None] + share * (end - begin)[..., None]
    outside = _outside(network, rays, far, fields, own)
    found = [begin[..., None], end[..., None]]
    for rough in _ROUGH:
        more = drawn(far, weights(passed(outside, torch.tensor(rough))), close // 2, dice)
        found.append(more)
        if len(found) < 2 + len(_ROUGH):
            outside = torch.cat([outside, _outside(network, rays, more, fields, own)], -1)
            far, order = torch.cat([far, more], -1).sort(-1)
            outside = outside.gather(-1, order)
    return torch.cat(found, -1).sort(-1).values


def _outside(network: HeadNetwork, rays: Rays, far: Tensor, fields: Fields, own: Own) -> Tensor:
    points = rays.at(far).flatten(1, 2)
    return network.tell(points, fields, own, ways=False).outside.unflatten(1, far.shape[1:])


def drawn(far: Tensor, share: Tensor, many: int, dice: torch.Generator | None) -> Tensor:
    """Places (..., many) drawn from stretches between ``far`` (..., k), each by its ``share``
    (..., k - 1), a little of every one."""
    chance = share + 1e-3 / share.shape[-1]
    total = torch.cumsum(chance / chance.sum(-1, keepdim=True), -1)
    total = torch.cat([torch.zeros_like(total[..., :1]), total], -1)
    at = (torch.arange(many) + 0.5) / many
    at = at.expand(*far.shape[:-1], many).contiguous()
    if dice is not None:
        at = at + (torch.rand(at.shape, generator=dice) - 0.5) / many
    above = torch.searchsorted(total, at, right=True).clamp(1, far.shape[-1] - 1)
    a, b = total.gather(-1, above - 1), total.gather(-1, above)
    begin, end = far.gather(-1, above - 1), far.gather(-1, above)
    return begin + (at - a) / (b - a).clamp_min(1e-6) * (end - begin)


def look(
    network: HeadNetwork, rays: Rays, fields: Fields, own: Own,
    dice: torch.Generator | None = None, occupied: Occupied | None = None,
) -> Seen:  # fmt: skip
    """What rays see of heads. Differentiable in the network, in what is a head's own, and in where
    rays begin and go. Rays that miss all that is ``occupied`` (of one head) see nothing."""
    if occupied is None:
        return _looked(network, rays, fields, own, dice, None)
    begin, end, met = occupied.stretch(Rays(rays.eye_m.detach(), rays.way.detach()))
    which = met[0].nonzero()[:, 0]
    if not len(which):
        which = torch.zeros(1, dtype=torch.long)
    few = Rays(rays.eye_m[:, which], rays.way[:, which])
    seen = _looked(network, few, fields, own, dice, (begin[:, which], end[:, which]))

    def every(values: Tensor) -> Tensor:
        return values.new_zeros(*met.shape, *values.shape[2:]).index_copy(1, which, values)

    return Seen(
        every(seen.colour), every(seen.cover), every(seen.far_m), every(seen.normal), seen.ways
    )


def _looked(
    network: HeadNetwork, rays: Rays, fields: Fields, own: Own, dice: torch.Generator | None,
    along: tuple[Tensor, Tensor] | None,
) -> Seen:  # fmt: skip
    there = Rays(rays.eye_m.detach(), rays.way.detach())
    far = places(network, there, fields, own, dice, along)
    shape = far.shape
    points = rays.at(far).flatten(1, 2)
    sight = rays.way[:, :, None].expand(*shape, 3).flatten(1, 2)
    told = network.tell(points, fields, own)
    colour = network.colour(told, sight, own).unflatten(1, shape[1:])
    assert told.ways is not None
    ways = told.ways.unflatten(1, shape[1:])
    outside = told.outside.unflatten(1, shape[1:])
    share = weights(passed(outside, network.inverse_spread))
    half = 0.5 * share
    each = torch.cat([half, torch.zeros_like(half[..., :1])], -1)
    each = each + torch.cat([torch.zeros_like(half[..., :1]), half], -1)
    cover = share.sum(-1)
    middle = 0.5 * (far[..., 1:] + far[..., :-1])
    depth = (share * middle).sum(-1) / cover.clamp_min(1e-4)
    return Seen(
        (each[..., None] * colour).sum(-2), cover, depth, (each[..., None] * ways).sum(-2), ways
    )
