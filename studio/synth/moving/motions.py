"""Movement between key poses: batches of people who stand, walk, act and turn, in torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from studio.human.rig import ACTIONS
from studio.synth.factory.faces import random_face
from studio.synth.factory.streams import Split, stream
from studio.synth.moving.bodies import TARGET, Bodies, turn_matrices
from studio.synth.moving.keyposes import (
    ARMS,
    HANDS,
    HEAD,
    LEGS,
    MOVING,
    PHASES,
    TRUNK,
    KeyPoses,
)

KEYS = 8
RATES_HZ = (10.0, 15.0, 24.0, 25.0, 30.0, 30.0, 30.0, 50.0, 60.0)
_FACES = 400
_STILL, _WALK, _FREE_LEGS, _TILTED = 0.2, 0.18, 0.15, 0.06
_SAME_MOTION = 0.6
_STRIDE_M = 1.16
_LOOSE_DEG = {
    **dict.fromkeys(TRUNK, 3.0), **dict.fromkeys(HEAD, 4.0),
    **{b: 6.0 for s in "LR" for b in HANDS[s]},
    **{b: d for s in "LR" for b, d in zip(ARMS[s], (4.0, 12.0, 9.0, 6.0, 12.0), strict=True)},
    **{b: d for s in "LR" for b, d in zip(LEGS[s], (9.0, 5.0, 8.0), strict=True)},
}  # fmt: skip
"""How far a bone is turned at random beyond what the key poses say (degrees, one sigma)."""


def rows(*bones: str) -> list[int]:
    """The places of bones in MOVING."""
    return [MOVING.index(bone) for bone in bones]


_MIXED = (
    (0.3, rows(*LEGS["L"], *LEGS["R"])), (0.3, rows(*ARMS["L"])), (0.3, rows(*ARMS["R"])),
    (0.3, rows(*HEAD)), (0.5, rows(*HANDS["L"])), (0.5, rows(*HANDS["R"])),
)  # fmt: skip
"""Parts of a pose that are taken from another one, and how often."""


@dataclass(frozen=True, eq=False)
class Moves:
    """People who move: points (batch, frames, points, 3) in metres, Z up, the lowest on the floor;
    the time between frames (batch,). Points are those of :class:`Bodies`."""

    xyz_m: Float[Tensor, "batch frames points 3"]
    step_s: Float[Tensor, " batch"]


def uniform(dice: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Numbers between low and high."""
    return low + (high - low) * torch.rand(*shape, generator=dice)


