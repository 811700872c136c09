"""``doppel evaluate`` of a trained network: its table, measured now beside its baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.card import find_card
from studio.journeys.figures import Figure, Part
from studio.training.publish import measure
from studio.training.task import Bench, Row
from studio.training.tasks import find_task
from studio.weights.store import finder


def parts_of(
    name: str, footage: Path | None, data: Path | None, device: str = "auto",
    told: Callable[[str], object] = id,
) -> list[tuple[str, Part]]:  # fmt: skip
    """The one part of the evaluation of a trained network; ``told`` hears what is found meanwhile.
    Raises StudioError if it has none."""

    def measured() -> Iterator[Figure]:
        card = find_card(name)
        task = find_task(name, **({} if data is None else {"data": str(data)}))
        bench = Bench(footage, finder(), told)
        yield from map(as_figure, measure(task, card.weights, bench, device))

    return [(name, measured)]


def as_figure(row: Row) -> Figure:
    """A row of a network's table as a figure; its goal is to beat the best of its baselines."""
    note = row.note
    if row.value is None:
        return Figure(row.what, f"skipped: {note}")
    beside = ", ".join(f"{value:.4g} {name}" for name, value in row.baselines.items())
    return Figure(row.what, f"{row.value:.4g} {row.unit}".strip(), beside, None, note)
