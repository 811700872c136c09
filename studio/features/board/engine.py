"""Printing a board as an engine: its sheets are laid out, then each file is written whole."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.types import Fact
from studio.features.board.layout import Page, lay_out
from studio.features.board.params import RULER_MM, Params
from studio.features.board.pdf import pdf
from studio.features.board.svg import svg
from studio.jobs import Context, Engine
from studio.perception.boards.board import Board
from studio.perception.boards.spec import scaled


@dataclass(frozen=True, eq=False)
class Inputs:
    """Where to write if the params do not say, under which name; and a board in place of the
    params' own."""

    folder: Path
    name: str = "board"
    board: Board | None = None


@dataclass(frozen=True, eq=False)
class Printed:
    """The files, and the board as it really is: its spec is what to calibrate with."""

    folder: Path
    files: tuple[Path, ...]
    pages: tuple[Page, ...]
    board: Board
    facts: tuple[Fact, ...]


def print_board(params: Params, inputs: Inputs, context: Context) -> Engine[Path, Printed]:
    """Write a board's sheets. Yields each file as it is made.

    Raises StudioError if there can be no such board, or the folder cannot be written.
    """
    designed = inputs.board or params.board()
    folder = params.folder or inputs.folder
    context.report(0.0, "Drawing the board")
    pages = lay_out(designed, params.paper_m, params.margin_mm / 1000)
    real = scaled(designed, params.scale)
    contents: list[tuple[Path, bytes]] = []
    if "pdf" in params.formats:
        contents.append((folder / f"{inputs.name}.pdf", pdf(pages, designed.name)))
    if "svg" in params.formats:
        for number, page in enumerate(pages, 1):
            part = f"-{number}" if len(pages) > 1 else ""
            text = svg(page, designed.name)
            contents.append((folder / f"{inputs.name}{part}.svg", text.encode()))
    for number, (path, content) in enumerate(contents):
        context.check()
        _write(path, content)
        context.report((number + 1) / len(contents), f"Written {path.name}")
        yield path
    files = tuple(path for path, _ in contents)
    return Printed(folder, files, pages, real, _facts(params, real, pages))


def _write(path: Path, content: bytes) -> None:
    """Put the file in its place whole, or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise StudioError(
            f"“{path}” cannot be written: {error.strerror or error}.", "Choose another folder."
        ) from error


def _facts(params: Params, real: Board, pages: tuple[Page, ...]) -> tuple[Fact, ...]:
    sheet = "1 sheet" if len(pages) == 1 else f"{len(pages)} sheets"
    paper = " x ".join(f"{side * 1000:g}" for side in params.paper_m)
    off = params.measured_mm - RULER_MM
    return (
        Fact("Board", real.spec, "good"),
        Fact("Paper", f"{sheet} of {paper} mm", "good"),
        Fact(
            "Ruler",
            f"measures {params.measured_mm:g} mm, {off:+.2g} mm"
            if off
            else "not measured yet: taken for 100 mm",
            "good" if off else "look",
            "" if off else "Measure the ruler on the print and enter it.",
        ),
    )
