"""Pairs as the networks for bodies and heads are given them: points in metres, varied."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from studio.perception.bodies.crops import SIDE_PX, edge_px, heat
from studio.perception.bodies.network import Asked, given_of, in_mirror
from studio.perception.bodies.parts import (
    FEATURES,
    Kind,
    bones_of_parts,
    mark_vertices,
    mirrored,
    mirrored_features,
    part_weights,
)
from studio.training.bodies import STEP_M
from studio.training.task import Batch

_OWN = ("rgb", "mask", "lens", "points", "placed", "inside", "bare", "clothed", "normals",
        "facing", "colours", "near")  # fmt: skip
_SHARED = ("heads", "joints", "turns", "carried", "build", "marks", "grid", "skin")
_MARKS_PX, _MARKS_ALIKE_PX, _LOST = 1.0, 1.0, 0.1
_MOVED_M = 0.006
_SCALED, _SHIFTED, _ROLLED, _SIZED = 0.07, 0.04, 0.14, 0.06
_MIXED, _PATCHES, _PATCH = 0.35, 4, 0.08


@dataclass(frozen=True)
class Pairs:
    """A batch of pairs. In the camera's axes (metres): ``placed_m`` (batch, n, 3) is where the fit
    carries the points, ``root_m`` (batch, 3) where its root is; ``turns`` (batch, parts, 3, 3),
    ``joints_m`` (batch, parts, 3) and ``centre_m`` (batch, 3; the root's place) are true.
    ``inside_m`` (batch, n) is how far inside the points truly are, ``normals`` and ``colours``
    (batch, n, 3) those of the nearest surface; ``grid_m`` is the posed truth, into whose axes and
    size ``to_grid`` (batch, 3, 3) takes what lies about the root."""

    rgb: Tensor
    mask: Tensor
    edge: Tensor
    heat: Tensor | None
    lens: Tensor
    asked: Asked
    placed_m: Tensor
    root_m: Tensor
    inside_m: Tensor
    normals: Tensor
    colours: Tensor
    turns: Tensor
    joints_m: Tensor
    centre_m: Tensor
    build: Tensor
    grid_m: Tensor
    to_grid: Tensor

    def given(self) -> Tensor:
        """What the first model is given."""
        return given_of(self.rgb, self.mask, self.edge, self.heat)


def keys_of(kind: Kind) -> tuple[str, ...]:
    """The keys of a sample that a kind needs."""
    return (*(key_of(key, kind) for key in _OWN), *_SHARED)


def key_of(key: str, kind: Kind) -> str:
    """What a key of a square is called in samples."""
    return key if kind == "body" else f"{key}_{kind}"


@cache
def _weights(kind: Kind) -> Tensor:
    return torch.from_numpy(part_weights(kind)[:13_380])


@cache
def _features() -> tuple[Tensor, ...]:
    """The vertices of each feature of the face."""
    marks, found = list(mark_vertices()), list[Tensor]()
    for points in FEATURES.values():
        ids = np.concatenate([marks.pop(0) for _ in points])
        found.append(torch.from_numpy(ids[ids < 13_380]))
    return tuple(found)


def features_m(skin_m: Tensor) -> Tensor:
    """The middles (..., features, 3) of the face's features on a skin (..., 13380, 3)."""
    return torch.stack([skin_m[..., ids, :].mean(-2) for ids in _features()], -2)


def plain(
    batch: Batch, kind: Kind, which: Tensor | None = None, dice: torch.Generator | None = None
) -> Pairs:
    """A batch as it was packed; only the points ``which``, if told. Dice shake marks."""
    device = batch["turns"].device
    own = {key: batch[key_of(key, kind)] for key in _OWN}
    if which is not None:
        own = {k: v[:, which] if v.ndim >= 2 and k not in ("rgb", "mask", "lens") else v
               for k, v in own.items()}  # fmt: skip
    parts = torch.from_numpy(bones_of_parts(kind)).to(device)
    side = SIDE_PX[kind]
    edges = [edge_px(one) for one in own["mask"].cpu().numpy()]
    edge = torch.from_numpy(np.stack(edges)).to(device)[:, None]
    marks = batch["marks"][..., :2]
    maps = None
    if kind == "head":
        if dice is not None:
            marks = marks + _MARKS_PX * torch.randn(marks.shape, generator=dice)
            marks = marks + _MARKS_ALIKE_PX * torch.randn(len(marks), 1, 2, generator=dice)
            lost = torch.rand(len(marks), 1, 1, generator=dice) < _LOST
            marks = marks.masked_fill(lost, torch.nan)
        maps = torch.from_numpy(np.stack([heat(m, side) for m in marks.cpu().numpy()])).to(device)
    begin = [_begin(batch, bone) for bone in (0, int(parts[0]))]
    placed = own["placed"].float() * STEP_M + begin[0][:, None]
    mask = own["mask"][:, None].float() / 255
    asked = Asked(
        own["points"].float() * STEP_M, batch["heads"][:, parts],
        _weights(kind).to(device)[own["near"].long()], own["bare"].float(),
        own["clothed"].float(), own["facing"].float() / 127,
        features_m(batch["skin"].float() * STEP_M),
    )  # fmt: skip
    return Pairs(
        own["rgb"].permute(0, 3, 1, 2).float() / 255, mask, edge, maps, own["lens"], asked,
        placed, begin[1], own["inside"].float(), own["normals"].float() / 127,
        own["colours"].float() / 255, batch["turns"][:, parts], batch["joints"][:, parts],
        batch["joints"][:, 0], batch["build"], batch["grid"].float(),
        batch.get("to_grid", torch.eye(3, device=device).expand(len(placed), 3, 3)),
    )  # fmt: skip


def _begin(batch: Batch, bone: int) -> Tensor:
    """Where the fit's bones of a number begin (batch, 3) before the camera."""
    carried = batch["carried"][:, bone]
    return (carried[..., :3] @ batch["heads"][:, bone, :, None])[..., 0] + carried[..., 3]


def varied(batch: Batch, kind: Kind, points: int, dice: torch.Generator) -> Pairs:
    """A batch to learn from: some of the points, half of the people mirrored, light and places a
    little different."""
    every = batch[key_of("near", kind)].shape[1]
    which = torch.randperm(every, generator=dice)[:points]
    found = plain(_framed(_sized(batch, kind, dice), kind, dice), kind, which, dice)
    rows = (torch.rand(len(found.rgb), generator=dice) < 0.5).nonzero()[:, 0]
    found = _mirror(found, rows, kind)
    count = len(found.rgb)
    return replace(
        found, rgb=_lit(found.rgb, dice),
        placed_m=found.placed_m + _MOVED_M * torch.randn(count, 1, 3, generator=dice),
    )  # fmt: skip


def _lit(rgb: Tensor, dice: torch.Generator) -> Tensor:
    """Pictures in other light and of other colours, with noise, and a few grey patches."""
    count, _, high, wide = rgb.shape
    grey = rgb.mean(1, keepdim=True)
    mixed = torch.eye(3) + _MIXED * torch.randn(count, 3, 3, generator=dice)
    mixed = mixed - mixed.mean(2, keepdim=True) + 1 / 3  # grey stays grey
    rgb = grey + torch.einsum("bij,bjhw->bihw", mixed, rgb - grey)
    gain = (0.07 * torch.randn(count, 3, 1, 1, generator=dice)).exp()
    gain = gain * (0.2 * torch.randn(count, 1, 1, 1, generator=dice)).exp()
    power = (0.25 * torch.randn(count, 1, 1, 1, generator=dice)).exp()
    noise = 0.015 * torch.randn(rgb.shape, generator=dice)
    rgb = (rgb.clamp(1e-3, 1) ** power) * gain + noise
    size = torch.tensor([high, wide])
    for _ in range(_PATCHES):
        middle = torch.rand(count, 2, generator=dice) * size
        reach = _PATCH * torch.rand(count, 2, generator=dice) * size
        rows, columns = torch.arange(high), torch.arange(wide)
        there = (rows - middle[:, :1]).abs() < reach[:, :1]
        there = there[:, :, None] & ((columns - middle[:, 1:]).abs() < reach[:, 1:])[:, None]
        rgb = rgb.masked_fill(there[:, None], 0.5)
    return rgb.clamp(0, 1)


def _sized(batch: Batch, kind: Kind, dice: torch.Generator) -> Batch:
    """The same pictures of people who are larger and further away, or smaller and nearer."""
    size = (_SIZED * torch.randn(len(batch["heads"]), generator=dice)).exp()

    def sized(value: Tensor) -> Tensor:
        return value.float() * size.view(-1, *[1] * (value.ndim - 1))

    own = [key_of(key, kind) for key in ("points", "placed", "inside", "bare", "clothed")]
    carried = batch["carried"].clone()
    carried[..., 3] = sized(carried[..., 3])
    grown = {key: sized(batch[key]) for key in (*own, "heads", "joints", "skin")}
    to_grid = torch.eye(3) / size[:, None, None]
    return batch | grown | {"carried": carried, "to_grid": to_grid}


def _framed(batch: Batch, kind: Kind, dice: torch.Generator) -> Batch:
    """The same people in squares that were cut a little otherwise: larger or smaller, elsewhere, by
    a camera that was held askew."""
    own = {key: key_of(key, kind) for key in ("rgb", "mask", "lens")}
    count, side = len(batch[own["rgb"]]), SIDE_PX[kind]
    scale = (_SCALED * torch.randn(count, generator=dice)).exp()
    shift = _SHIFTED * torch.randn(count, 2, generator=dice)
    angle = _ROLLED * torch.randn(count, generator=dice)
    roll = torch.eye(3).repeat(count, 1, 1)
    roll[:, 0, 0] = roll[:, 1, 1] = angle.cos()
    roll[:, 1, 0] = angle.sin()
    roll[:, 0, 1] = -roll[:, 1, 0]
    flat = scale[:, None, None] * roll[:, :2, :2]
    into = torch.zeros(count, 2, 3)
    into[:, :, :2] = torch.linalg.inv(flat)
    into[:, :, 2:] = -into[:, :, :2] @ shift[..., None]
    middle = (side - 1) / 2

    def moved(xy_px: Tensor) -> Tensor:
        return (xy_px - middle) @ flat.mT + middle + shift[:, None] * side / 2

    def seen(planes: Tensor) -> Tensor:
        grid = functional.affine_grid(into, list(planes.shape), align_corners=False)
        return functional.grid_sample(planes.float(), grid, align_corners=False).round().byte()

    lens, marks = batch[own["lens"]], batch["marks"].clone()
    marks[..., :2] = moved(marks[..., :2])
    turned = {key: batch[key].float() @ roll.mT
              for key in (key_of("placed", kind), key_of("facing", kind), "joints")}  # fmt: skip
    turned |= {key: roll[:, None] @ batch[key] for key in ("turns", "carried")}
    to_grid = batch.get("to_grid", torch.eye(3)) @ roll.mT
    return (
        batch
        | turned
        | {
            own["rgb"]: seen(batch[own["rgb"]].permute(0, 3, 1, 2)).permute(0, 2, 3, 1),
            own["mask"]: seen(batch[own["mask"]][:, None])[:, 0],
            own["lens"]: torch.cat(
                [lens[:, :2] * scale[:, None], moved(lens[:, None, 2:])[:, 0]], 1
            ),
            "marks": marks,
            "to_grid": to_grid,
        }
    )


def _mirror(pairs: Pairs, rows: Tensor, kind: Kind) -> Pairs:
    """Some of a batch as in a mirror: their left is their right."""
    if not len(rows):
        return pairs
    swap = torch.from_numpy(mirrored(kind))
    way = torch.tensor([-1.0, 1.0, 1.0])
    side = SIDE_PX[kind]

    def put(whole: Tensor, new: Tensor) -> Tensor:
        out = whole.clone()
        out[rows] = new
        return out

    def turned_over(value: Tensor) -> Tensor:
        return put(value, value[rows] * way)

    def flipped(value: Tensor) -> Tensor:
        return put(value, value[rows].flip(-1))

    asked, lens = pairs.asked, pairs.lens.clone()
    lens[rows, 2] = side - 1 - lens[rows, 2]
    maps = pairs.heat
    if maps is not None:
        maps = put(maps, maps[rows].flip(-1)[:, mirrored_features().tolist()])
    names = [one.name for one in fields(Asked)]
    turned = in_mirror(Asked(*(getattr(asked, name)[rows] for name in names)), kind)
    told = Asked(*(put(getattr(asked, name), getattr(turned, name)) for name in names))
    return replace(
        pairs, rgb=flipped(pairs.rgb), mask=flipped(pairs.mask), edge=flipped(pairs.edge),
        heat=maps, lens=lens, asked=told, placed_m=turned_over(pairs.placed_m),
        root_m=turned_over(pairs.root_m), normals=turned_over(pairs.normals),
        turns=put(pairs.turns, pairs.turns[rows][:, swap] * way[:, None] * way),
        joints_m=put(pairs.joints_m, pairs.joints_m[rows][:, swap] * way),
        centre_m=turned_over(pairs.centre_m), grid_m=flipped(pairs.grid_m),
        to_grid=put(pairs.to_grid, pairs.to_grid[rows] * way[:, None] * way),
    )  # fmt: skip
