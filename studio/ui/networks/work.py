"""The work behind the networks' window, as engines. No Qt.

Training is a process of its own, so the window stays smooth and a crash costs a minute of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.core.card import Card, find_card, own_models, trained
from studio.jobs import Context
from studio.jobs.job import Engine
from studio.training.loop import Outcome, Progress
from studio.training.many import train_together
from studio.training.plan import Plan
from studio.training.publish import Published, figure, measure, publish
from studio.training.runs import Run, free_folder, list_runs
from studio.training.task import Bench
from studio.training.tasks import TASKS, find_task
from studio.weights.store import finder

LAYERED = "neus"
"""The network of which some layers are each head's own."""


@dataclass(frozen=True)
class Wish:
    """What somebody asked for: how long, where, how many processes make pictures, which labels
    are learned from too, whether the last run goes on, which packed samples are learned from, and
    the ``layers`` of a neural head's network, where others than usual are wanted."""

    minutes: float
    device: str = "auto"
    workers: int = 1
    labels: Path | None = None
    resume: bool = True
    samples: Path | None = None
    layers: Mapping[str, Any] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """What the task is made with."""
        places = {"labels": self.labels, "data": self.samples}
        return {what: str(at) for what, at in places.items() if at is not None} | {**self.layers}


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a network: what it does, its card, its runs, and its score's name."""

    name: str
    does: str
    score: str
    better: str
    card: Card | None
    runs: tuple[Run, ...]

    @property
    def title(self) -> str:
        """The name as it is read: "Pose prior"."""
        return self.name.replace("_", " ").capitalize()


def look(name: str) -> Known:
    """A network as it is now. Raises StudioError if its card is broken."""
    task = find_task(name)
    card = find_card(name) if name in trained() else None
    return Known(name, task.does, task.score, task.better, card, list_runs(name))


def look_all() -> Mapping[str, Known]:
    """Every network that can be trained."""
    return {name: look(name) for name in TASKS}


def devices() -> tuple[str, ...]:
    """What can be trained on."""
    import torch

    return ("auto", "cpu", "cuda") if torch.cuda.is_available() else ("auto", "cpu")


def training(name: str, wish: Wish, context: Context) -> Engine[Progress, Outcome]:
    """Train a network for so many minutes more, in the newest run or in one of its own."""
    runs = list_runs(name)
    resume = wish.resume and bool(runs)
    folder = runs[0].folder if resume else free_folder(name)
    done_s = runs[0].spent_s if resume else 0.0
    plan = Plan(minutes=done_s / 60 + wish.minutes, workers=wish.workers)
    context.report(0.0, "Starting")
    run = train_together(
        name, wish.options(), plan, folder, context, resume=resume, device=wish.device, devices=1
    )
    while True:
        try:
            progress = next(run)
        except StopIteration as stop:
            return stop.value
        share = (progress.spent_s - done_s) / (60 * wish.minutes)
        loss, speed = progress.losses.get("loss", float("nan")), progress.samples_per_s
        context.report(share, f"step {progress.step}, loss {loss:.3f}, {speed:.0f} samples/s")
        yield progress


def measuring(name: str, context: Context) -> Engine[None, Card]:
    """Measure the network in use on this computer: its card, with what came out now."""
    context.report(None, f"Measuring “{name}”")
    yield None
    card, task = find_card(name), find_task(name)
    rows = list(measure(task, card.weights, Bench(None, finder())))
    return replace(card, figures=tuple(figure(row) for row in rows))


def publishing(name: str, run: Run, context: Context) -> Engine[None, Published]:
    """Measure a run's best weights, and use them if they are better than what is in use."""
    context.report(None, f"Measuring “{run.name}”")
    yield None
    began = time.monotonic()
    done = publish(find_task(name), run.folder, own_models(), Bench(None, finder()))
    context.report(1.0, f"Measured in {time.monotonic() - began:.0f} s")
    return done
