"""``doppel check-rig``: does an old calibration still hold for today's footage?"""

from __future__ import annotations

import json as json_module
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.features.check_rig.engine import HEAD_FACTS, Checked, Inputs, check
from studio.features.check_rig.params import Params
from studio.features.check_rig.step import mended
from studio.jobs import run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal, plain, show_facts
from studio.media.backdrop import reference_folder, write_backdrops
from studio.media.footage import Source


def main(
    rig: tyro.conf.Positional[Path],
    videos: tuple[Path, ...] = (),
    detections: Path | None = None,
    reference: tuple[Path, ...] = (),
    out: Path | None = None,
    remember: bool = False,
    layout: str | None = None,
    rate_hz: float | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Check an old calibration against today's footage, and name the camera that moved.

    Args:
        rig: The calibration to check.
        videos: Today's videos, named like the cameras.
        detections: A folder of today's OpenPose JSON, one folder a camera, in place of videos.
        reference: Videos or pictures from the day of the calibration, for the still scene. Those
            kept beside the rig are used otherwise.
        out: With --mend, where to write the rig with the moved cameras placed anew.
        remember: Keep today's pictures of the empty scene beside the rig, if it still holds.
        layout: Keypoint layout of the detections, in place of the one that fits.
        rate_hz: Frames a second, where the files do not say.
        params: How to look.
        json: Print one JSON object.
    """
    from studio.media.formats.openpose import read_detections
    from studio.media.formats.rigs import check_rig_place, read_rig, write_rig

    if not videos and detections is None:
        raise StudioError(
            "There is no footage of today to check the rig by.",
            "Give --videos FILE FILE ..., or --detections FOLDER.",
        )
    if params.mend and out is None:
        raise StudioError("Nowhere to write the mended rig.", "Give --out FILE.")
    if out is not None:
        check_rig_place(out)
    start = time.perf_counter()
    cameras = read_rig(rig).rig
    found = read_detections(detections, layout, rate_hz=rate_hz or 30.0) if detections else None
    inputs = Inputs(
        cameras, tuple(Source(path.stem, path, rate_hz=rate_hz) for path in videos), found,
        tuple(Source(path.stem, path) for path in reference), reference_folder(rig), name=rig.stem,
    )  # fmt: skip
    with OnTerminal("Check", quiet=json) as context:
        result = run(check(params, inputs, context))
    written: list[str] = []
    refused: StudioError | None = None
    try:
        if params.mend and out is not None and result.verdicts.mended is not None:
            write_rig(out, mended(inputs, result))
            written.append(str(out))
        if remember and result.verdicts.verdict != "stop" and result.backdrops:
            write_backdrops(reference_folder(rig), result.backdrops)
            written.append(str(reference_folder(rig)))
    except StudioError as error:
        refused = error
    seconds = time.perf_counter() - start
    told = as_json(result, written, seconds)
    if not json:
        _show(result, written, seconds)
    if refused is not None:
        raise StudioError(refused.message, refused.hint, result=told)
    if json:
        print(json_module.dumps(told, ensure_ascii=False))


def as_json(result: Checked, written: list[str], seconds: float) -> dict[str, Any]:
    """All of the result as plain values; what is not known is null."""
    people = result.people
    cameras: dict[str, Any] = {}
    for camera in result.rig.cameras:
        scene = result.scenes.get(camera.name)
        shift = next((s for s in people.shifts if s.name == camera.name), None) if people else None
        cameras[camera.name] = {
            "person": shift and {
                "turn_deg": shift.turn_deg, "chance": shift.chance, "least_deg": shift.least_deg,
                "rotation_deg": shift.rotation_deg, "rotation_sd_deg": shift.rotation_sd_deg,
                "centre_mm": shift.centre_mm, "centre_sd_mm": shift.centre_sd_mm,
            },
            "scene": scene and {
                "turn_deg": scene.turn_deg, "zoom": scene.zoom, "shift_px": scene.shift_px,
                "rest_px": scene.rest_px, "matches": scene.matches, "moved": scene.moved,
            },
        }  # fmt: skip
    return plain({
        "verdict": result.verdicts.verdict, "moved": list(result.verdicts.moved),
        "mendable": result.verdicts.mended is not None,
        "gates": [asdict(gate) for gate in result.verdicts.gates], "cameras": cameras,
        "blind": [*(people.blind if people else ()), *([result.why_not] if result.why_not else [])],
        "facts": [asdict(fact) for fact in result.facts[:HEAD_FACTS]], "written": written,
        "seconds": round(seconds, 3),
    })  # fmt: skip


def _show(result: Checked, written: list[str], seconds: float) -> None:
    console = Console(highlight=False)
    show_facts(console, result.facts[:HEAD_FACTS], 10)
    table = Table("", "verdict", "found", "what to do")
    for gate in result.verdicts.gates:
        table.add_row(gate.title, VERDICT_MARKS[gate.verdict], gate.text, gate.remedy)
    console.print(table)
    for line in (*(result.people.blind if result.people else ()), result.why_not):
        if line:
            console.print(line, style="dim")
    if result.verdicts.mended is not None and not written:
        console.print("Moved cameras can be placed anew: --mend --out FILE.")
    for path in written:
        console.print(f"Written: {path} ({seconds:.1f} s)")