def spread(dice: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Numbers between low and high, evenly by their logarithms."""
    return torch.exp(uniform(dice, math.log(low), math.log(high), *shape))


def chance(dice: torch.Generator, share: float, *shape: int) -> Tensor:
    """True with that chance."""
    return torch.rand(*shape, generator=dice) < share


def _normal(dice: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=dice)


def quaternions(vectors: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 4"]:
    """Quaternions (x, y, z, w) of rotation vectors in radians."""
    half = vectors.norm(dim=-1, keepdim=True) / 2
    return torch.cat([vectors * 0.5 * torch.sinc(half / math.pi), torch.cos(half)], -1)


def product(a: Float[Tensor, "*batch 4"], b: Float[Tensor, "*batch 4"]) -> Tensor:
    """The quaternion that turns by ``b``, then by ``a``."""
    (ax, ay, az, aw), (bx, by, bz, bw) = a.unbind(-1), b.unbind(-1)
    return torch.stack([
        aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz,
    ], -1)  # fmt: skip


def between(q: Tensor, p: Tensor, share: Tensor) -> Tensor:
    """From quaternions q to p, the short way round; not of length 1."""
    near = torch.where((q * p).sum(-1, keepdim=True) < 0, -p, p)
    return q + share * (near - q)


@cache
def _faces(split: Split) -> Tensor:
    rng = stream("lifted faces", split)
    made = [random_face(rng)[1] for _ in range(_FACES)]
    return torch.tensor([[m.get(a, 0.0) for a in ACTIONS] for m in made])


class Movement:
    """Draws sequences of people of a split who move."""

    def __init__(self, bodies: Bodies, poses: KeyPoses, split: Split) -> None:
        self._bodies = bodies
        self._turns = torch.from_numpy(poses.turns)
        self._strides = torch.from_numpy(poses.strides)
        self._faces = _faces(split)
        order = np.argsort(poses.motion, kind="stable")
        self._sorted = torch.from_numpy(order)
        counts = np.bincount(poses.motion, minlength=len(poses.names))
        kept = np.flatnonzero(counts)
        starts = np.concatenate([[0], np.cumsum(counts)])[kept]
        self._motions = torch.from_numpy(np.stack([starts, counts[kept]], 1))

    def draw(self, dice: torch.Generator, batch: int, frames: int, still: bool = False) -> Moves:
        """Sequences of so many frames. ``still``: everybody stands still as they are."""
        rate = torch.tensor(RATES_HZ)[torch.randint(len(RATES_HZ), (batch,), generator=dice)]
        step = 1 / rate
        time = torch.arange(frames) * step[:, None]
        calm = chance(dice, 1.0 if still else _STILL, batch)
        first, share = _timing(dice, time, calm)
        q = self._between_keys(dice, first, share)
        walking = chance(dice, _WALK, batch) & ~calm
        q, speed = self._walking(dice, q, time, walking)
        q = _loosened(dice, q, time, calm)
        turns = turn_matrices(q)
        turns[:, :, 0] = _facing(dice, time, calm) @ turns[:, :, 0]
        who = torch.randint(self._bodies.count, (batch,), generator=dice)
        xyz = self._bodies.pose(who, turns, self._expressions(dice, first, share))
        low = xyz[:, :, : len(TARGET), 2].amin(2)
        there = _path(dice, time, speed, turns[:, :, 0], calm)
        there[..., 2] = -low
        return Moves(xyz + there[:, :, None], step)

    def _picked(self, dice: torch.Generator, batch: int) -> Int[Tensor, "batch keys"]:
        """Numbers of key poses, mostly of one motion."""
        which = torch.randint(len(self._motions), (batch, KEYS), generator=dice)
        same = chance(dice, _SAME_MOTION, batch, 1)
        start, count = self._motions[torch.where(same, which[:, :1], which)].unbind(-1)
        place = (torch.rand(batch, KEYS, generator=dice) * count).long()
        return self._sorted[start + place]

    def _between_keys(self, dice: torch.Generator, first: Tensor, share: Tensor) -> Tensor:
        batch, frames = first.shape
        every = torch.arange(KEYS).expand(batch, -1)
        used = torch.cat([first, first + 1], 1) if frames == 1 else every
        keys = self._turns[self._picked(dice, batch).gather(1, used)]
        for often, bones in _MIXED:
            other = chance(dice, often, batch).nonzero()[:, 0]
            picked = self._picked(dice, len(other)).gather(1, used[other])
            keys[other[:, None], :, torch.tensor(bones)] = self._turns[
                picked[:, None], torch.tensor(bones)[:, None]
            ]
        free = chance(dice, _FREE_LEGS, batch).nonzero()[:, 0]
        legs = _free_legs(dice, len(free))[torch.arange(len(free))[:, None], used[free]]
        bones = rows(*LEGS["L"], *LEGS["R"])
        keys[free[:, None], :, torch.tensor(bones)] = legs.transpose(1, 2)
        if frames == 1:
            return between(keys[:, :1], keys[:, 1:], share[..., None, None])
        at = torch.arange(batch)[:, None].expand(-1, frames)
        return between(keys[at, first], keys[at, first + 1], share[..., None, None])

    def _walking(
        self, dice: torch.Generator, q: Tensor, time: Tensor, walking: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Those who walk get a stride's turns, but often keep their arms; and everybody's speed."""
        batch = len(time)
        period = uniform(dice, 0.75, 1.5, batch)
        speed = torch.where(walking, _STRIDE_M / period * uniform(dice, 0.8, 1.25, batch), 0.0)
        some = walking.nonzero()[:, 0]
        if not len(some):
            return q, speed
        which = torch.randint(len(self._strides), (len(some),), generator=dice)
        place = uniform(dice, 0, PHASES, len(some))[:, None]
        place = place + PHASES * time[some] / period[some][:, None]
        before = place.floor()
        strides = self._strides[which]
        at = torch.arange(len(some))[:, None].expand(-1, time.shape[1])
        phase = before.long() % PHASES
        gait = between(
            strides[at, phase], strides[at, (phase + 1) % PHASES],
            (place - before)[..., None, None],
        )  # fmt: skip
        busy = chance(dice, 0.35, len(some)).nonzero()[:, 0]
        kept = rows(*ARMS["L"], *ARMS["R"], *HEAD)
        place_q = q[some]
        for bone in kept:
            gait[busy, :, bone] = place_q[busy, :, bone]
        for bone in rows(*HANDS["L"], *HANDS["R"]):
            gait[:, :, bone] = place_q[:, :, bone]
        q = q.clone()
        q[some] = gait
        return q, speed

    def _expressions(self, dice: torch.Generator, first: Tensor, share: Tensor) -> Tensor:
        batch, frames = first.shape
        keys = self._faces[torch.randint(_FACES, (batch, KEYS), generator=dice)]
        at = torch.arange(batch)[:, None].expand(-1, frames)
        return keys[at, first] + share[..., None] * (keys[at, first + 1] - keys[at, first])


def _timing(dice: torch.Generator, time: Tensor, calm: Tensor) -> tuple[Tensor, Tensor]:
    """Before which key pose each moment lies, and how far it is on the way to the next (0 to 1,
    slow at both ends, with a rest at some)."""
    batch = len(time)
    lasts = spread(dice, 0.22, 1.6, batch, 1) * uniform(dice, 0.6, 1.6, batch, KEYS - 1)
    ends = lasts.cumsum(1)
    late = time + uniform(dice, 0, 1, batch)[:, None] * lasts[:, :1]
    late = torch.where(calm[:, None], uniform(dice, 0, 1, batch)[:, None] * ends[:, -1:], late)
    first = (late[..., None] >= ends[:, None]).sum(-1).clamp(max=KEYS - 2)
    begun = torch.cat([torch.zeros(batch, 1), ends], 1).gather(1, first)
    way = ((late - begun) / lasts.gather(1, first)).clamp(0, 1)
    rest = uniform(dice, 0, 0.35, batch)[:, None] * chance(dice, 0.5, batch)[:, None]
    way = ((way - rest) / (1 - 2 * rest)).clamp(0, 1)
    return first, way * way * (3 - 2 * way)


def _free_legs(dice: torch.Generator, batch: int) -> Tensor:
    """Legs bent anyhow (batch, keys, 6, 4): hip, knee and foot of the left, then of the right."""
    legs: list[Tensor] = []
    both = uniform(dice, 0, 1, batch, KEYS)
    for out in (1.0, -1.0):
        own = uniform(dice, 0, 1, batch, KEYS)
        bent = torch.where(chance(dice, 0.5, batch, 1), both, own)
        raised = torch.deg2rad(-15 + 110 * bent + 12 * _normal(dice, batch, KEYS))
        aside = torch.deg2rad(uniform(dice, -8, 42, batch, KEYS) * uniform(dice, 0, 1, batch, 1))
        twist = torch.deg2rad(uniform(dice, -15, 25, batch, KEYS))
        knee = torch.deg2rad((130 * uniform(dice, 0, 1, batch, KEYS)) * (0.25 + 0.75 * bent))
        foot = torch.deg2rad(uniform(dice, -20, 30, batch, KEYS))
        nil = torch.zeros_like(raised)

        def about(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
            return quaternions(torch.stack([x, y, z], -1))

        hip = product(about(nil, nil, out * twist), about(nil, -out * aside, nil))
        legs += [product(hip, about(-raised, nil, nil)), about(knee, nil, nil),
                 about(foot, nil, nil)]  # fmt: skip
    return torch.stack(legs, 2)


def _loosened(dice: torch.Generator, q: Tensor, time: Tensor, calm: Tensor) -> Tensor:
    """Every bone turned a little more, by an amount that stays and one that comes and goes."""
    batch, _, bones, _ = q.shape
    loose = torch.deg2rad(torch.tensor([_LOOSE_DEG[bone] for bone in MOVING]))[:, None]
    stays = _normal(dice, batch, 1, bones, 3)
    often = spread(dice, 0.15, 1.5, batch, 1, bones, 1)
    phase = uniform(dice, 0, 2 * math.pi, batch, 1, bones, 1)
    swings = torch.sin(2 * math.pi * often * time[..., None, None] + phase)
    busy = torch.where(calm, 0.0, uniform(dice, 0, 0.7, batch))[:, None, None, None]
    extra = loose * (stays + busy * swings * _normal(dice, batch, 1, bones, 3))
    for knee in rows("lowerleg01.L", "lowerleg01.R"):  # knees bend one way
        extra[:, :, knee] = extra[:, :, knee].abs() * torch.tensor([1.5, 0.0, 0.0])
    return product(q, quaternions(extra))


def _facing(dice: torch.Generator, time: Tensor, calm: Tensor) -> Tensor:
    """Which way the root is turned in the world (batch, frames, 3, 3): any, turning or not; now
    and then the person leans or lies."""
    batch = len(time)
    turning = torch.where(calm | chance(dice, 0.5, batch), 0.0, 0.8 * _normal(dice, batch))
    yaw = uniform(dice, -math.pi, math.pi, batch)[:, None] + turning[:, None] * time
    lean = torch.where(chance(dice, _TILTED, batch), uniform(dice, 0.3, 1.8, batch),
                       0.03 * _normal(dice, batch))  # fmt: skip
    way = uniform(dice, -math.pi, math.pi, batch)
    nil = torch.zeros_like(yaw)
    tilt = quaternions(torch.stack([lean * way.cos(), lean * way.sin(), nil[:, 0]], -1))
    turn = quaternions(torch.stack([nil, nil, yaw], -1))
    return turn_matrices(turn) @ turn_matrices(tilt)[:, None]


def _path(
    dice: torch.Generator, time: Tensor, speed: Tensor, facing: Tensor, calm: Tensor
) -> Tensor:
    """Where the root goes (batch, frames, 3) across the floor."""
    batch = len(time)
    ahead = -facing[..., :2, 1]
    ahead = ahead / ahead.norm(dim=-1, keepdim=True).clamp_min(0.3)
    step = time[:, 1:2] if time.shape[1] > 1 else time[:, :1]
    path = (ahead * (speed[:, None] * step)[..., None]).cumsum(1)
    sway = torch.where(calm, 0.0, 0.02)[:, None, None] * _normal(dice, batch, 1, 2)
    often = spread(dice, 0.1, 0.6, batch, 1)
    path = path + sway * torch.sin(2 * math.pi * often * time)[..., None]
    return torch.cat([path, torch.zeros(*time.shape, 1)], -1)
