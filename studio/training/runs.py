"""The runs of a network that lie on this computer: how far each is, its score, its curves."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.training import checkpoint
from studio.training.loop import Progress


@dataclass(frozen=True, eq=False)
class Curve:
    """Values over the steps of a run."""

    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """A run as its folder tells it. ``losses`` and ``figures`` are curves by name."""

    folder: Path
    step: int
    spent_s: float
    rate: Curve
    samples_per_s: Curve
    losses: Mapping[str, Curve]
    figures: Mapping[str, Curve]

    @property
    def name(self) -> str:
        return self.folder.name

    def best(self, figure: str, better: str) -> float | None:
        """The best value that a figure had; None if it was never measured."""
        curve = self.figures.get(figure)
        if curve is None:
            return None
        return float(curve.values.max() if better == "higher" else curve.values.min())

    @property
    def validated(self) -> bool:
        """Whether it has weights that can be published."""
        return (self.folder / checkpoint.BEST).is_file()


def run_folder(network: str, number: int = 1) -> Path:
    """Where a run of a network is kept: ``parts``, ``parts 2`` ... in the user's cache."""
    name = network.replace(":", ".")
    return cache_folder("training") / (name if number == 1 else f"{name} {number}")


def read_run(folder: Path) -> Run:
    """A run, from its log; one that has not told anything yet is at step 0."""
    lines = checkpoint.lines(folder)
    told = [line for line in lines if "losses" in line]
    measured = [line for line in lines if "figures" in line]
    last = lines[-1] if lines else {"step": 0, "spent_s": 0.0}
    return Run(
        folder,
        int(last["step"]),
        float(last["spent_s"]),
        _curve(told, lambda line: line["rate"]),
        _curve(told, lambda line: line["samples_per_s"]),
        {name: _curve(told, lambda line, n=name: line["losses"].get(n, np.nan))
         for name in _names(told, "losses")},
        {name: _curve(measured, lambda line, n=name: line["figures"].get(n, np.nan))
         for name in _names(measured, "figures")},
    )  # fmt: skip


def list_runs(network: str) -> tuple[Run, ...]:
    """All runs of a network in the user's cache, the newest first."""
    first = run_folder(network)
    found = [first, *first.parent.glob(f"{glob.escape(first.name)} [0-9]*")]
    found = [p for p in found if (p / checkpoint.LOG).is_file()]
    found.sort(key=lambda p: (p / checkpoint.LOG).stat().st_mtime, reverse=True)
    return tuple(read_run(folder) for folder in found)


def free_folder(network: str) -> Path:
    """Where the next run of a network is kept, beside those that are there."""
    number = 1
    while run_folder(network, number).exists():
        number += 1
    return run_folder(network, number)


Line = dict[str, Any]


def keep_picture(folder: Path, progress: Progress) -> None:
    """Keep what the network makes of a few samples beside the run's log, if it was drawn."""
    if progress.picture is not None:
        write_picture(folder / checkpoint.PICTURE, progress.picture)


def _names(lines: list[Line], key: str) -> list[str]:
    return list(dict.fromkeys(name for line in lines for name in line[key]))


def _curve(lines: list[Line], value: Callable[[Line], float]) -> Curve:
    steps = np.array([line["step"] for line in lines], float)
    return Curve(steps, np.array([value(line) for line in lines], float))
