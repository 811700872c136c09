"""A table of measured numbers beside their goals."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from studio.core.files import write_whole


@dataclass(frozen=True)
class Figure:
    """One measured number beside its goal; ``met`` is None where there is no goal. ``note`` says
    what else was found."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def footage_set(footage: Path | None, name: str) -> Path:
    """A folder of real footage. Raises FileNotFoundError if it is not here."""
    folder = footage / name if footage else None
    if folder is None or not folder.is_dir():
        raise FileNotFoundError(f"the footage {name} is not here")
    return folder


Part = Callable[[], Iterable[Figure]]


def teller(quiet: bool) -> Callable[[str], None]:
    """Says on standard error what was found so far, unless it is to be quiet."""
    console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
    return lambda text: console.print(text, markup=False)


def measure(
    parts: Sequence[tuple[str, Part]], json: bool, file: Path | None = None
) -> int:  # fmt: skip
    """Run the parts, telling on standard error what is measured as soon as it is, and print their
    table or one JSON object.

    ``file`` is where the JSON object is kept as well. A part that raises FileNotFoundError is told
    as skipped. Returns 1 if a goal was missed.
    """
    figures: list[Figure] = []
    told = teller(json)
    for what, part in parts:
        Console(stderr=True, quiet=json).rule(what)
        try:
            for figure in part():
                figures.append(figure)
                told(f"{figure.what}: {figure.value}")
        except FileNotFoundError as missing:
            figures.append(Figure(what, f"skipped: {missing}"))
    whole = json_module.dumps({"figures": [asdict(f) for f in figures]}, ensure_ascii=False)
    if file is not None:
        write_whole(file, whole.encode())
    if json:
        print(whole)
    else:
        table = Table("figure", "measured", "goal", "", "")
        for f in figures:
            mark = "" if f.met is None else "met" if f.met else "not met"
            table.add_row(f.what, f.value, f.goal, mark, f.note)
        Console().print(table)
    return 1 if any(f.met is False for f in figures) else 0
