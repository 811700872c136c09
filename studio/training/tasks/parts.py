"""Training of the network that cuts people and their parts out of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.core.parts import PART_COLOURS, PartLabel
from studio.perception.own import read, take_over
from studio.perception.parts.network import CLASSES, SIDE_PX, PartsNetwork, enlarged
from studio.training import augment
from studio.training.feed import batches_once
from studio.training.muon import Muon
from studio.training.people import DATA, UNKNOWN, people
from studio.training.staging import Staged
from studio.training.surroundings import Places, behind, put_before
from studio.training.task import Batch, Bench, Row, Source, Split

_SIDE_PX = 128
_AWAY = 0.6
_RARE = (1.3, 1.5, 1.5, 1.2, 1.8, 1.0, 1.2, 2.0, 2.0)
_VALIDATED, _TESTED, _CHUNK = 64, 128, 16


class PartsTask:
    """Every pixel gets a part label.

    Scored by the mean IoU over the nine labels, half of it measured on held-out people where they
    were rendered (at home), half on the same people before other surroundings (away).
    """

    name = "parts"
    does = "Label every pixel of a picture with a part of a person"
    score = "mean IoU of both"
    better: Literal["higher", "lower"] = "higher"

    def __init__(
        self, data: str | None = None, labels: str | None = None, share: float = 0.2,
        trunk: str | None = None,
    ):  # fmt: skip
        """``data`` is a folder of packs, else pictures come live from the factory; ``labels`` a
        folder of labelled pictures of the user's, which make ``share`` of what is learned from;
        ``trunk`` a file of weights to start from: its own, or the trunk of another network."""
        self._data = Path(data) if data else None
        self._labels, self._share = Path(labels) if labels else None, share
        self._trunk = trunk
        self._places = Places(self._data)
        self._shown: Batch | None = None

    def network(self) -> PartsNetwork:
        network = PartsNetwork()
        if self._trunk is not None:
            take_over(network, read(Path(self._trunk)))
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, PartsNetwork)
        return Muon(network, [network.head], decay)

    def data(self, split: Split, seed: int) -> Source:
        source = people(self._data, split, seed)
        if split == "train" and self._labels is not None:
            from studio.training.labelled import with_labels

            return with_labels(source, self._labels, self._share, seed)
        return source

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        return varied(batch, dice, self._places)

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        logits = network(batch["rgb"].contiguous(memory_format=torch.channels_last)).float()
        target = batch["parts"].long()
        known = (target != UNKNOWN) * batch["weight"][:, None, None]
        target = torch.where(target == UNKNOWN, 0, target)
        rare = torch.tensor(_RARE, device=logits.device)
        each = functional.cross_entropy(logits, target, weight=rare, reduction="none")
        entropy = (each * known).sum() / known.sum().clamp_min(1)
        return {"entropy": entropy, "overlap": 0.5 * _overlap_loss(logits, target, known)}

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        source = self.data("validation", 0)
        home = confusion(network, source, _VALIDATED, device)
        away = confusion(network, source, _VALIDATED, device, away=True)
        told = {
            "mean IoU at home": float(np.nanmean(ious(home))),
            "mean IoU away": float(np.nanmean(ious(away))),
            "person IoU at home": person_iou(home),
            "person IoU away": person_iou(away),
        }
        return {self.score: (told["mean IoU at home"] + told["mean IoU away"]) / 2, **told}

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.parts_figures import table

        return table(network, device, self.data("test", 0), _TESTED, bench)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        if self._shown is None:
            self._shown = next(batches_once(self.data("validation", 0), 4, 4))
        rgb = self._shown["rgb"].numpy()
        found = predict(network, rgb, device)
        rows = [
            np.hstack([picture, PART_COLOURS[labels], PART_COLOURS[np.minimum(truth, CLASSES - 1)]])
            for picture, labels, truth in zip(rgb, found, self._shown["parts"].numpy(), strict=True)
        ]
        return np.vstack(rows)

    def facts(self) -> Mapping[str, Any]:
        return {
            "inputs": f"RGB, 0..1, sides that 32 divides; trained at {_SIDE_PX}",
            "outputs": [label.name.lower() for label in PartLabel],
            "data": self._places.told(DATA),
        }


def varied(batch: Batch, dice: torch.Generator, places: Places | None = None) -> Batch:
    """Samples as they are learned from: ``rgb`` (batch, 3, 128, 128) and ``parts`` (batch, 64, 64).

    Some people stay where they were, among a few more things; most are put before other
    surroundings, smaller there and maybe in company if the picture shows the whole of them, and now
    and then left out. Clothes are dyed, things hide people,
    and a camera does the rest.
    """
    rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
    count, _, height, width = rgb.shape
    away = augment.chance(dice, _AWAY, count)
    shrinks = away & _framed(batch["parts"] > 0)
    least, most = torch.where(shrinks, -0.5, -0.75), torch.where(shrinks, 0.9, 0.0)
    scales = height / 2 * torch.exp(least + (most - least) * augment.uniform(dice, 0.0, 1.0, count))
    centre = torch.tensor([width - 1, height - 1], device=rgb.device) / 2
    matrices, _ = augment.placements(dice, centre.expand(count, 2), scales, turn_deg=14, shift=0.25)
    grid = augment.grid(matrices, _SIDE_PX, _SIDE_PX, (height, width))
    people = Staged.on(grid, rgb, batch["parts"])
    people.dye(dice)
    people.move(dice, away, places, company=shrinks, nobody=0.1)
    people.hide(dice, 0.25)
    return {
        "rgb": augment.photographed(people.rgb, dice),
        "parts": people.parts[:, ::2, ::2].contiguous(),
        "weight": batch["weight"],
    }


def _framed(people: torch.Tensor) -> torch.Tensor:
    """Whether the picture's edge cuts hardly any of the people."""
    edges = (people[:, 0], people[:, -1], people[:, :, 0], people[:, :, -1])
    return torch.cat(edges, 1).float().mean(1) < 0.02


