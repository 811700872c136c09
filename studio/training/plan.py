"""How long and how to train, and the learning rate at every moment of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from studio.core.errors import StudioError

Precision = Literal["auto", "float32", "bfloat16", "float16"]
Optimiser = Literal["own", "sgd"]
Schedule = Literal["cosine", "steps"]
_DROPS = (0.6, 0.9)


@dataclass(frozen=True)
class Plan:
    """A training run.

    It ends at the first of ``steps``, ``minutes`` (of training, summed over resumed runs),
    ``epochs``, ``threshold`` (the score is reached) and ``patience`` (validations without a better
    score). The learning rate rises over ``warm_up`` of the way, then falls as a cosine to
    ``last_rate`` of its height; or, with the ``schedule`` “steps”, to a tenth at 60 % and again at
    90 % of the way (epochs 30 and 45 of 50). ``optimiser`` is the network's own, or SGD with
    momentum; both as in US 11494932. The way is counted in steps where ``steps`` or ``epochs`` is
    given, else in time; only a run counted in steps repeats itself exactly. ``average`` is the
    decay of the moving average of the weights (EMA), which is what is validated and published.
    """

    steps: int | None = None
    minutes: float | None = None
    epochs: float | None = None
    threshold: float | None = None
    patience: int | None = None
    batch: int = 32
    learning_rate: float = 2e-3
    last_rate: float = 0.01
    warm_up: float = 0.03
    weight_decay: float = 0.02
    optimiser: Optimiser = "own"
    schedule: Schedule = "cosine"
    clip: float = 1.0
    average: float = 0.999
    precision: Precision = "auto"
    seed: int = 1
    deterministic: bool = False
    workers: int = 0
    log_every: int = 10
    checkpoint_s: float = 60.0
    validate_s: float = 240.0
    picture_s: float = 30.0

    def __post_init__(self) -> None:
        if self.steps is None and self.minutes is None and self.epochs is None:
            raise StudioError("The training would never end.", "Give --minutes or --steps.")
        ends = (self.steps, self.minutes, self.epochs, self.batch, self.log_every)
        if any(end is not None and end <= 0 for end in ends):
            raise StudioError("A training run needs a length and a batch above 0.")

    def last_step(self, samples: int) -> int | None:
        """The step at which the run ends, for a data set of so many samples; None: by time."""
        by_epoch = None if self.epochs is None else math.ceil(self.epochs * samples / self.batch)
        ends = [end for end in (self.steps, by_epoch) if end is not None]
        return min(ends, default=None)

    def way(self, step: int, spent_s: float, last_step: int | None) -> float:
        """How much of the run is done, 0..1."""
        if last_step is not None:
            return min(step / last_step, 1.0)
        assert self.minutes is not None
        return min(spent_s / (60 * self.minutes), 1.0)

    def rate(self, way: float) -> float:
        """The learning rate at that part of the way."""
        if way < self.warm_up:
            return self.learning_rate * max(way / self.warm_up, 1e-3)
        if self.schedule == "steps":
            return self.learning_rate * 0.1 ** sum(way >= drop for drop in _DROPS)
        falling = (way - self.warm_up) / max(1 - self.warm_up, 1e-9)
        low = self.last_rate
        return self.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * falling)))

    def told(self) -> dict[str, Any]:
        """The plan as plain values."""
        return asdict(self)
