"""The one loop that trains every network.

It is an engine: a generator that yields :class:`Progress` and can be paused, finished early and
cancelled between steps. All that a step depends on is its number and the state of the run, so a run
that was killed and resumed has the loss curve of one that was not, where its length is counted in
steps.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from studio.core.errors import Cancelled, StudioError
from studio.core.files import write_whole
from studio.perception.own import pack, placed
from studio.training import checkpoint
from studio.training.average import Average
from studio.training.feed import Order, batches
from studio.training.launch import Alone, Launcher, choose_device
from studio.training.plan import Plan
from studio.training.task import Batch, OwnOptimiser, Task

_SGD_DECAY, _SGD_MOMENTUM = 1e-4, 0.9


class Control(Protocol):
    """Whether to go on: :class:`studio.jobs.Context`, or anything like it."""

    def check(self) -> None: ...

    def report(self, fraction: float | None, text: str = "") -> None: ...

    @property
    def finishing(self) -> bool: ...

    @property
    def paused(self) -> bool: ...


class Unattended:
    """Nobody looks on: never paused, never cancelled."""

    finishing, paused = False, False

    def check(self) -> None: ...

    def report(self, fraction: float | None, text: str = "") -> None: ...


@dataclass(frozen=True)
class Progress:
    """How far a run is. ``losses`` are means since the last one; ``figures`` come with a
    validation, ``picture`` (height, width, 3; uint8) now and then."""

    step: int
    way: float
    spent_s: float
    losses: Mapping[str, float]
    learning_rate: float
    samples_per_s: float
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    picture: np.ndarray | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended: ``why`` is steps, time, threshold, patience or asked."""

    step: int
    spent_s: float
    score: float | None
    figures: Mapping[str, float]
    why: str


