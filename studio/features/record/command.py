"""``doppel record``: live cameras in, a take on disk out."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.features.record.engine import Inputs, Recorded, record
from studio.features.record.mend import mend
from studio.features.record.params import Params
from studio.features.record.step import rate_of
from studio.jobs import run
from studio.jobs.terminal import OnTerminal, finish_on_interrupt


def main(
    sources: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    out: Path | None = None,
    seconds: float | None = None,
    name: str = "",
    loop: bool = False,
    recover: Path | None = None,
    json: bool = False,
) -> None:
    """Record a take from cameras, streams and files, without a window.

    Args:
        sources: Cameras: videos, picture folders, rtsp:// or http:// addresses, /dev/video0.
        out: The folder for takes; each take is a folder in it.
        seconds: End the take after this many seconds; otherwise Ctrl+C ends it.
        name: Name of the take; without one they are numbered.
        loop: Files start again at their end; otherwise they play once, and a take of files alone
            ends with the last of them.
        recover: Record nothing: mend the takes that a crash or a power cut left unfinished, in
            this folder of takes or this one take.
        json: Print one JSON object.
    """
    if recover is not None:
        if sources or out is not None:
            raise StudioError(
                "Takes are either recorded or mended.", "Give --recover FOLDER and nothing else."
            )
        mend(recover, json=json)
        return
    if not sources:
        raise StudioError(
            "No camera was named.", "Give videos, picture folders, addresses or devices."
        )
    if out is None:
        raise StudioError("Where are the takes to go?", "Give --out FOLDER.")
    params = Params(sources=sources, folder=out, name=name, seconds=seconds, loop=loop)
    with OnTerminal("Record", quiet=json) as bar, finish_on_interrupt(bar):
        result = run(record(params, Inputs(), bar))
    if json:
        print(json_module.dumps(as_json(result), ensure_ascii=False))
    else:
        _show(result)


def as_json(result: Recorded) -> dict[str, Any]:
    """The take in plain values: seconds, frames, frames a second."""
    take = result.take
    return {
        "folder": str(result.folder),
        "name": take.name,
        "seconds": take.duration_s,
        "ended_by": str(result.error) if result.error else "",
        "absent": list(result.absent),
        "notes": list(result.notes),
        "cameras": [
            {
                "name": camera.name,
                "videos": [segment.video for segment in camera.segments],
                "frames": camera.frames,
                "rate_hz": round(rate_of(camera), 3),
                "dropped": camera.dropped,
                "lost": camera.lost,
                "away_s": round(take.absent_s(camera), 3),
                "notes": list(camera.notes),
            }
            for camera in take.cameras
        ],
    }


def _show(result: Recorded) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("Camera", "Frames", "fps", "Dropped", "Lost", "Away (s)"):
        table.add_column(column, justify="left" if column == "Camera" else "right")
    for camera in result.take.cameras:
        table.add_row(
            camera.name, str(camera.frames), f"{rate_of(camera):.2f}", str(camera.dropped),
            str(camera.lost), f"{result.take.absent_s(camera):.1f}",
        )  # fmt: skip
    console = Console()
    console.print(table)
    for absent in result.absent:
        console.print(f"Not recorded: {absent}", soft_wrap=True, markup=False)
    for note in result.notes:
        console.print(note, soft_wrap=True, markup=False)
    if result.error is not None:
        console.print(str(result.error), soft_wrap=True, markup=False)
    console.print(
        f"{result.take.duration_s:.1f} s in {result.folder}", soft_wrap=True, markup=False
    )
