"""Which layers of Multi-NeuS should be each head's own, and of what rank: learned anew for as many
steps each, and a page of what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import nn

from studio.core.files import write_whole
from studio.journeys.figures import Figure, Part
from studio.journeys.report import Bars, Section, Table, write_report
from studio.perception.neural_heads.fitting import Effort
from studio.perception.neural_heads.network import OWN, RANK
from studio.training.heads import TEST_SETS, heads
from studio.training.loop import train
from studio.training.plan import Plan
from studio.training.publish import best_network
from studio.training.tasks import find_task
from studio.training.tasks.neus_figures import distances

STEPS = 400
KINDS: dict[str, dict[str, Any]] = {
    "independent": {"kind": "independent"},
    **{f"low-rank, r = {rank}": {"rank": rank} for rank in (4, 16, RANK)},
    "shared by all": {"kind": "shared"},
}
USUAL = f"low-rank, r = {RANK}"
PLACES: dict[str, dict[str, Any]] = {
    f"own: {name}": {"placement": name} for name in OWN if name not in ("usual", "none")
}
_FIRST, _SECOND = Effort((80, 0)), Effort((80, 80))
_PARTS = ("mean of learned heads", "after the first step", "after the second")
PAGE, KEPT = "neus_studies.html", "neus_studies.json"


@dataclass(frozen=True)
class Studied:
    """How far distances are off near the surface of held-out heads (mm): of the mean of learned
    heads, after the first step of fitting and after the second; ``numbers`` the network has."""

    name: str
    numbers: int
    mean: float
    first: float
    second: float


def parts(data: Path | None, out: Path | None, steps: int = STEPS) -> list[tuple[str, Part]]:
    """The studies, if there is a place for their page; they need packs."""
    if out is None or data is None:
        return []
    return [("layers and ranks", partial(_studies, data, out, steps))]


def _studies(data: Path, out: Path, steps: int) -> Iterator[Figure]:
    """Every setting's figure; the page is written after each, and what is on it already, learned
    for as many steps, is not learned again."""
    known, fit = read_studies(out / KEPT, steps)
    found: dict[str, list[Studied]] = {}
    for title, settings in (("Kind and rank", KINDS), ("Which layers", PLACES)):
        for name, options in settings.items():
            if name not in known:
                known[name], fit = studied(name, data, steps, options)
                told = {"steps": steps, "fit": fit, "every": [asdict(s) for s in known.values()]}
                write_whole(out / KEPT, json.dumps(told, indent=1).encode())
            one = known[name]
            usual = [replace(known[USUAL], name="own: usual")] if settings is PLACES else []
            found.setdefault(title, usual).append(one)
            write_page(out / PAGE, found, fit, steps)
            yield Figure(
                f"{name}, {steps} steps: distance off after the first step; the second",
                f"{one.first:.2f}; {one.second:.2f} mm", "",
                None, f"mean head {one.mean:.2f}, fit alone {fit:.2f} mm",
            )  # fmt: skip


def read_studies(path: Path, steps: int) -> tuple[dict[str, Studied], float]:
    """What was studied before with so many steps, by the settings' names, and how far fits alone
    are off (mm): nothing and 0 if nothing was."""
    try:
        told = json.loads(path.read_text("utf-8"))
        every = [Studied(**one) for one in told["every"]]
        if told["steps"] == steps:
            return {one.name: one for one in every}, float(told["fit"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}, 0.0


def studied(name: str, data: Path, steps: int, options: dict[str, Any]) -> tuple[Studied, float]:
    """One setting, learned from the packs of ``data`` and fitted to the first photographs of the
    packed validation heads; and how far the fits alone are off (mm)."""
    task = find_task("neus", data=str(data), **options)
    plan = Plan(steps=steps, batch=4, precision="float32", validate_s=1e9, picture_s=1e9)
    with TemporaryDirectory() as folder:
        for _ in train(task, plan, Path(folder), device="cpu"):
            pass
        network: nn.Module = best_network(task, Path(folder))
    source = heads(data, "validation", 0)
    numbers = range(0, len(source), len(TEST_SETS))
    told = np.array([distances(network, source, k, (_FIRST, _SECOND)) for k in numbers]).mean(0)
    fit, mean, first, second = (1000 * told).tolist()
    count = sum(p.numel() for p in network.parameters())
    return Studied(name, count, mean, first, second), fit


def write_page(path: Path, found: dict[str, list[Studied]], fit_mm: float, steps: int) -> None:
    """The page. Raises StudioError if it cannot be written."""
    head = ("layers", "numbers", "mean head, mm", "first step, mm", "second step, mm")
    sections: list[Section] = []
    for title, every in found.items():
        best = min(one.second for one in every)
        rows = tuple(
            (one.name + (" (best)" if one.second == best else ""), f"{one.numbers:,}",
             f"{one.mean:.2f}", f"{one.first:.2f}", f"{one.second:.2f}")
            for one in every
        )  # fmt: skip
        text = (
            f"Each learned for {steps} steps from the same heads, then fitted to one photograph of "
            "heads that it did not learn: what is each head's own alone, then all layers and the "
            f"camera. The parametric fit alone is {fit_mm:.2f} mm off."
        )
        groups = tuple((one.name, (one.mean, one.first, one.second)) for one in every)
        bars = Bars(groups, _PARTS, "mm", "How far distances are off near the surface",
                    ("the fit alone", fit_mm))  # fmt: skip
        sections.append(Section(title, text, (bars, Table(head, rows))))
    write_report(path, "Multi-NeuS: which layers are each head's own", (), sections)
