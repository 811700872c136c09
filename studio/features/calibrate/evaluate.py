"""Measured figures of calibration: real sets, simulated rigs, and speed."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.features.calibrate import measure, speed
from studio.features.calibrate.measure import Figure


@dataclass(frozen=True)
class Part:
    """Some rows of the table: their title, the set they need (none: ""), how they are made."""

    title: str
    needs: str
    figures: Callable[[Path], Sequence[Figure]]


PARTS = (
    Part("Stereo pair, chessboard photos", "calib_opencv_stereo", measure.stereo),
    Part("Four cameras, two-sided ChArUco", "calib_caliscope", measure.published_rigs),
    Part("One bad board among seven", "mv_pose2sim/calibration", measure.bad_board),
)


def evaluate(
    footage: Path | None = None, peers: Path | None = None, runs: int = 12
) -> dict[str, Any]:
    """All figures as plain numbers; parts whose data are missing say so."""
    figures: dict[str, Any] = {}
    for part in PARTS:
        folder = footage / part.needs if footage else None
        if folder is None or not folder.is_dir():
            figures[part.title] = {"note": f"not measured: the set {part.needs} is not here"}
        else:
            figures[part.title] = [_plain(row) for row in part.figures(folder)]
    figures["Simulated rigs"] = [_plain(row) for row in measure.simulated(runs)]
    figures["Speed"] = [_plain(row) for row in speed.timings(peers)]
    return figures


def _plain(row: Any) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in asdict(row).items()
    }


def main(
    footage: Path | None = None, peers: Path | None = None, runs: int = 12, json: bool = False
) -> None:
    """Measure calibration.

    Args:
        footage: The folder of real sets (calib_opencv_stereo ...).
        peers: A folder with the packages of other tools, to time them in the same run.
        runs: How many rigs to simulate without a fault, and with each.
        json: Print one JSON object.
    """
    for path in (footage, peers):
        if path is not None and not path.is_dir():
            raise StudioError(f"There is no folder “{path}”.", "Give one that exists.")
    figures = evaluate(footage, peers, runs)
    if json:
        print(json_module.dumps(figures, ensure_ascii=False))
        return
    console = Console()
    for title, rows in figures.items():
        console.print(title, style="bold")
        console.print(rows["note"] if isinstance(rows, dict) else _table(rows))


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