def _overlap_loss(logits: torch.Tensor, target: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """One minus the soft Dice overlap, mean over the labels that the batch shows.

    Source: Milletari et al. 2016.
    """
    share = logits.softmax(1) * known[:, None]
    truth = functional.one_hot(target, CLASSES).permute(0, 3, 1, 2) * known[:, None]
    both = (share * truth).sum((0, 2, 3))
    total = share.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    shown = truth.sum((0, 2, 3)) > 0
    return (1 - (2 * both + 1) / (total + 1))[shown].mean()


@torch.inference_mode()
def predict(network: nn.Module, rgb: np.ndarray, device: str) -> np.ndarray:
    """Labels (batch, height, width) of pictures (batch, height, width, 3; uint8)."""
    given = torch.from_numpy(rgb).to(device).permute(0, 3, 1, 2).float() / 255
    size = given.shape[2:]
    given = functional.interpolate(given, (SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)
    logits = network(given.contiguous(memory_format=torch.channels_last))
    return enlarged(logits, size).argmax(1).byte().cpu().numpy()


def elsewhere(batch: Batch, dice: torch.Generator) -> np.ndarray:
    """The people of samples before other surroundings, painted ones or the next sample's: pictures
    (batch, height, width, 3; uint8)."""
    rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
    front = (batch["parts"] > 0)[:, None].float()
    moved = put_before(dice, rgb, front, behind(dice, rgb, front))
    return (moved * 255).round().byte().permute(0, 2, 3, 1).numpy()


def confusion(
    network: nn.Module, source: Source, count: int, device: str, *, away: bool = False
) -> np.ndarray:
    """How many pixels of each true label (rows) got which label (columns), where the people are or,
    ``away``, before other surroundings, always the same ones."""
    table = np.zeros((CLASSES, CLASSES), np.int64)
    dice = torch.Generator().manual_seed(0)
    for batch in batches_once(source, count, _CHUNK):
        rgb = elsewhere(batch, dice) if away else batch["rgb"].numpy()
        found = predict(network, rgb, device)
        truth = batch["parts"].numpy()
        known = truth != UNKNOWN
        pairs = truth[known].astype(np.int64) * CLASSES + found[known]
        table += np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    return table


def ious(table: np.ndarray) -> np.ndarray:
    """Intersection over union of each label; NaN where neither truth nor network shows it."""
    both = np.diag(table).astype(float)
    either = table.sum(0) + table.sum(1) - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def person_iou(table: np.ndarray) -> float:
    """Intersection over union of everything that is not background."""
    both = table[1:, 1:].sum()
    return float(both / max(table.sum() - table[0, 0], 1))
