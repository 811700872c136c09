"""Training of the pose prior: which poses bodies take, and what follows what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from studio.human.prior.network import PosePrior
from studio.training import takes
from studio.training.task import Batch, Bench, Row, Source, Split

_JITTER = 0.15
_EACH = 20
HELD_OUT = ("take", "single")


class PosePriorTask:
    """Scored by the log-density of real poses that were not learned from."""

    name = "pose_prior"
    does = "Density over body poses, and over the pose that follows a pose"
    score = "nats"
    better: Literal["higher", "lower"] = "higher"

    def __init__(self, data: str | None = None) -> None:
        """``data`` is a folder with a pack of poses; without, the factory's motions alone."""
        self._data = Path(data) if data else None

    @cached_property
    def takes(self) -> takes.Takes:
        """The poses at hand."""
        if self._data is None:
            return takes.gathered(takes.authored(_EACH))
        return takes.load(self._data)

    def network(self) -> PosePrior:
        return PosePrior()

    def data(self, split: Split, seed: int) -> Source:
        return takes.Pairs(self.takes, split, seed)

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        x, after = batch["x"], batch["after"]
        wide = self.usual.to(x.device) * _JITTER
        off = torch.randn(x.shape, generator=dice, device=x.device) * wide
        return {"x": x + off, "after": after + off, "seconds": batch["seconds"]}

    @cached_property
    def usual(self) -> torch.Tensor:
        """How wide each angle's values lie in what is learned from; never nil."""
        angles = self.takes.angles[self.takes.of("train")]
        return torch.from_numpy(angles.std(0) + 0.02).float()

    def loss(self, network: nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        prior: Any = getattr(network, "module", network)
        follows = batch["seconds"] > 0
        size = batch["x"].shape[1]
        terms = {"pose": -prior.log_density(batch["x"]).mean() / size,
                 "apart": -prior.log_apart(batch["x"]).mean() / size}  # fmt: skip
        if bool(follows.any()):
            x, after, seconds = (batch[k][follows] for k in ("x", "after", "seconds"))
            then = -prior.log_following(x, after, seconds).mean() / size
            terms["following"] = then * follows.float().mean()
        return terms

    def validate(self, network: nn.Module, device: str) -> Mapping[str, float]:
        kinds = HELD_OUT if len(self.takes.of("validation", *HELD_OUT)) else ("authored",)
        each = {kind: density(network, self.takes, "validation", kind, device) for kind in kinds}
        return {self.score: float(np.mean(list(each.values()))), **each}

    def evaluate(self, network: nn.Module, device: str, bench: Bench) -> list[Row]:
        from studio.training.tasks.pose_prior_figures import table

        return table(network, device, self.takes)

    def sample_pictures(self, network: nn.Module, device: str) -> np.ndarray:
        from studio.training.tasks.pose_prior_figures import drawn

        return drawn(network)

    def facts(self) -> Mapping[str, Any]:
        found = self.takes
        return {
            "inputs": "48 joint angles in radians (studio/human/prior/space.py)",
            "outputs": ["log-density", "latent coordinates", "sampled poses"],
            "data": "MakeHuman poses (CC0); one take of mocap.cs.cmu.edu (free for research and "
            "commercial use; the database was created with funding from NSF EIA-0196217), its "
            "first two thirds; moments of Doppel's own motions. Nothing of them is shipped",
            "learned_from": {
                kind: len(found.of("train", kind)) for kind in takes.SHARES
            },
        }  # fmt: skip


def density(network: nn.Module, found: takes.Takes, split: Split, kind: str, device: str) -> float:
    """The mean log-density (nats a pose) of the poses of a kind and their mirror twins; NaN if
    there are none."""
    angles = found.angles[found.of(split, kind)]
    return mean_density(network, both(angles), device) if len(angles) else float("nan")


def both(angles: np.ndarray) -> np.ndarray:
    """Poses and their mirror twins."""
    from studio.human.prior.space import mirrored

    return np.concatenate([angles, mirrored(angles)]).astype(float)


@torch.no_grad()
def mean_density(network: nn.Module, poses: np.ndarray, device: str) -> float:
    """The mean log-density of poses (nats a pose)."""
    prior: Any = network
    return float(prior.log_density(torch.from_numpy(poses).float().to(device)).mean())
