"""``doppel board``: a calibration board as a PDF or SVG file, true to size."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from rich.console import Console

from studio.core.errors import StudioError
from studio.features.board.engine import Inputs, Printed, print_board
from studio.features.board.params import PaperName, Params
from studio.jobs import run
from studio.jobs.terminal import OnTerminal
from studio.perception.boards.lengths import parse_length
from studio.perception.boards.spec import parse_board


def main(
    out: Path = Path("board.pdf"),
    board: str = "charuco:7x5:34mm:DICT_5X5_100",
    paper: PaperName = "A4",
    measured: str = "100mm",
    margin_mm: float = 10.0,
    paper_width_mm: float = 300.0,
    paper_height_mm: float = 400.0,
    json: bool = False,
) -> None:
    """Print a calibration board, and say with which words to calibrate.

    Args:
        out: The file to write, .pdf or .svg.
        board: The board, such as charuco:7x5:34mm:DICT_5X5_100, chessboard:9x6:25mm (inner
            corners) or aprilgrid:6x6:30mm.
        paper: The paper; a larger board is tiled over several sheets.
        measured: What the 100 mm ruler on the print measures, such as 99.2mm; the board's size is
            scaled by it.
        margin_mm: Edge of the paper that the printer leaves white.
        paper_width_mm: Width of custom paper.
        paper_height_mm: Height of custom paper.
        json: Print one JSON object.
    """
    kind = out.suffix.lower().lstrip(".")
    if kind not in ("pdf", "svg"):
        raise StudioError(
            f"“{out.name}” is neither a PDF nor an SVG file.", "Let its name end in .pdf or .svg."
        )
    ruler_mm = parse_length(measured, "The measured ruler")[0] * 1000
    if not 80 <= ruler_mm <= 120:
        raise StudioError(
            f"A 100 mm ruler that measures {ruler_mm:g} mm was not printed at 100 %.",
            "Print again without “fit to page”, then measure from end to end.",
        )
    params = Params.model_validate({
        "paper": paper, "measured_mm": ruler_mm, "margin_mm": margin_mm, "formats": (kind,),
        "paper_width_mm": paper_width_mm, "paper_height_mm": paper_height_mm,
    })  # fmt: skip
    inputs = Inputs(out.absolute().parent, out.stem, parse_board(board))
    with OnTerminal("Board", quiet=json) as context:
        result = run(print_board(params, inputs, context))
    if json:
        print(json_module.dumps(_as_json(result), ensure_ascii=False))
    else:
        _show(result, ruler_mm)


def _as_json(result: Printed) -> dict[str, object]:
    return {
        "files": [str(path) for path in result.files],
        "sheets": len(result.pages),
        "board": result.board.spec,
        "name": result.board.name,
        "note": result.board.note,
    }


def _show(result: Printed, ruler_mm: float) -> None:
    console = Console()
    for path in result.files:
        console.print(f"Written to {path}", soft_wrap=True)
    if result.board.note:
        console.print(result.board.note, soft_wrap=True)
    console.print(f"Calibrate with --board {result.board.spec}", soft_wrap=True, highlight=False)
    if ruler_mm == 100:
        console.print(
            "Print at 100 %, measure the ruler, and give it as --measured: printers scale.",
            soft_wrap=True,
        )
