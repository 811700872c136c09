"""What a frozen network told of many scenes, kept, so that what comes after it learns quickly.

A sample is the fields of :class:`~studio.perception.views.refiner.First`, and the truth: ``points``
(26, 3; metres), ``truth_px`` (views, 26, 2), and which joints the views see, ``visible``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from studio.perception.trunk import fused
from studio.perception.views.refiner import First
from studio.perception.views.volumetric import VolumetricNetwork
from studio.training.feed import gathered
from studio.training.people import Pack, fill
from studio.training.surroundings import Places
from studio.training.task import Batch, Sample, Source
from studio.training.tasks.views import varied

ROUNDS = 6
"""How often each scene is told, varied anew."""
_SHARD = 8
_LAST = "fine_m"


class Telling:
    """Scenes, varied by their numbers, as a network tells of them."""

    def __init__(
        self, network: VolumetricNetwork, scenes: Source, places: Places | None, rounds: int
    ) -> None:
        self._network = fused(network).eval()
        self._scenes, self._places, self._rounds = scenes, places, rounds

    def __len__(self) -> int:
        return self._rounds * len(self._scenes)

    @torch.inference_mode()
    def __getitem__(self, number: int) -> Sample:
        batch = gathered([self._scenes[number % len(self._scenes)]])
        dice = torch.Generator().manual_seed(number)
        made = varied(batch, dice, self._places)
        told, _ = self._network(made["rgb"], made["projections"], made["there"])
        values = {**vars(told.first), "points": made["points"], "truth_px": made["xy_px"],
                  "visible": made["visible"]}  # fmt: skip
        return {name: value[0].numpy() for name, value in values.items()}


def told(
    folder: Path, network: VolumetricNetwork, scenes: Source, places: Places | None,
    facts: dict[str, Any], rounds: int = ROUNDS,
) -> Pack:  # fmt: skip
    """What a network tells of scenes, kept under ``folder``; made where it is missing."""
    source = Telling(network, scenes, places, rounds)
    fill(folder, source, len(source), facts=facts, shard=_SHARD, last=_LAST)
    return Pack(folder, _SHARD, _LAST)


def first_of(batch: Batch) -> First:
    """The first solutions of a batch."""
    return First(*(batch[name] for name in First.__dataclass_fields__))
