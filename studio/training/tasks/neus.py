"""Training of Multi-NeuS: many made-up heads at once, from their pictures and from what is true of
their surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.perception.neural_heads.layers import Kind
from studio.perception.neural_heads.losses import distance_losses, rendered_losses
from studio.perception.neural_heads.network import (
    HEADS,
    RANK,
    UNIT_M,
    Fields,
    HeadNetwork,
    Placement,
)
from studio.perception.neural_heads.photographs import HEAD
from studio.perception.neural_heads.volume import rays_of
from studio.perception.own import unpack
from studio.training.heads import DATA, STEP_M, heads
from studio.training.loop import adamw
from studio.training.task import Batch, Bench, Row, Sample, Source, Split

RAYS, POINTS = 48, 640
"""Of each head of a step: so many rays, and so many points about the surface."""
_LIKELY, _ON_HEAD = 3, 0.6
_SPREAD = 0.02
_ACROSS = np.array([-1, 1, 1])
"""What a mirror does to places."""


@dataclass
class Numbers:
    """The numbers of heads: what is learned of each is drawn in every step."""

    every: Sequence[int]

    def __len__(self) -> int:
        return len(self.every)

    def __getitem__(self, number: int) -> Sample:
        return {"head": np.array(self.every[number], np.int64)}


class NeusTask:
    """A head network learns all heads of a pack at once. Scored by how far off distances are near
    the surface of heads that it did not learn, once what is their own was fitted to a
    photograph."""

    name = "neus"
    does = "Say where the surface of a head with its hair is, given photographs to fit it to"
    score = "surface off"
    better: Literal["higher", "lower"] = "lower"

    def __init__(
        self, data: str | None = None, kind: Kind | None = None, rank: int | str | None = None,
        placement: Placement | None = None, trunk: str | None = None, known: int | str = 0,
    ) -> None:  # fmt: skip
        """``data`` is a folder of packs; ``kind``, ``rank`` and ``placement`` say which layers are
        each head's own, and how (those of the trunk, else the usual ones). ``trunk`` is a file of
        weights of this network to start from: of what heads share there, every head here begins as
        the mean of those; where it holds as many as are learned here, they are taken for the same
        ones. If so many of the first heads that are packed are ``known``, they are those of the
        trunk: what is the others' own is learned beside them, and all else held."""
        self._data = Path(data) if data else None
        self._kind: Kind | None = kind
        self._placement: Placement | None = placement
        self._rank = None if rank is None else int(rank)
        if self._rank is not None and self._rank < 1:
            raise StudioError(f"There are no layers of rank {self._rank}.", "Give 1 or more.")
        self._trunk = None if trunk is None else Path(trunk)
        self._many_known = int(known)

    def network(self) -> nn.Module:
        network = self._fresh(self._count)
        if self._trunk is not None:
            learned = self._fresh(1)
            unpack(learned, self._trunk)
            if (self._kind, self._rank, self._placement) == (None, None, None):
                network.sized(learned.state_dict(), self._count)
            if not network.alike(learned):
                raise StudioError(
                    f"The layers of {self._trunk.name} are {learned.told()}, not {network.told()}.",
                    "Ask for the same, or begin without --trunk.",
                )
            if self._many_known and learned.heads != len(self._known):
                raise StudioError(
                    f"{self._trunk.name} holds {learned.heads // 2} heads, not {self._many_known}.",
                    "Say with --known how many of those that are packed it has learned.",
                )
            network.follow(learned, self._known)
        elif self._many_known:
            raise StudioError("No weights tell of the known heads.", "Say which with --trunk.")
        if self._many_known:
            for name, values in network.named_parameters():
                values.requires_grad_(name.endswith(".sets"))
        return network

    def _fresh(self, heads: int) -> HeadNetwork:
        return HeadNetwork(
            heads, self._kind or "low-rank", self._rank or RANK, self._placement or "usual"
        )

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        """AdamW; what is held does not decay either."""
        on = next(network.parameters()).device.type
        return adamw(network, 0.0 if self._many_known else decay, on)

    def data(self, split: Split, seed: int) -> Source:
        if split != "train":
            return heads(self._data, split, seed)
        if self._data is None:
            return Numbers(range(HEADS))
        known = set(self._known)
        others = [one for one in range(2 * len(self._train)) if one not in known]
        if not others:
            raise StudioError(
                "All heads that are packed are known: there is nothing to learn of others.",
                "Pack more, or leave --known out to learn from all of them.",
            )
        return Numbers(others)

    @property
    def _known(self) -> list[int]:
        """The heads that the trunk has learned, and they as a mirror shows them."""
        own, across = range(self._many_known), self._count // 2
        return [*own, *(across + one for one in own)]

    @cached_property
    def _count(self) -> int:
        """How many heads are learned: all that are packed, and as many again, each seen in a
        mirror. Where none are, weights may still be measured, which say how many they hold."""
        if self._data is None:
            return HEADS
        try:
            return 2 * len(self._train)
        except StudioError:
            return HEADS

    @cached_property
    def _train(self) -> Source:
        return heads(self._data, "train", 0)

    @cached_property
    def _fields(self) -> dict[int, Fields]:
        return {}

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        every = [self._drawn(int(which), dice) for which in batch["head"]]
        out = {key: torch.stack([one[key] for one in every]) for key in every[0]}
        fields = [self._fields[int(which)] for which in batch["head"]]
        grids = Fields(torch.cat([f.outside for f in fields]), torch.cat([f.moved for f in fields]))
        return {"head": batch["head"], **out, "fields": grids}  # pyright: ignore

    def _drawn(self, which: int, dice: torch.Generator) -> dict[str, Tensor]:
        part = part_of(self._train, which % len(self._train))
        if which >= len(self._train):
            part = Mirrored(part)
        if which not in self._fields:
            self._fields[which] = fields_of(part)
        return {**rays_drawn(part, dice), **points_drawn(part, dice)}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        return losses(network, batch, self._train)

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.neus_figures import judged

        return judged(network, heads(self._data, "validation", 0))

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.neus_figures import table

        return table(network, heads(self._data, "test", 0, bench.find), told=bench.told)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        from studio.training.tasks.neus_figures import drawn

        return drawn(network, heads(self._data, "train", 0), self._fields)

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": "places about a fitted head: where they would be about the average head, how "
            "far they are from the fit's skin",
            "outputs": "how far outside the head with its hair they are, and their colour",
            "data": DATA + "; distances and normals at those points are learned from directly, "
            "besides what the pictures tell",
        }


