"""A new head: a set of layers of its own, from the mean of those that were learned, fitted to
photographs; then all layers and the cameras.

Source: the thesis' 4.3 (two steps). Beyond it heads begin as their parametric fit, both sides are
held alike as far as heads are, what is usual of learned heads holds what is heads' own, which is
learned along the ways in which heads differ too, rays skip where no surface is, and what is not
seen stays as the first step left it.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Generator, Mapping, Sequence
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
from studio.perception.neural_heads.network import UNIT_M, Fields, HeadNetwork, Own
from studio.perception.neural_heads.occupied import Occupied
from studio.perception.neural_heads.photographs import (
    UNKNOWN,
    Photograph,
    headed,
)
from studio.perception.neural_heads.pixels import Pixels, labels_of
from studio.perception.neural_heads.prior import Usual
from studio.perception.neural_heads.space import HIGH_M, LOW_M, Space
from studio.perception.neural_heads.volume import look, rays_of

FIRST, SECOND = 100, 60
"""Steps with the head's own layers alone, and with all layers and the cameras."""
_SHARE = 0.45
_OWN_RATE, _CAMERA_RATE = 6e-3, 5e-4
_PRIOR = 0.3
"""How much it counts that what is a head's own is usual: with less, what no photograph shows is
made up."""
_ALONG, _ALONG_RATE = 0.05, 0.15
"""How much that counts along the ways alone, and how quickly heads move there."""
COLOUR = 4.0
"""So many times as much colours count as where many heads are learned at once."""
_NEAR = 0.5
_POINTS = 384
_TURN, _SHIFT_M = 0.02, 0.006
"""How far cameras are off, usually (radians, metres)."""
LOOKED_UP = 20
"""After so many steps it is looked up anew where the surface is."""


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
    colour: float = COLOUR


REAL = Effort(normals=0.3, colour=1.0)
"""How photographs of somebody real are learned: that the surface looks where skin is bare as the
fit's does counts too, and colours no more than where heads were learned. What is learned of made-up
faces makes them truer, not real ones."""


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
    source, share = Pixels(head), 0.0 if head.steps[1] else _SHARE
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


class _Side:
    """One way to move what is a head's own: what that is now, told by numbers that move at a
    ``rate`` (groups of them, the first are its own), and how unlikely it is."""

    def __init__(
        self, own: Callable[[], Own], unlikely: Callable[[Own], Tensor] | None,
        groups: Sequence[Mapping[str, Any]],
    ) -> None:  # fmt: skip
        self.own, self.unlikely = own, unlikely
        self.optimiser = torch.optim.Adam([{**g, "lr": 0.0} for g in groups], betas=(0.9, 0.95))
        self.moved = [number for group in groups for number in group["params"]]
        self.occupied: Occupied | None = None


class _Steps:
    """The steps of one part: which numbers move, and by what they are judged.

    In the first part what is a head's own is learned twice: number by number, and along the ways
    alone in which heads differ most. It is the mean of both, which err otherwise.
    """

    def __init__(
        self, head: NeuralHead, part: int, usual: Usual | None, source: Pixels, effort: Effort
    ) -> None:
        self._head, self._part, self._usual, self._source = head, part, usual, source
        self._effort, self._made = effort, 0
        for one in (*head.network.parameters(), head.cameras):
            one.requires_grad_(part == 1)
        mine = head.own
        if part == 0:
            mine = [None if one is None else one.detach().clone() for one in head.own]
        self._sides = [self._freely(mine)]
        if part == 0 and usual is not None:
            self._sides.append(self._along(usual))
        self._kept = copy.deepcopy(
            (head.network, [None if o is None else o.detach() for o in head.own])
        )

    def _freely(self, own: list[Tensor | None]) -> _Side:
        network, rate = self._head.network, self._effort.rate
        mine = [one.requires_grad_(True) for one in own if one is not None]
        groups: list[dict[str, Any]] = [
            {"params": mine, "rate": _OWN_RATE if self._part == 0 else 0.2 * _OWN_RATE}
        ]
        if self._part == 1:
            shared = [one for one in network.shared() if one is not None]
            groups += [{"params": [*shared, network.sharp], "rate": rate},
                       {"params": [self._head.cameras], "rate": _CAMERA_RATE}]  # fmt: skip
        usual = self._usual if mine else None

        def unlikely(now: Own) -> Tensor:
            assert usual is not None
            return _PRIOR * usual.unlikely(_row(now))

        return _Side(lambda: own, None if usual is None else unlikely, groups)

    def _along(self, usual: Usual) -> _Side:
        own = [None if one is None else one.detach() for one in self._head.own]
        far = usual.along(_row(own)).requires_grad_(True)

        def unlikely(_: Own) -> Tensor:
            return _ALONG * far.square().mean()

        groups = [{"params": [far], "rate": _ALONG_RATE}]
        return _Side(lambda: usual.at(far, own), unlikely, groups)

    def make(self, left: float, dice: torch.Generator) -> None:
        for side in self._sides:
            self._move(side, left, dice)
        self._made += 1
        if self._part == 0:
            every = [[None if o is None else o.detach() for o in s.own()] for s in self._sides]
            self._head.own[:] = [
                None if layer[0] is None else torch.stack(layer).mean(0)
                for layer in zip(*every, strict=True)
            ]

    def _move(self, side: _Side, left: float, dice: torch.Generator) -> None:
        head, effort, own = self._head, self._effort, side.own()
        for group in side.optimiser.param_groups:
            group["lr"] = group["rate"] * (0.05 + 0.95 * left)
        if effort.skip and self._made % LOOKED_UP == 0:
            side.occupied = Occupied.of(head.network, head.fields, own)
        drawn = self._source.some(dice)
        seen = look(head.network, drawn.rays, head.fields, own, dice, side.occupied)
        found = seen_loss(seen, drawn.rgb, drawn.labels)
        found["colour"] = effort.colour * found["colour"]
        found["mirror"] = mirror_loss(head.network, head.fields, own, dice)
        if effort.normals and drawn.facing is not None:
            found["normals"] = effort.normals * normal_loss(seen, drawn.facing)
        met = self._source.skin(dice) if effort.skin else None
        for weight, points in ((effort.skin, met), (effort.marks, self._source.marks)):
            if weight and points is not None:
                lost = skin_loss(head.network, points, head.fields, own)
                found["skin"] = found.get("skin", 0) + weight * lost
        if side.unlikely is not None:
            found["usual"] = side.unlikely(own)
        if self._part == 1:
            if effort.stay:
                found["stay"] = effort.stay * self._stay(dice)
            off = head.cameras / torch.tensor([_TURN] * 3 + [_SHIFT_M] * 3)
            found["cameras"] = 0.01 * off.square().mean()
        side.optimiser.zero_grad()
        torch.stack(list(found.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(side.moved, 1.0)
        side.optimiser.step()

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


def _row(own: Own) -> Tensor:
    """What is a head's own, in a row."""
    return torch.cat([one[0] for one in own if one is not None])


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
