"""First solutions that nobody saw: moving people in rigs drawn at random, with errors that a
network made of other scenes. They show far more bodies and poses than rendered scenes can."""

from __future__ import annotations

import math

import torch

from studio.human.layouts import layout
from studio.perception.heatmaps.network import HEIGHT_PX, WIDTH_PX
from studio.perception.views.geometry import projected
from studio.perception.views.network import ROBUST, triangulated
from studio.perception.views.seen import JOINTS, LAYOUT
from studio.training.augment import uniform
from studio.training.task import Batch
from studio.training.tasks.lift import World

_FEWER = (0.15, 0.25, 0.6)
"""The chances of two, three and four views."""
_VIEWS = 4
_AWAY_M, _RAISED_M = (2.2, 3.6), (-0.2, 1.4)
_PX_PER_M, _PX_SPREAD = 64.0, 0.13
_ASKEW_RAD = 0.35
_OWN_M, _OWN_SPREAD, _COARSE_M = 0.004, 0.8, 0.02
"""What the volumes change of a solution by points: of each joint, and how unlike the joints are."""
_VOLUME_M, _VOLUME_SPREAD = 0.08, 0.3
_LOST_PX = 60.0


def rows_of(layout_name: str) -> tuple[list[int], list[bool]]:
    """Where the joints stand among the points of moving people, and which of them do."""
    theirs, names = layout("openpose_137").points, layout(layout_name).points
    known = [name in theirs for name in names]
    return [theirs.index(name) if name in theirs else 0 for name in names], known


_ROWS, _KNOWN = rows_of(LAYOUT)


def made_up(told: Batch, world: World, dice: torch.Generator, count: int) -> Batch:
    """``count`` solutions in the form of ``told``, whose views lend their errors; and which joints
    are ``known`` (count, 26): moving people have no top of the head."""
    xyz = world.movement.draw(dice, count, 1).xyz_m[:, 0, _ROWS]
    xyz = _turned(xyz - (xyz.amin(1) + xyz.amax(1))[:, None] / 2, dice)
    rig = _rig(dice, count)
    at, _ = projected(rig, xyz)
    off, sigma = _errors(told, dice, count)
    fewer = torch.multinomial(torch.tensor(_FEWER), count, replacement=True, generator=dice)
    rank = torch.rand(count, _VIEWS, generator=dice).argsort(1).argsort(1)
    there = rank < fewer[:, None] + 2
    xy = at + off
    points = triangulated(rig, xy, there[..., None] / sigma, ROBUST)
    own = torch.exp(_OWN_SPREAD * torch.randn(count, JOINTS, 1, generator=dice)) * _OWN_M
    fine = points + own * torch.randn(count, JOINTS, 3, generator=dice)
    wide = torch.exp(_VOLUME_SPREAD * torch.randn(count, JOINTS, 3, generator=dice)) * _VOLUME_M
    return {
        "fine_m": fine,
        "coarse_m": fine + _COARSE_M * torch.randn(count, JOINTS, 3, generator=dice),
        "points_m": points, "spread_m": wide, "xy_px": xy, "sigma_px": sigma, "projections": rig,
        "there": there, "points": xyz, "known": torch.tensor(_KNOWN).expand(count, JOINTS),
    }  # fmt: skip


def _turned(xyz: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    angle = uniform(dice, 0, 2 * math.pi, len(xyz))
    cos, sin, none = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    turn = torch.stack([cos, -sin, none, sin, cos, none, none, none, none + 1], -1)
    return torch.einsum("bij,bnj->bni", turn.view(-1, 3, 3), xyz)


def _rig(dice: torch.Generator, count: int) -> torch.Tensor:
    """Projections (count, views, 3, 4) of cameras about the origin, which the crops fill."""
    shape = (count, _VIEWS)
    ring = torch.arange(_VIEWS) * (2 * math.pi / _VIEWS) + uniform(dice, 0, 2 * math.pi, count, 1)
    ring = ring + _ASKEW_RAD * torch.randn(shape, generator=dice)
    away = uniform(dice, *_AWAY_M, *shape)
    raised = uniform(dice, *_RAISED_M, *shape)
    place = torch.stack([ring.cos() * away, ring.sin() * away, raised], -1)
    ahead = -place / place.norm(dim=-1, keepdim=True)
    right = torch.linalg.cross(ahead, torch.tensor([0.0, 0.0, 1.0]).expand_as(ahead))
    right = right / right.norm(dim=-1, keepdim=True)
    axes = torch.stack([right, torch.linalg.cross(ahead, right), ahead], -2)
    focal = torch.exp(_PX_SPREAD * torch.randn(shape, generator=dice)) * _PX_PER_M
    inner = torch.zeros(*shape, 3, 3)
    inner[..., 0, 0] = inner[..., 1, 1] = focal * place.norm(dim=-1)
    inner[..., 0, 2], inner[..., 1, 2] = (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2
    inner[..., 2, 2] = 1.0
    return inner @ torch.cat([axes, -axes @ place[..., None]], -1)


def _errors(told: Batch, dice: torch.Generator, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """How far off points are, and how far they say, in views (count, views, 26, ...) drawn from
    those of other scenes."""
    off = told["xy_px"] - told["truth_px"]
    there = told["there"] & (off.norm(dim=-1) < _LOST_PX).all(-1)
    off, sigma = off[there], told["sigma_px"][there]
    which = torch.randint(len(off), (count, _VIEWS), generator=dice)
    return off[which], sigma[which]
