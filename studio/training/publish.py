"""From a run to ``models/NAME``: weights and a card of measured figures, if they are better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from studio.core.card import CARD, WEIGHTS, Card, read_card
from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.perception.own import count, pack, placed, size_mb, unpack
from studio.training import checkpoint
from studio.training.launch import choose_device
from studio.training.task import Bench, Finishing, Row, Task

LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Published:
    """The card of the run, whether it was put in place, and a sentence that says why."""

    card: Card
    replaced: bool
    why: str


def best_network(task: Task, folder: Path, device: str = "cpu") -> torch.nn.Module:
    """The best weights of a run. Raises StudioError if it has none yet."""
    path = folder / checkpoint.BEST
    if not path.is_file():
        raise StudioError(
            f"The run in {folder} has no validated weights yet.", f"Run: doppel train {task.name}"
        )
    return placed(unpack(task.network(), path), device)


def measure(task: Task, weights: Path, bench: Bench, device: str = "auto") -> Iterable[Row]:
    """The table of a network whose weights lie in a file, measured now, row by row."""
    on = choose_device(device)
    return task.evaluate(placed(unpack(task.network(), weights), on), on, bench)


def publish(
    task: Task,
    folder: Path,
    models: Path,
    bench: Bench,
    *,
    device: str = "cpu",
    facts: Mapping[str, Any] | None = None,
) -> Published:
    """Evaluate a run's best weights and put them into ``models/NAME``.

    What lies there already is replaced only if the first figure of the table, measured for both by
    the same code now, is better. Raises StudioError if there is nothing to publish.
    """
    network = best_network(task, folder, device)
    if isinstance(task, Finishing):
        task.finish(network, device)
    rows = list(task.evaluate(network, device, bench))
    home = models / task.name
    card = make_card(task, network, rows, folder, facts or {})
    told = f"{rows[0].what} {_shown(rows[0])}"
    if (home / WEIGHTS).is_file():
        before = next(iter(measure(task, home / WEIGHTS, Bench(), device)))
        if not beats(rows[0], before):
            why = f"kept the old weights: {told} against {_shown(before)}"
            return Published(read_card(home), False, why)
        told += f" against {_shown(before)}"
    home.mkdir(parents=True, exist_ok=True)
    write_whole(home / WEIGHTS, pack(network, {"name": task.name}))
    write_whole(home / CARD, card.toml().encode())
    return Published(read_card(home), True, told)


def make_card(
    task: Task,
    network: torch.nn.Module,
    rows: Sequence[Row],
    folder: Path,
    facts: Mapping[str, Any],
) -> Card:
    """What is known about a run: its task, size, data, seed, steps, and the measured table."""
    state = checkpoint.load(folder) or {}
    known: dict[str, Any] = {
        "task": task.does,
        **task.facts(),
        "parameters": count(network),
        "megabytes": round(size_mb(network), 3),
        "seed": state.get("seed", 0),
        "steps": state.get("step", 0),
        "batch": state.get("batch", 0),
        "training_minutes": round(state.get("spent_s", 0.0) / 60, 1),
        **facts,
    }
    return Card(task.name, LICENCE, known, tuple(figure(row) for row in rows))


def figure(row: Row) -> dict[str, Any]:
    """A row of the table as the card holds it, rounded to what was measured."""
    told = asdict(row)
    if row.value is not None:
        told["value"] = round(row.value, 4)
    told["baselines"] = {name: round(value, 4) for name, value in row.baselines.items()}
    return told


def beats(row: Row, other: Row) -> bool:
    """Whether a figure is better than the same figure of another network."""
    if row.value is None or other.value is None:
        return other.value is None
    return row.value > other.value if row.better == "higher" else row.value < other.value


def _shown(row: Row) -> str:
    return "not measured" if row.value is None else f"{row.value:.4g} {row.unit}".strip()
