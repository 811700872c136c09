"""What the loop must know about a network that it trains: the task, its data, its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import torch

Split = Literal["train", "validation", "test"]
Sample = dict[str, np.ndarray]
Batch = dict[str, "torch.Tensor"]


class Source(Protocol):
    """Samples by number. The same number gives the same sample, in every process and run.

    It is sent to worker processes by pickle: what cannot be sent (a renderer) is made on first use.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Sample: ...


@dataclass(frozen=True)
class Row:
    """One measured figure of a network beside the same figure of named baselines.

    ``better`` says which way is good. ``value`` is None where it could not be measured, and
    ``note`` says why then.
    """

    what: str
    value: float | None
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    baselines: Mapping[str, float] = field(default_factory=dict[str, float])
    note: str = ""


class Find(Protocol):
    """The file of an installed pre-trained network by its name; raises StudioError if absent."""

    def __call__(self, name: str, /) -> Path: ...


@dataclass(frozen=True)
class Bench:
    """What an evaluation may use: real footage and pre-trained networks as baselines, if here;
    ``told`` hears what a long one has found so far."""

    footage: Path | None = None
    find: Find | None = None
    told: Callable[[str], object] = id


class Task(Protocol):
    """A network, its data, its loss and its figures.

    ``does`` says what it is for in a line. ``score`` names the figure of :meth:`validate` that
    decides which checkpoint is the best, and ``better`` which way is good.
    """

    name: str
    does: str
    score: str
    better: Literal["higher", "lower"]

    def network(self) -> torch.nn.Module:
        """A fresh network; its weights follow torch's seed."""
        ...

    def data(self, split: Split, seed: int) -> Source:
        """The samples of a split. Raises StudioError if they are not there."""
        ...

    def prepare(self, batch: Batch, dice: torch.Generator) -> Batch:
        """A batch as it is learned from: on its device, varied by the dice, without gradients."""
        ...

    def loss(self, network: torch.nn.Module, batch: Batch) -> Mapping[str, torch.Tensor]:
        """The terms of the loss, already weighted; their sum is what is minimised."""
        ...

    def validate(self, network: torch.nn.Module, device: str) -> Mapping[str, float]:
        """A few figures on the split ``validate``, quick enough to be taken while training."""
        ...

    def evaluate(self, network: torch.nn.Module, device: str, bench: Bench) -> Iterable[Row]:
        """The held-out table: synthetic split ``test`` and real pictures, beside baselines. Rows
        may come as they are measured."""
        ...

    def sample_pictures(self, network: torch.nn.Module, device: str) -> np.ndarray:
        """A picture (height, width, 3; uint8) of what the network makes of a few samples."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What the card says besides: ``inputs``, ``outputs``, ``data``; may look at the data."""
        ...


@runtime_checkable
class OwnOptimiser(Protocol):
    """A task whose network learns better from another optimiser than the loop's AdamW."""

    def optimiser(self, network: torch.nn.Module, decay: float) -> torch.optim.Optimizer:
        """The optimiser, at learning rate 0; ``decay`` is the weights' decay."""
        ...


@runtime_checkable
class Finishing(Protocol):
    """A task whose best weights are finished before they are measured and published."""

    def finish(self, network: torch.nn.Module, device: str) -> None:
        """Change the weights in place, by the split ``validation`` alone."""
        ...
