"""A new head: a set of layers of its own, from the mean of those that were learned, fitted to
photographs; then all layers and the cameras.

Source: the thesis' 4.3 (two steps). Beyond it heads begin as their parametric fit, both sides are
held alike as far as heads are, what is usual of learned heads holds what is heads' own, and what is
not seen stays as the first step left it.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from studio.perception.neural_heads.losses import (
    mirror_loss,
    normal_loss,
    seen_loss,
    skin_loss,
)
from studio.perception.neural_heads.network import UNIT_M, Fields, HeadNetwork
from studio.perception.neural_heads.occupied import Occupied
from studio.perception.neural_heads.photographs import (
    BARE,
    FREE,
    HEAD,
    UNKNOWN,
    Photograph,
    headed,
)
from studio.perception.neural_heads.prior import Usual
from studio.perception.neural_heads.space import HIGH_M, LOW_M, Space, asked
from studio.perception.neural_heads.volume import Rays, first_met, look, rays_of

RAYS = 160
FIRST, SECOND = 100, 60
"""Steps with the head's own layers alone, and with all layers and the cameras."""
_SHARE = 0.45
_OWN_RATE, _CAMERA_RATE = 6e-3, 5e-4
_PRIOR = 0.3
"""How much it counts that what is a head's own is usual: with less, what no photograph shows is
made up."""
_NEAR = 0.5
_POINTS = 384
_TURN, _SHIFT_M = 0.02, 0.006
"""How far cameras are off, usually (radians, metres)."""
NORMALS = 0.3
"""How much it counts, where photographs are of somebody real, that the surface looks where skin is
bare as the fit's does: what is learned of made-up faces makes them truer, not real ones."""
_SKIN_POINTS, _BARE = 128, 8000
"""Places of bare skin in each step, and in all photographs together."""
LOOKED_UP = 20
"""After so many steps it is looked up anew where the surface is."""
_GRAZING = 0.25
"""Skin that is seen at a flatter angle (its cosine) tells nothing of where it is."""


@dataclass(frozen=True)
class Effort:
    """How long to fit: ``steps`` of the first and the second part, or ``seconds`` in all. In the
    second part layers move at ``rate``, and what is not seen is held by ``stay``: of a network that
    has learned nothing, not at all. What the fit tells counts so much, nothing if not said: that
    the surface goes through its ``skin`` where the photographs show that bare, that it looks there
    as that does (``normals``), and that it goes through the landmarks (``marks``)."""

    steps: tuple[int, int] = (FIRST, SECOND)
    seconds: float | None = None
    rate: float = 1e-4
    stay: float = 1.0
    skin: float = 0.0
    normals: float = 0.0
    marks: float = 0.0
    skip: bool = True


