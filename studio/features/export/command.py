"""``doppel export``: what a project holds, written as files for other programs."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.document.folder import ProjectFolder
from studio.features.export.engine import Export, export
from studio.features.export.params import Format, Params, Target
from studio.features.export.step import Step
from studio.jobs import run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal


def main(
    project: Path,
    out: Path | None = None,
    formats: str = "",
    target: Target = "blender",
    item: str | None = None,
    animation: bool = True,
    morphs: bool = True,
    rate_hz: float = 0.0,
    up: Literal["target", "y", "z"] = "target",
    unit: Literal["target", "m", "cm", "mm"] = "target",
    naming: Literal["target", "anny", "humanoid", "unreal"] = "target",
    authors: str = "",
    json: bool = False,
) -> None:
    """Export a project's newest avatar, or the named item.

    Args:
        project: The project's folder (Name.doppel).
        out: Folder to write to; by default one beside the project.
        formats: Formats with commas between: glb,vrm,vrma,bvh,usdz,usdc,obj,ply,trc,c3d,csv.
        target: The program it is for: chooses formats, axes, unit and bone names.
        item: Name or id of the avatar or motion to export.
        animation: Write the motion too, not only the person.
        morphs: Write the 52 facial shapes.
        rate_hz: Frames a second of the files, in hertz; 0 keeps the take's.
        up: Up axis, in place of the target's.
        unit: Unit of length, in place of the target's.
        naming: Bone names, in place of the target's.
        authors: Whose work it is; several names with commas between.
        json: Print one JSON object.
    """
    params = Params.model_validate({
        "target": target, "folder": out, "formats": _formats(formats),
        "include_animation": animation, "morphs": morphs, "rate_hz": max(rate_hz, 0.0),
        "up": up, "unit": unit, "naming": naming, "authors": authors,
    })  # fmt: skip
    folder = ProjectFolder(project)
    opened = folder.open().project
    chosen = (_find(opened.items, item),) if item else ()
    step = Step()
    for need in step.missing(opened, chosen):
        raise StudioError(
            f"The project has nothing to export: {need.text}", "Make an avatar first."
        )
    result = _run(params, step.inputs(opened, chosen, folder.assets), quiet=json)
    if json:
        print(json_module.dumps(_as_json(result), ensure_ascii=False))
    else:
        _show(result)


def _formats(listed: str) -> tuple[str, ...]:
    """The formats of a list with commas between. Raises StudioError for one it does not know."""
    words = tuple(word.strip().lower() for word in listed.split(",") if word.strip())
    for word in words:
        if word not in get_args(Format):
            raise StudioError(
                f"“{word}” is not a format Doppel exports.", f"Use {', '.join(get_args(Format))}."
            )
    return words


def _find(items: tuple[Any, ...], wanted: str) -> str:
    for item in items:
        if wanted in (item.id, item.name):
            return item.id
    names = ", ".join(f"“{item.name}”" for item in items) or "nothing"
    raise StudioError(f"The project has no item “{wanted}”.", f"It has {names}.")


def _run(params: Params, inputs: Any, quiet: bool) -> Export:
    with OnTerminal("Export", quiet=quiet) as context:
        return run(export(params, inputs, context))


def _as_json(result: Export) -> dict[str, Any]:
    return {
        "folder": str(result.folder),
        "files": [{"path": str(w.path), "format": w.format, "bytes": w.size} for w in result.files],
        "left_out": list(result.skipped),
        "facts": [asdict(fact) for fact in result.facts],
    }


def _show(result: Export) -> None:
    console = Console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for fact in result.facts:
        table.add_row(fact.label, fact.text, VERDICT_MARKS[fact.verdict], fact.blame)
    console.print(table)
    console.print(f"Written to {result.folder}", soft_wrap=True)
