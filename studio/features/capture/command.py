"""``doppel capture``: say what files are, and optionally bring them into a project."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from tyro.conf import Positional

from studio.core.errors import StudioError
from studio.document.folder import SUFFIX, ProjectFolder
from studio.document.project import Project, RigItem, TakeItem
from studio.features.capture.engine import capture
from studio.features.capture.found import Brought, Known
from studio.features.capture.params import LayoutName, Params
from studio.features.capture.step import Step
from studio.jobs import Context, run
from studio.jobs.terminal import VERDICT_MARKS


def main(
    paths: Positional[tuple[Path, ...]],
    project: Path | None = None,
    unit: str | None = None,
    up: Literal["x", "y", "z", "-x", "-y", "-z"] | None = None,
    size: str | None = None,
    rate_hz: float | None = None,
    layout: LayoutName = "fitting",
    person: int | None = None,
    mend: bool = False,
    json: bool = False,
) -> None:
    """Say what videos, calibrations and detections are, and what is wrong with them.

    Args:
        paths: Files and folders.
        project: A project folder (Name.doppel) to bring them into; it is made if needed.
        unit: Unit of the calibration, where it does not say: m, cm, mm, or a length like 25mm.
        up: The axis that points up in the calibration, where it does not say.
        size: Size of the calibrated pictures, where it is not stored: WIDTHxHEIGHT.
        rate_hz: Frames a second, where the files are wrong or silent.
        layout: Keypoint layout of the detections, or the one that fits.
        person: Which person of the detections, counted from 0, in place of the main one.
        mend: Mend what is wrong with the calibration in the likeliest way.
        json: Print one JSON object.
    """
    if not paths:
        raise StudioError("There is nothing to look at.", "Name videos, calibrations or folders.")
    params = Params(
        paths=paths, unit=unit, up=up, size=size, rate_hz=rate_hz, layout=layout, person=person,
        mend=mend,
    )  # fmt: skip
    if project is not None and project.suffix != SUFFIX:
        raise StudioError(
            f"“{project.name}” is not a project folder.", f"Give it a name ending in {SUFFIX}."
        )
    folder = ProjectFolder(project) if project else None
    before = Project(name=project.stem) if project else Project()
    if folder and folder.file.is_file():
        before = folder.open().project
    brought = run(capture(params, Known(before.all(TakeItem), before.all(RigItem)), Context()))
    if not json:
        _show(brought)
    for rig in brought.open_rigs:
        _ = rig.imported.rig  # raises, naming the flags that answer its questions
    if folder:
        packed = Step().pack(None, params, brought, folder.assets, 0.0)
        folder.save(before.with_items(packed.items))
    if json:
        print(json_module.dumps(_as_json(brought), ensure_ascii=False))


def _as_json(brought: Brought) -> dict[str, Any]:
    return {
        "takes": [take.item.model_dump(mode="json", exclude={"facts"}) for take in brought.takes],
        "rigs": [
            {
                "path": str(rig.path),
                "format": rig.imported.format,
                "cameras": list(rig.imported.provisional.names),
                "notes": list(rig.imported.notes),
                "problems": [asdict(problem) for problem in rig.problems],
            }
            for rig in brought.rigs
        ],
        "detections": [
            {
                "path": str(found.path),
                "layout": found.detections.layout.name,
                "cameras": list(found.detections.cameras),
                "frames": len(found.detections.times_s),
                "warnings": list(found.warnings),
            }
            for found in brought.detections
        ],
        "files": [item.path for item in brought.files],
        "facts": [asdict(fact) for fact in brought.facts],
    }


def _show(brought: Brought) -> None:
    console = Console(highlight=False)
    for fact in brought.facts:
        console.print(f"[bold]{fact.label}[/]  {fact.text}  {VERDICT_MARKS[fact.verdict]}")
        if fact.blame:
            console.print(f"    {fact.blame}", style="dim")
    for rig in brought.rigs:
        for problem in rig.problems[1:]:
            console.print(f"    {problem.message} {problem.hint}", style="dim")