class Part:
    """One head of a source, whose values are read as they are asked for."""

    def __init__(self, source: Source, number: int) -> None:
        self._source, self._number = source, number
        self._whole: Sample | None = None

    def __getitem__(self, key: str) -> np.ndarray:
        from studio.training.people import Pack

        if isinstance(self._source, Pack):
            return self._source.whole(self._number, key)
        if self._whole is None:
            self._whole = self._source[self._number]
        return self._whole[key]


class Mirrored:
    """A head as a mirror shows it, for learning: what is about its skin's vertices is left out."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def __getitem__(self, key: str) -> np.ndarray:
        value = self._part[key]
        if key in ("rgb", "labels", "shot", "shot_labels"):
            return value[:, :, ::-1]
        if key in ("lens", "shot_lens"):
            wide = self._part["rgb" if key == "lens" else "shot"].shape[2]
            return np.column_stack([value[:, :2], wide - 1 - value[:, 2], value[:, 3]])
        if key in ("poses", "shot_poses"):
            return value * np.outer(_ACROSS, [*_ACROSS, 1]).astype(value.dtype)
        if key in ("points", "facing", "surface", "normals", "marks"):
            return value * _ACROSS.astype(value.dtype)
        if key == "outside":
            return value[..., ::-1]
        if key == "moved":
            return value[..., ::-1] * _ACROSS[:, None, None, None].astype(value.dtype)
        if key == "skin":
            raise KeyError(key)
        return value


_parts: dict[tuple[int, int], Part] = {}


def part_of(source: Source, number: int) -> Part:
    """A head of a source; those that were made live are kept."""
    return _parts.setdefault((id(source), number), Part(source, number))


def fields_of(part: Part | Mirrored) -> Fields:
    """The grids about a head's fit."""
    return Fields.made(
        torch.from_numpy(np.array(part["outside"], np.float32))[None, None],
        torch.from_numpy(np.array(part["moved"], np.float32))[None],
    )


def rays_drawn(
    part: Part | Mirrored, dice: torch.Generator, count: int = RAYS
) -> dict[str, Tensor]:
    """Some rays of a head's pictures, more than half of them on the head."""
    labels = part["labels"]
    views, side = labels.shape[:2]
    picked = torch.randint(views * side * side, (_LIKELY * count,), generator=dice).numpy()
    view, at = np.divmod(picked, side * side)
    row, column = np.divmod(at, side)
    told = np.asarray(labels[view, row, column])
    wanted = int(_ON_HEAD * count)
    on, off = np.flatnonzero(told == HEAD)[:wanted], np.flatnonzero(told != HEAD)
    few = np.concatenate([on, off[: count - len(on)]])
    if len(few) < count:
        few = np.concatenate([few, np.arange(count - len(few))])
    view, row, column = view[few], row[few], column[few]
    rgb = np.asarray(part["rgb"][view, row, column], np.float32) / 255
    pixels = np.stack([column, row], -1).astype(np.float32)
    return {
        "rgb": torch.from_numpy(rgb), "labels": torch.from_numpy(told[few].astype(np.int64)),
        "pixels": torch.from_numpy(pixels),
        "lens": torch.from_numpy(np.asarray(part["lens"])[view]),
        "poses": torch.from_numpy(np.asarray(part["poses"])[view]),
    }  # fmt: skip


def points_drawn(
    part: Part | Mirrored, dice: torch.Generator, count: int = POINTS
) -> dict[str, Tensor]:
    """Some points about a head's true surface."""
    many = part["points"].shape[0]
    which = torch.randint(many, (count,), generator=dice).numpy()

    def tensor(key: str, scale: float) -> Tensor:
        return torch.from_numpy(np.asarray(part[key][which], np.float32) * scale)

    return {
        "points": tensor("points", STEP_M), "bare": tensor("bare", -1 / UNIT_M),
        "truth": tensor("inside", -1 / UNIT_M), "facing": tensor("facing", 1 / 127),
    }  # fmt: skip


def losses(network: nn.Module, batch: Batch, source: Source | None = None) -> dict[str, Tensor]:
    """What pictures and points tell, and that what is heads' own stays near the mean."""
    given: Any = batch
    assert isinstance(network, HeadNetwork)
    own, fields = network.own(given["head"]), given["fields"]
    rays = rays_of(given["pixels"], given["lens"], given["poses"])
    dice = torch.Generator().manual_seed(int(given["head"].sum()) + int(given["pixels"].sum()))
    found = dict(rendered_losses(
        network, rays, given["rgb"], given["labels"], fields, own, dice
    ))  # fmt: skip
    found |= distance_losses(
        network, given["points"], given["bare"], given["truth"], given["facing"], fields, own
    )
    spread = [
        (mine - every.detach().mean(0)).square().mean()
        for mine, every in zip(own, network.own_sets(), strict=True)
        if mine is not None and every is not None
    ]
    if spread:
        found["spread"] = _SPREAD * torch.stack(spread).sum()
    return found