@dataclass(eq=False)
class NeuralHead:
    """A head as it is learned: the network with what is its own, the space about its fit, its
    photographs with how their cameras are turned and moved (photographs, 6), how many steps of each
    part were made, and where the fit has its landmarks (metres), if that is known."""

    network: HeadNetwork
    own: list[Tensor | None]
    space: Space
    photographs: tuple[Photograph, ...]
    cameras: Tensor
    steps: tuple[int, int] = (0, 0)
    marks_m: Float[np.ndarray, "marks 3"] | None = None
    fields: Fields = field(init=False)

    def __post_init__(self) -> None:
        self.fields = Fields.of([self.space])

    @torch.no_grad()
    def outside_m(
        self, points_m: Float[np.ndarray, "points 3"],
        bare_m: Float[np.ndarray, " points"] | None = None,
    ) -> Float32[np.ndarray, " points"]:  # fmt: skip
        """How far outside the head with its hair points are; ``bare_m`` says how far outside the
        fit's skin, where that is known exactly."""
        found: list[Tensor] = []
        for first in range(0, len(points_m), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            points = torch.from_numpy(np.ascontiguousarray(points_m[part], np.float32))[None]
            bare = None
            if bare_m is not None:
                bare = torch.from_numpy(np.asarray(bare_m[part], np.float32) / UNIT_M)[None]
            told = self.network.tell(points, self.fields, self.own, ways=False, bare=bare)
            found.append(told.outside[0])
        return (torch.cat(found) * UNIT_M).numpy() if found else np.zeros(0, np.float32)

    def seen(self, lens: np.ndarray, pose: np.ndarray, side_px: int) -> np.ndarray:
        """The picture (side, side, 4; 0 to 1, how opaque last) that a camera sees."""
        rows, columns = np.mgrid[:side_px, :side_px]
        pixels = torch.from_numpy(np.stack([columns, rows], -1).reshape(-1, 2).astype(np.float32))
        occupied = Occupied.of(self.network, self.fields, self.own)
        out: list[Tensor] = []
        for part in pixels.split(4096):
            count = len(part)
            rays = rays_of(part[None], torch.tensor(lens).float().expand(1, count, 4),
                           torch.tensor(pose).float().expand(1, count, 3, 4))  # fmt: skip
            told = look(self.network, rays, self.fields, self.own, occupied=occupied)
            out.append(torch.cat([told.colour, told.cover[..., None]], -1)[0].detach())
        return torch.cat(out).reshape(side_px, side_px, 4).clamp(0, 1).numpy()


_AT_ONCE = 65_536


def begun(
    network: HeadNetwork, space: Space, photographs: Sequence[Photograph], heads: int | None = None,
    marks_m: Float[np.ndarray, "marks 3"] | None = None,
) -> NeuralHead:  # fmt: skip
    """A head before it is fitted: the mean of those ``heads`` that the network has learned."""
    own = copy.deepcopy(network).average_own(heads)
    return NeuralHead(copy.deepcopy(network), own, space, tuple(photographs),
                      torch.zeros(len(photographs), 6), marks_m=marks_m)  # fmt: skip


def fitted(
    head: NeuralHead, effort: Effort = Effort(), seed: int = 0, heads: int | None = None
) -> Generator[NeuralHead, None, None]:
    """Fit a head to its photographs, on from where it is: changed in place, and yielded after every
    step. It can be ended at any step, and keeps what it is; time between steps does not count. One
    whose second part has begun stays in that."""
    start = time.monotonic()
    usual = Usual.of(head.network, heads or head.network.heads)
    dice = torch.Generator().manual_seed(seed + sum(head.steps))
    source, share = _Pixels(head), 0.0 if head.steps[1] else _SHARE
    spent_s = time.monotonic() - start
    for part in (0, 1):
        if part == 0 and all(one is None for one in head.own):
            continue
        steps = _Steps(head, part, usual, source, effort)
        while (left := _left(head, part, effort, spent_s, share)) > 0:
            begin = time.monotonic()
            steps.make(left, dice)
            head.steps = (head.steps[0] + (part == 0), head.steps[1] + (part == 1))
            spent_s += time.monotonic() - begin
            yield head
        steps.end()


def _left(head: NeuralHead, part: int, effort: Effort, spent_s: float, share: float) -> float:
    """What share of a part is left, 0 to 1; the first has this share of the time."""
    if effort.seconds is None:
        wanted = effort.steps[part]
        return 1 - head.steps[part] / wanted if wanted else 0.0
    end = effort.seconds * (share if part == 0 else 1.0)
    length = effort.seconds * (share if part == 0 else 1 - share)
    return (end - spent_s) / max(length, 1e-6)


class _Steps:
    """The steps of one part: which numbers move, and by what they are judged."""

    def __init__(
        self, head: NeuralHead, part: int, usual: Usual | None, source: _Pixels, effort: Effort
    ) -> None:
        self._head, self._part, self._usual, self._source = head, part, usual, source
        self._effort = effort
        network = head.network
        for one in network.parameters():
            one.requires_grad_(part == 1)
        mine = [one for one in head.own if one is not None]
        for one in mine:
            one.requires_grad_(True)
        head.cameras.requires_grad_(part == 1)
        groups: list[dict[str, Any]] = [
            {"params": mine, "rate": _OWN_RATE if part == 0 else 0.2 * _OWN_RATE}
        ]
        if part == 1:
            shared = [one for one in network.shared() if one is not None]
            groups += [{"params": [*shared, network.sharp], "rate": effort.rate},
                       {"params": [head.cameras], "rate": _CAMERA_RATE}]  # fmt: skip
        elif not mine:
            groups = [{"params": [network.sharp.requires_grad_(True)], "rate": effort.rate}]
        self._optimiser = torch.optim.Adam([{**g, "lr": 0.0} for g in groups], betas=(0.9, 0.95))
        self._occupied: Occupied | None = None
        self._made = 0
        self._kept = copy.deepcopy((network, [None if o is None else o.detach() for o in head.own]))

    def make(self, left: float, dice: torch.Generator) -> None:
        head = self._head
        for group in self._optimiser.param_groups:
            group["lr"] = group["rate"] * (0.05 + 0.95 * left)
        effort = self._effort
        drawn = self._source.some(dice)
        if effort.skip and self._made % LOOKED_UP == 0:
            self._occupied = Occupied.of(head.network, head.fields, head.own)
        self._made += 1
        seen = look(head.network, drawn.rays, head.fields, head.own, dice, self._occupied)
        found = seen_loss(seen, drawn.rgb, drawn.labels)
        found["mirror"] = mirror_loss(head.network, head.fields, head.own, dice)
        if effort.normals and drawn.facing is not None:
            found["normals"] = effort.normals * normal_loss(seen, drawn.facing)
        met = self._source.skin(dice) if effort.skin else None
        for weight, points in ((effort.skin, met), (effort.marks, self._source.marks)):
            if weight and points is not None:
                lost = skin_loss(head.network, points, head.fields, head.own)
                found["skin"] = found.get("skin", 0) + weight * lost
        mine = [one for one in head.own if one is not None]
        if self._usual is not None and mine:
            found["usual"] = _PRIOR * self._usual.unlikely(torch.cat([o[0] for o in mine]))
        if self._part == 1:
            if effort.stay:
                found["stay"] = effort.stay * self._stay(dice)
            off = head.cameras / torch.tensor([_TURN] * 3 + [_SHIFT_M] * 3)
            found["cameras"] = 0.01 * off.square().mean()
        self._optimiser.zero_grad()
        torch.stack(list(found.values())).sum().backward()
        moved = [p for g in self._optimiser.param_groups for p in g["params"]]
        torch.nn.utils.clip_grad_norm_(moved, 1.0)
        self._optimiser.step()

    def _stay(self, dice: torch.Generator) -> Tensor:
        """How far the surface went from where the first part left it."""
        low = torch.as_tensor(LOW_M, dtype=torch.float32)
        high = torch.as_tensor(HIGH_M, dtype=torch.float32)
        points = low + torch.rand(1, _POINTS, 3, generator=dice) * (high - low)
        network, own = self._kept
        with torch.no_grad():
            before = network.tell(points, self._head.fields, own, ways=False).outside
        now = self._head.network.tell(points, self._head.fields, self._head.own, ways=False)
        near = (before.abs() < _NEAR).float()
        return ((now.outside - before).abs() * near).sum() / near.sum().clamp_min(1)

    def end(self) -> None:
        for one in (*self._head.network.parameters(), self._head.cameras, *self._head.own):
            if one is not None:
                one.requires_grad_(False)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Some rays with their colours and labels, of one head each (1, n, ...), and which way the fit
    looks where they meet its bare skin (0: not known)."""

    rays: Rays
    rgb: Tensor
    labels: Tensor
    facing: Tensor | None


class _Pixels:
    """The pixels of a head's photographs that tell something, and what of the fit they show."""

    def __init__(self, head: NeuralHead) -> None:
        self._head = head
        labels = [labels_of(one, head.fields) for one in head.photographs]
        self._labels = torch.from_numpy(np.stack(labels).astype(np.int64))
        self._rgb = torch.from_numpy(np.stack([one.rgb for one in head.photographs]))
        known = self._labels != UNKNOWN
        there = (self._labels == HEAD) | (self._labels == BARE)
        edge = torch.nn.functional.max_pool2d(there.float()[:, None], 31, 1, 15)
        near = (edge[:, 0] > 0) & known
        self._on = there.nonzero()
        self._off = (near & (self._labels == FREE)).nonzero()
        self._lens = torch.from_numpy(np.stack([one.lens for one in head.photographs])).float()
        self._poses = torch.from_numpy(np.stack([one.pose for one in head.photographs])).float()
        self._met, self._facing = self._bare()
        self.marks = None
        if head.marks_m is not None:
            self.marks = torch.from_numpy(head.marks_m.astype(np.float32))[None]

    def _bare(self) -> tuple[Tensor, Tensor | None]:
        """Where bare pixels meet the fit's skin (n, 3; metres), and which way that looks there, as
        pictures (photographs, rows, columns, 3; 0 elsewhere)."""
        bare = (self._labels == BARE).nonzero()
        if not len(bare):
            return torch.zeros(0, 3), None
        view, row, column = bare[:: 1 + len(bare) // _BARE].T
        pixels = torch.stack([column, row], -1).float()
        rays = rays_of(pixels[None], self._lens[view][None], self._poses[view][None])
        met, there, facing = first_met(rays, self._head.fields)
        there = there[0] & (-(facing * rays.way).sum(-1)[0] > _GRAZING)
        pictures = torch.zeros(*self._labels.shape, 3)
        pictures[view[there], row[there], column[there]] = facing[0, there]
        return met[0, there], pictures

    def skin(self, dice: torch.Generator) -> Tensor | None:
        """Some places (1, n, 3) of the fit's skin that the photographs show bare."""
        if not len(self._met):
            return None
        return self._met[torch.randint(len(self._met), (_SKIN_POINTS,), generator=dice)][None]

    def some(self, dice: torch.Generator) -> _Drawn:
        """Some rays."""
        many = int(0.6 * RAYS)
        picked = [
            every[torch.randint(len(every), (count,), generator=dice)]
            for every, count in ((self._on, many), (self._off, RAYS - many))
            if len(every)
        ]
        view, row, column = torch.cat(picked).T
        poses = turned(self._poses, self._head.cameras)[view]
        pixels = torch.stack([column, row], -1).float()
        rays = rays_of(pixels[None], self._lens[view][None], poses[None])
        rgb = self._rgb[view, row, column].float()[None] / 255
        labels = self._labels[view, row, column]
        labels = torch.where(labels == BARE, HEAD, labels)[None]
        facing = None if self._facing is None else self._facing[view, row, column][None]
        return _Drawn(rays, rgb, labels, facing)


def covered(head: NeuralHead, side_px: int = 56) -> float:
    """How well a head's outline covers that of its photographs (IoU, the mean)."""
    found: list[float] = []
    for one in head.photographs:
        step = one.labels.shape[0] / side_px
        at = (np.arange(side_px) * step).astype(int)
        labels = labels_of(one, head.fields)[np.ix_(at, at)]
        lens = one.lens / step
        shown = head.seen(lens, one.pose, side_px)[..., 3] > 0.5
        known = labels != UNKNOWN
        there = headed(labels)
        both = (shown & there & known).sum()
        found.append(float(both / max(((shown | there) & known).sum(), 1)))
    return float(np.mean(found))


def turned(poses: Tensor, by: Tensor) -> Tensor:
    """Cameras' poses (n, 3, 4), turned and moved by (n, 6)."""
    x, y, z = by[:, :3].unbind(-1)
    o = torch.zeros_like(x)
    cross = torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).unflatten(-1, (3, 3))
    turn = torch.linalg.matrix_exp(cross)
    return torch.cat([turn @ poses[..., :3], poses[..., 3:] + by[:, 3:, None]], -1)


@torch.no_grad()
def labels_of(one: Photograph, fields: Fields) -> np.ndarray:
    """A photograph's labels; what is seen of the neck below the box is not known."""
    rows, columns = np.nonzero(one.head)
    labels = one.labels.copy()
    if not len(rows):
        return labels
    pixels = torch.from_numpy(np.column_stack([columns, rows]).astype(np.float32))[None]
    lens = torch.from_numpy(one.lens).float().expand(1, len(rows), 4)
    rays = rays_of(pixels, lens, torch.from_numpy(one.pose).float().expand(1, len(rows), 3, 4))
    way = torch.where(rays.way.abs() < 1e-6, torch.full_like(rays.way, 1e-6), rays.way)
    low, high = (torch.as_tensor(m, dtype=torch.float32) for m in (LOW_M, HIGH_M))
    a, b = (low - rays.eye_m) / way, (high - rays.eye_m) / way
    first, last = torch.minimum(a, b).amax(-1), torch.maximum(a, b).amin(-1)
    far = first[..., None] + torch.linspace(0, 1, 64) * (last - first)[..., None]
    points = rays.at(far)
    near = asked(fields.outside[:, :1], points.flatten(1, 2))[..., 0].unflatten(1, far.shape[1:])
    below = (rays.at(last[..., None])[..., 0, 2] < LOW_M[2] + 1e-3) | (last < first)
    entered = rays.at(first[..., None])[..., 0, 2] < LOW_M[2] + 1e-3
    unknown = ((below | entered) & (near.amin(-1) > 0))[0].numpy()
    labels[rows[unknown], columns[unknown]] = UNKNOWN
    return labels
