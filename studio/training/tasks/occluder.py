"""Training of the network that says what of an item is seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.perception.occluder.network import FAINT, OccluderNetwork, grown, mapped
from studio.perception.occluder.predictor import calmed
from studio.training.feed import batches_once, made_once
from studio.training.labels import LabelFolder
from studio.training.muon import Muon
from studio.training.surroundings import Places
from studio.training.task import Batch, Bench, Row, Source, Split
from studio.training.tasks.occluder_pictures import tracked, varied
from studio.training.tryon import DATA, pairs, with_painted

_VALIDATED, _TESTED = 64, 192
_EDGE, _BAND = 3.0, 5


class OccluderTask:
    """Every pixel of an item is seen, or something is before it.

    Scored by the mean IoU of both, over all pixels of items on held-out people.
    """

    name = "occluder"
    does = "Say which pixels of a virtual item are seen, and before which something is"
    score = "mean IoU"
    better: Literal["higher", "lower"] = "higher"

    def __init__(
        self, data: str | None = None, labels: str | None = None, share: float = 0.2,
        side: int | str = 160, trunk: str | None = None,
    ) -> None:  # fmt: skip
        """``data`` is a folder of packs, else pairs come live from the factory; ``labels`` a folder
        in which people painted what is before items, which make ``share`` of what is learned from.
        Pieces of ``side`` pixels are learned from (at most 256, a multiple of 16); ``trunk`` are
        weights to begin with, of a network as large or smaller."""
        self._data = Path(data) if data else None
        self._labels, self._share = Path(labels) if labels else None, share
        self._places = Places(self._data)
        self._side = int(side)
        self._trunk = Path(trunk) if trunk else None

    def network(self) -> nn.Module:
        network = OccluderNetwork()
        if self._trunk is not None:
            from studio.perception.own import unpack

            network = grown(cast(OccluderNetwork, unpack(OccluderNetwork(), self._trunk)))
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, OccluderNetwork)
        return Muon(network, (network.head, network.stem[0]), decay)

    def data(self, split: Split, seed: int) -> Source:
        source = pairs(self._data, split, seed)
        if split == "train" and self._labels is not None:
            return with_painted(source, self._labels, self._share, seed)
        return source

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        seen = varied(batch, dice, self._places, self._side)
        return {"given": seen.given(), "truth": seen.truth, "known": seen.known}

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        logits = network(batch["given"].contiguous(memory_format=torch.channels_last)).float()
        return losses(logits, batch["truth"], batch["known"])

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        from studio.training.tasks.occluder_figures import judged

        told = judged(network, self.data("validation", 0), _VALIDATED, device)
        return {
            self.score: told.iou, "IoU of seen": told.seen_iou, "IoU of hidden": told.hidden_iou,
            "boundary F": told.boundary,
        }  # fmt: skip

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.occluder_figures import table

        test, validation = (made_once(self.data(split, 0)) for split in ("test", "validation"))
        with test as source, validation as before:
            return table(network, device, source, before, _TESTED)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        batch = next(batches_once(self.data("validation", 0), 4, 4))
        seen = tracked(batch, torch.Generator().manual_seed(0))
        found = predict(network, seen.given(), device)
        rows = [
            composed(seen.rgb, seen.item, torch.ones_like(found)),
            composed(seen.rgb, seen.item, found),
            composed(seen.rgb, seen.item, seen.truth),
        ]
        return np.vstack([np.hstack(list(row)) for row in rows])

    def facts(self) -> Mapping[str, Any]:
        told = self._places.told(DATA)
        if self._labels is not None:
            told += f"; some painted: {LabelFolder.open(self._labels).origin or 'by the user'}"
        return {
            "inputs": "256 × 256: RGB, the item as RGB (alpha multiplied in) and alpha, its depth "
            "and that of a tracker's body less the anchor's (± 0.1 m), the map before, how far the "
            "item lies behind that body (± 20 mm)",
            "outputs": "where the item is seen; how much, at edges",
            "data": told,
        }


def losses(
    logits: torch.Tensor, truth: torch.Tensor, known: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Entropy and overlap (soft Dice, Milletari et al. 2016) of what is seen, inside items alone,
    and how far the second output is off; what lies about an edge counts more."""
    seen, edge = logits[:, 0], logits[:, 1].sigmoid()
    most = functional.max_pool2d(truth[:, None] * known[:, None], _BAND, 1, _BAND // 2)[:, 0]
    least = -functional.max_pool2d(-truth[:, None] - (1 - known[:, None]), _BAND, 1, _BAND // 2)
    band = ((most - least[:, 0]) > 0.3).float()
    weight = known * (1 + (_EDGE - 1) * band)
    total = weight.sum().clamp_min(1)
    each = functional.binary_cross_entropy_with_logits(seen, truth, reduction="none")
    share = seen.sigmoid()
    overlap = torch.zeros((), device=logits.device)
    for one, other in ((share, truth), (1 - share, 1 - truth)):
        both = (known * one * other).sum()
        overlap = overlap + 1 - (2 * both + 1) / ((known * (one + other)).sum() + 1)
    return {
        "entropy": (each * weight).sum() / total,
        "overlap": 0.25 * overlap,
        "edge": 0.5 * ((edge - truth).abs() * weight).sum() / total,
    }


@torch.inference_mode()
def predict(network: nn.Module, given: torch.Tensor, device: str) -> torch.Tensor:
    """The maps (pairs, side, side) of what the network is given."""
    there = (given[:, 6] > FAINT).cpu().numpy()
    given = given.to(device).contiguous(memory_format=torch.channels_last)
    maps = mapped(network(given)).cpu().numpy()
    return torch.from_numpy(np.stack([calmed(*each) for each in zip(maps, there, strict=True)]))


def composed(rgb: torch.Tensor, item: torch.Tensor, seen: torch.Tensor) -> np.ndarray:
    """Pictures (pairs, side, side, 3; uint8) with the items laid over as maps say."""
    share = item[:, 3:] * seen[:, None]
    laid = torch.lerp(rgb, item[:, :3], share).clamp(0, 1)
    return (laid * 255).round().byte().permute(0, 2, 3, 1).numpy()
