"""Training of the last part of volumetric triangulation alone: what a body can be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import nn

from studio.core.errors import StudioError
from studio.perception.views.refiner import ALONG, SIDEWAYS, axes_of, features_of, mirrored
from studio.perception.views.volumetric import VolumetricNetwork
from studio.training import augment
from studio.training.task import Batch, Source, Split
from studio.training.tasks.lift import World
from studio.training.tasks.views_made_up import made_up
from studio.training.tasks.views_told import ROUNDS, first_of, told
from studio.training.tasks.volumetric import VolumetricTask, begin

_TURN_RAD, _SHAKE, _LOST_M = 0.15, 0.01, 1.5


class RefinerTask(VolumetricTask):
    """Joints judged together, on what the frozen rest of the network told of packed scenes.

    What it told is kept beside the scenes, under the mark of its weights. ``made_up`` is how many
    solutions of moving people, with errors of those, come with each.
    """

    does = "Judge the joints of a volumetric triangulation together"

    def __init__(
        self, data: str | None = None, trunk: str | None = None, made_up: float = 0.5,
        rounds: int = ROUNDS,
    ) -> None:  # fmt: skip
        """``trunk`` is a file of weights of a volumetric network, by default the published; its
        refiner is learned on, or anew where it has none. ``rounds`` is how often each scene is
        told."""
        super().__init__(data, trunk)
        self._made_up, self._rounds = made_up, rounds
        self._world: World | None = None

    def network(self) -> VolumetricNetwork:
        from studio.core.card import find_card

        network = VolumetricNetwork(self._how)
        begin(network, self._trunk or find_card("volumetric").weights)
        network.requires_grad_(False)
        network.refiner.requires_grad_(True)
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        learned = cast(VolumetricNetwork, network).refiner.parameters()
        return torch.optim.AdamW(learned, lr=0.0, weight_decay=decay)

    def data(self, split: Split, seed: int) -> Source:
        """Raises StudioError if scenes to learn from are not packed."""
        scenes = super().data(split, seed)
        if split != "train":
            return scenes
        if self._data is None:
            raise StudioError(
                "There are no packed scenes.",
                "Pack some (doppel train volumetric --prepare 600 --data FOLDER), and name them.",
            )
        network = self.network()
        mark = _mark(network)
        facts = {"weights": mark, "rounds": self._rounds}
        folder = self._data / f"told_{mark}"
        return told(folder, network, scenes, self._places, facts, self._rounds)

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        """What the network is told of each joint, and how far it should move (metres)."""
        batch = {name: value.float() if value.is_floating_point() else value
                 for name, value in batch.items()}  # fmt: skip
        device, seed = dice.device, torch.randint(2**62, (1,), generator=dice, device=dice.device)
        features, moves, known = _given(batch, dice)
        if extra := round(self._made_up * len(features)):
            if self._world is None:
                self._world = World.of("train")
            own = torch.Generator().manual_seed(int(seed))
            there = {name: value.cpu() for name, value in batch.items()}
            more = _given(made_up(there, self._world, own, extra), own)
            pairs = zip((features, moves, known), more, strict=True)
            features, moves, known = (torch.cat([a, b.to(device)]) for a, b in pairs)
        return {"features": features, "moves": moves, "known": known}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        found = cast(VolumetricNetwork, network).refiner.moves(batch["features"])
        off = (found - batch["moves"]).abs().sum(-1).clamp_max(1.0) * batch["known"]
        return {"whole": 5 * off.mean()}

    def facts(self) -> Mapping[str, Any]:
        more = "its last part also of moving people in made-up rigs, with errors of the rest"
        return {**super().facts(), "task": VolumetricTask.does, "learned": more}


def _mark(network: VolumetricNetwork) -> str:
    """What tells the weights before the refiner from others."""
    kept = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        if not name.startswith("refiner.") and value.is_floating_point():
            kept.update(value.half().numpy().tobytes())
    return kept.hexdigest()[:12]


def _given(batch: Batch, dice: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    first, device = first_of(batch), batch["points"].device
    count = len(first.fine_m)
    turn = _TURN_RAD * torch.randn(count, generator=dice, device=device)
    axes = axes_of(first.fine_m, turn)
    features = features_of(first, axes)
    features = features + _SHAKE * torch.randn(features.shape, generator=dice, device=device)
    away = (batch["points"] - first.fine_m).nan_to_num(2 * _LOST_M, 2 * _LOST_M, 2 * _LOST_M)
    near = (away.norm(dim=-1).amax(1) < _LOST_M) & (first.there.sum(1) > 1)
    moves = torch.einsum("bij,bnj->bni", axes, away).nan_to_num()
    here = augment.chance(dice, 0.5, count)[:, None, None]
    features = torch.where(here, mirrored(features, SIDEWAYS), features)
    moves = torch.where(here, mirrored(moves, ALONG), moves)
    known = batch.get("known", torch.ones(features.shape[:2], dtype=torch.bool, device=device))
    return features, moves, (known & near[:, None]).float()
