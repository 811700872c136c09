"""Other kinds of parts than bodies, hands and faces: an expert of one, and a head more on a student
that otherwise stays as it is, to the last bit.

Source: US 11494932 (experts may be added, for feet or paws).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from studio.core.errors import StudioError
from studio.perception.dope.finder import kinds_of
from studio.perception.dope.kinds import find_kind, in_order, more_layouts, placed_in
from studio.perception.dope.network import DopeNetwork
from studio.perception.own import unpack
from studio.training.task import Source
from studio.training.tasks.dope import DopeTask
from studio.training.tasks.dope_anchors import of_kind
from studio.training.tasks.dope_targets import parts_of

_ANCHORED, _BATCH = 512, 64


class AddedExpert(DopeTask):
    """An expert of a kind that was added (:func:`~studio.perception.dope.kinds.add_kind`). Its
    anchor poses are clusters of what it learns from."""

    def network(self) -> DopeNetwork:
        network = super().network()
        anchor(network, self.kinds[0], self.data("train", 0))
        return network

    def facts(self) -> Mapping[str, Any]:
        points = find_kind(self.kinds[0]).points
        told = f"regions of {self.kinds[0]}; in each, anchor poses of {points} points"
        return {**super().facts(), "outputs": told}


class AddedHead(DopeTask):
    """A student with one head more: only that learns, and with it which regions it looks at.

    The head begins with the expert's anchor poses where there is one (``experts``), and learns from
    it too.
    """

    def __init__(self, student: str | None = None, **options: Any):
        """``student`` is the file of weights that is extended; the published network by default."""
        super().__init__(**options)
        self._student = student

    def network(self) -> DopeNetwork:
        from studio.core.card import find_card

        path = Path(self._student) if self._student else find_card("dope").weights
        name = self.kinds[0]
        before = in_order(kinds_of(path))
        if name in {kind.name for kind in before}:
            raise StudioError(f"“{path}” has a head for {name} already.")
        known = unpack(DopeNetwork(before), path)
        assert isinstance(known, DopeNetwork)
        network = Extended(known, name)
        expert = self._folder / f"dope_{name}" / "best.safetensors" if self._folder else None
        if expert is not None and expert.is_file():
            taught = unpack(DopeNetwork([find_kind(name)]), expert)
            assert isinstance(taught, DopeNetwork)
            network.branch(name).load_state_dict(taught.branch(name).state_dict())
        else:
            anchor(network, name, self.data("train", 0))
        return network

    def optimiser(self, network: nn.Module, decay: float) -> torch.optim.Optimizer:
        assert isinstance(network, Extended)
        head = [p for p in network.branch(network.added).parameters() if p.requires_grad]
        told = list(network.proposer.told.parameters())
        return torch.optim.AdamW([
            {"params": [p for p in head if p.ndim > 1], "weight_decay": decay},
            {"params": [p for p in head if p.ndim <= 1], "weight_decay": 0.0},
            {"params": told, "weight_decay": 0.0},
        ], lr=0.0)  # fmt: skip

    def facts(self) -> Mapping[str, Any]:
        points = find_kind(self.kinds[0]).points
        return {**super().facts(), "added": f"a head for {self.kinds[0]}, {points} points"}


class Extended(DopeNetwork):
    """A network with one kind more than another; all else is frozen, its norms' memory too."""

    def __init__(self, known: DopeNetwork, added: str) -> None:
        super().__init__(in_order([*known.kinds, added]))
        self.added = added
        own = self.state_dict()
        rows = [5 * place + k for place, name in enumerate(self.kinds) if name != added
                for k in range(5)]  # fmt: skip
        for name, value in known.state_dict().items():
            if name in ("proposer.told.weight", "proposer.told.bias"):
                own[name][rows] = value
            else:
                own[name] = value
        self.load_state_dict(own)
        self.requires_grad_(False)
        self.branch(added).requires_grad_(True)
        mine = [row for row in range(5 * len(self.kinds)) if row not in rows]
        for parameter in self.proposer.told.parameters():
            parameter.requires_grad_(True)
            parameter.register_hook(_only(mine))

    def train(self, mode: bool = True) -> Extended:
        super().train(False)
        self.branch(self.added).train(mode)
        return self


def _only(rows: list[int]) -> Any:
    """What keeps the slope of some rows and drops that of all others."""

    def kept(slope: torch.Tensor) -> torch.Tensor:
        out = torch.zeros_like(slope)
        out[rows] = slope[rows]
        return out

    return kept


def anchor(network: DopeNetwork, name: str, source: Source) -> None:
    """Give a head the anchor poses of its kind: clusters of the first pictures of a source.

    Raises StudioError if they show too few of them, or were packed without their points.
    """
    kind = find_kind(name)
    more = more_layouts([kind])
    placed = placed_in(kind, more)
    parts = []
    for first in range(0, min(len(source), _ANCHORED), _BATCH):
        samples = [source[k] for k in range(first, min(first + _BATCH, len(source)))]
        if missing := [key for key in more if key not in samples[0]]:
            raise StudioError(
                f"These pictures have no points of {', '.join(missing)}.",
                "Pack others: doppel train dope --prepare N --data FOLDER",
            )
        rows = [np.concatenate([s[key] for key in ("whole", *more)], 1) for s in samples]
        height, width = samples[0]["rgb"].shape[:2]
        points = torch.from_numpy(np.stack(rows))
        xy, seen, xyz = points[..., :2], points[..., 2] > 0, points[..., 3:]
        parts.append(parts_of(placed, xy, seen, xyz, height, width))
    flat, deep = of_kind(kind, parts)
    branch = network.branch(name)
    branch.flat.copy_(torch.from_numpy(flat))
    branch.deep.copy_(torch.from_numpy(deep))