def train(
    task: Task,
    plan: Plan,
    folder: Path,
    control: Control | None = None,
    *,
    resume: bool = False,
    device: str = "auto",
    launcher: Launcher | None = None,
) -> Generator[Progress, None, Outcome]:
    """Train a network; its checkpoint, log and best weights go to ``folder``.

    With ``resume`` it goes on from the folder's checkpoint, if there is one. Raises StudioError if
    the loss is no longer a number, the checkpoint belongs to another run, or the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    on = launcher or Alone(choose_device(device), plan.precision)
    run = _Run(task, plan, folder, on, resume)
    try:
        return (yield from run.go(control or Unattended()))
    except (GeneratorExit, Cancelled, KeyboardInterrupt):
        run.keep()
        raise
    finally:
        run.close()


def _mix(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def _decayed(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights decay; biases and norms do not."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _optimiser(task: Task, network: nn.Module, plan: Plan, device: str) -> torch.optim.Optimizer:
    if plan.optimiser == "sgd":
        groups = _decayed(network, min(plan.weight_decay, _SGD_DECAY))
        return torch.optim.SGD(groups, lr=0.0, momentum=_SGD_MOMENTUM)
    if isinstance(task, OwnOptimiser):
        return task.optimiser(network, plan.weight_decay)
    return adamw(network, plan.weight_decay, device)


def adamw(network: nn.Module, decay: float, device: str) -> torch.optim.AdamW:
    """AdamW, at learning rate 0; biases and norms do not decay."""
    return torch.optim.AdamW(_decayed(network, decay), lr=0.0, fused=device == "cpu")


class _Run:
    """The state of a run and its steps."""

    def __init__(self, task: Task, plan: Plan, folder: Path, on: Launcher, resume: bool) -> None:
        self._task, self._plan, self._folder, self._on = task, plan, folder, on
        self._was_deterministic = torch.are_deterministic_algorithms_enabled()
        torch.use_deterministic_algorithms(plan.deterministic)
        torch.manual_seed(plan.seed)
        self._base = placed(task.network(), on.device)
        self._average = Average(self._base, plan.average)
        optimiser = _optimiser(task, self._base, plan, on.device)
        self._network, self._optimiser = on.set_up(self._base, optimiser)
        self._source = task.data("train", plan.seed)
        self._last_step = plan.last_step(len(self._source))
        self.step, self.spent_s = 0, 0.0
        self._best: float | None = None
        self._figures: dict[str, float] = {}
        self._stale = 0
        self._sums: dict[str, float] = {}
        self._summed, self._window_s = 0, 0.0
        if resume and (state := checkpoint.load(folder)) is not None:
            self._restore(state)
        self._kept, self._validated = self.step if resume else -1, -1
        self._journal = checkpoint.Journal(folder, self.step) if on.rank == 0 else None
        self._marks = {"checkpoint": self.spent_s, "validate": self.spent_s, "picture": -1e9}

    def close(self) -> None:
        torch.use_deterministic_algorithms(self._was_deterministic)
        if self._journal is not None:
            self._journal.close()

    def go(self, control: Control) -> Generator[Progress, None, Outcome]:
        plan, on = self._plan, self._on
        order = Order(len(self._source), plan.batch, plan.seed)
        feed = batches(
            self._source, order, self.step, workers=plan.workers, rank=on.rank, world=on.world
        )
        while (why := self._why_end(control)) is None:
            control.check()
            begun = time.perf_counter()
            rate = self._advance(next(feed))
            passed = time.perf_counter() - begun
            self.spent_s += passed
            self._window_s += passed
            if self.step % plan.log_every == 0:
                yield self._tell(rate, control)
                if self._due("validate", plan.validate_s):
                    yield self._validate(rate)
                if self._due("checkpoint", plan.checkpoint_s):
                    self.keep()
        if self._validated != self.step:
            yield self._validate(0.0)
        self.keep()
        return Outcome(self.step, self.spent_s, self._best, self._figures, why)

    def _why_end(self, control: Control) -> str | None:
        plan = self._plan
        reasons = {
            "steps": self._last_step is not None and self.step >= self._last_step,
            "time": plan.minutes is not None and self.spent_s >= 60 * plan.minutes,
            "threshold": plan.threshold is not None and self._reached(plan.threshold),
            "patience": plan.patience is not None and self._stale >= plan.patience,
            "asked": control.finishing,
        }
        first = next((i for i, ended in enumerate(reasons.values()) if ended), -1)
        agreed = int(self._on.agree(first))
        return None if agreed < 0 else list(reasons)[agreed]

    def _way(self) -> float:
        return self._plan.way(self.step, self.spent_s, self._last_step)

    def _advance(self, batch: Batch) -> float:
        """One step; returns its learning rate."""
        plan, on = self._plan, self._on
        rate = plan.rate(on.agree(self._way()))
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        seed = _mix(plan.seed, self.step, on.rank)
        torch.manual_seed(seed)
        dice = torch.Generator(on.device)
        dice.manual_seed(seed)
        with torch.no_grad():
            batch = {key: value.to(on.device) for key, value in batch.items()}
            batch = self._task.prepare(batch, dice)
        self._network.train()
        with on.autocast():
            terms = self._task.loss(self._network, batch)
        total = torch.stack([term.float() for term in terms.values()]).sum()
        told = {name: float(term.detach()) for name, term in terms.items()}
        if not all(np.isfinite(value) for value in told.values()):
            raise StudioError(
                f"The loss of step {self.step} is not a number ({told}).",
                "Train with a lower --learning-rate, or in float32; --resume goes on from the "
                "last checkpoint.",
            )
        on.descend(total, self._network, self._optimiser, plan.clip)
        self.step += 1
        self._average.follow(self._base, self.step)
        for name, value in {"loss": sum(told.values()), **told}.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._summed += 1
        return rate

    def _tell(self, rate: float, control: Control) -> Progress:
        losses = {name: value / self._summed for name, value in self._sums.items()}
        speed = self._summed * self._plan.batch / max(self._window_s, 1e-9)
        self._sums, self._summed, self._window_s = {}, 0, 0.0
        way = self._way()
        if self._journal is not None:
            self._journal.tell(
                step=self.step, spent_s=round(self.spent_s, 3), rate=rate, losses=losses,
                samples_per_s=round(speed, 2),
            )  # fmt: skip
        score = "" if self._best is None else f", {self._task.score} {self._best:.4f}"
        control.report(way, f"step {self.step}, loss {losses['loss']:.4f}{score}")
        picture = None
        if self._due("picture", self._plan.picture_s) and self._on.rank == 0:
            picture = self._task.sample_pictures(self._average.network, self._on.device)
        return Progress(self.step, way, self.spent_s, losses, rate, speed, picture=picture)

    def _validate(self, rate: float) -> Progress:
        self._validated = self.step
        if self._journal is not None:
            figures = dict(self._task.validate(self._average.network, self._on.device))
            self._figures = figures
            score = figures[self._task.score]
            if self._best is None or self._beats(score, self._best):
                self._best, self._stale = score, 0
                data = pack(self._average.network, {"score": str(score), "step": str(self.step)})
                write_whole(self._folder / checkpoint.BEST, data)
            else:
                self._stale += 1
            self._journal.tell(step=self.step, spent_s=round(self.spent_s, 3), figures=figures)
        return Progress(self.step, self._way(), self.spent_s, {}, rate, 0.0, self._figures)

    def _beats(self, score: float, other: float) -> bool:
        return score > other if self._task.better == "higher" else score < other

    def _reached(self, threshold: float) -> bool:
        return self._best is not None and not self._beats(threshold, self._best)

    def _due(self, what: str, every_s: float) -> bool:
        due = self.spent_s - self._marks[what] >= every_s
        if due:
            self._marks[what] = self.spent_s
        return bool(self._on.agree(float(due)))

    def keep(self) -> None:
        """Write the checkpoint, unless this step has one."""
        if self._kept == self.step:
            return
        self._kept = self.step
        if self._on.rank == 0:
            state = {
                "task": self._task.name, "seed": self._plan.seed, "batch": self._plan.batch,
                "kind of optimiser": self._plan.optimiser,
                "step": self.step, "spent_s": self.spent_s, "best": self._best,
                "figures": self._figures, "stale": self._stale, "sums": self._sums,
                "summed": self._summed, "network": self._base.state_dict(),
                "average": self._average.network.state_dict(),
                "optimiser": self._optimiser.state_dict(), "launcher": self._on.state(),
            }  # fmt: skip
            checkpoint.save(self._folder, state)

    def _restore(self, state: dict[str, Any]) -> None:
        plan = self._plan
        mine = {"task": self._task.name, "seed": plan.seed, "batch": plan.batch,
                "kind of optimiser": plan.optimiser}  # fmt: skip
        for key, value in mine.items():
            if (had := state.get(key, "own")) != value:
                raise StudioError(
                    f"The run in {self._folder} has the {key} {had}, not {value}.",
                    "Give the same, or start afresh in another folder.",
                )
        try:
            self._base.load_state_dict(state["network"])
            self._average.network.load_state_dict(state["average"])
            self._optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError) as error:
            raise StudioError(
                "The checkpoint belongs to a network of another shape.", "Start afresh."
            ) from error
        self._on.restore(state["launcher"])
        self.step, self.spent_s = state["step"], state["spent_s"]
        self._figures = state["figures"]
        # What decided may have been another figure when the run was kept.
        self._best = state["best"] if self._task.score in self._figures else None
        self._stale, self._sums, self._summed = state["stale"], state["sums"], state["summed"]
