"""``doppel calibrate-person``: videos of somebody who walks in, a rig out."""

from __future__ import annotations

import json as json_module
import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.features.calibrate_person.engine import (
    Calibrated,
    Inputs,
    calibrate_person,
    intrinsics_from,
)
from studio.features.calibrate_person.params import Params
from studio.jobs import run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal, plain, show_facts
from studio.media.backdrop import reference_folder, write_backdrops
from studio.media.footage import Source
from studio.media.formats.rigs import check_rig_place
from studio.media.formats.whole import check_place, whole


def main(
    videos: tyro.conf.Positional[tuple[Path, ...]] = (),
    out: Path = Path("rig.toml"),
    height: float | None = None,
    distance: tuple[str, str, float] | None = None,
    intrinsics: Path | None = None,
    detections: Path | None = None,
    layout: str | None = None,
    rate_hz: float | None = None,
    report: Path | None = None,
    force: bool = False,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Calibrate cameras from a person who walks, without a board.

    Args:
        videos: The cameras' videos or picture folders, in step; named like their cameras.
        out: Where to write the rig: .toml, .json, .yml ...
        height: How tall the person is without shoes, in metres.
        distance: In place of the height: two cameras and the metres between their lenses.
        intrinsics: A calibration file for the lenses; its poses are not used.
        detections: A folder of OpenPose JSON, one folder a camera, in place of videos.
        layout: Keypoint layout of the detections, in place of the one that fits.
        rate_hz: Frames a second, where the files do not say.
        report: Where to write a table of all tests and error bars, as HTML.
        force: Write the rig even if a test stops it.
        params: How to look.
        json: Print one JSON object.
    """
    if (detections is None) == (not videos):
        raise StudioError(
            "A calibration from a person needs either videos or detections.",
            "Name the videos, or give --detections FOLDER.",
        )
    check_rig_place(out)
    if report is not None:
        check_place(report, ".html", ".htm")
    params = _params(params, height, distance, intrinsics)
    start = time.perf_counter()
    lenses = intrinsics_from(intrinsics) if intrinsics else None
    with OnTerminal("Calibrate", quiet=json) as context:
        inputs = Inputs(
            tuple(Source(path.stem, path, rate_hz=rate_hz) for path in videos),
            _read(detections, layout, rate_hz) if detections else None,
            intrinsics=lenses, name=out.stem,
        )  # fmt: skip
        result = run(calibrate_person(params, inputs, context))
    seconds = time.perf_counter() - start
    stopped = [gate for gate in result.solution.gates if gate.verdict == "stop"]
    refused: list[StudioError] = []
    written: Path | None = None
    if report is not None:
        with _kept(refused):
            _report(report, result)
    with _kept(refused):
        if stopped and not force:
            raise StudioError(
                f"The calibration was not written: {stopped[0].text}",
                f"{stopped[0].remedy} Or write it nevertheless with --force.",
            )
        _write(out, result)
        written = out
    told = as_json(result, written, seconds)
    if not json:
        _show(result, written, seconds)
    if refused:
        message = " ".join(error.message for error in refused)
        raise StudioError(message, " ".join(error.hint for error in refused), result=told)
    if json:
        print(json_module.dumps(told, ensure_ascii=False))


@contextmanager
def _kept(refused: list[StudioError]) -> Generator[None]:
    """What goes wrong within is told later: the other file is written all the same."""
    try:
        yield
    except StudioError as error:
        refused.append(error)


def _params(
    params: Params, height: float | None, distance: tuple[str, str, float] | None,
    intrinsics: Path | None,
) -> Params:  # fmt: skip
    """The short flags, laid over the params."""
    told: dict[str, Any] = params.model_dump()
    if height is not None:
        if not 0.5 <= height <= 2.6:
            raise StudioError(
                f"Nobody is {height:g} m tall.", "Give the height in metres, such as --height 1.80."
            )
        told["height_m"] = height
    if distance is not None:
        if not distance[2] > 0:
            raise StudioError("The distance between two cameras must be positive.", "In metres.")
        told |= {"distance_m": distance[2], "between": f"{distance[0]},{distance[1]}"}
    if intrinsics is None and not params.solve_focal:
        told["solve_focal"] = True
    return Params.model_validate(told)


def _read(folder: Path, layout: str | None, rate_hz: float | None) -> Any:
    from studio.media.formats.openpose import read_detections

    return read_detections(folder, layout, rate_hz=rate_hz or 30.0)


def _write(out: Path, result: Calibrated) -> None:
    from studio.media.formats.rigs import write_rig

    write_rig(out, result.solution.rig)
    if result.backdrops:
        write_backdrops(reference_folder(out), result.backdrops)


def as_json(result: Calibrated, out: Path | None, seconds: float) -> dict[str, Any]:
    """All of the result as plain values; NaN becomes null."""
    s = result.solution
    cameras = {
        c.name: {
            "rotation": c.rotation.tolist(),
            "translation_m": c.translation_m.tolist(),
            "centre_m": c.centre_m.tolist(),
            "matrix": c.matrix.tolist(),
            "distortion": c.distortion.tolist(),
            "rmse_px": s.camera_rmse_px[c.name],
            "held_out_px": s.held_out.camera_px.get(c.name, math.nan),
            "rotation_sd_deg": s.spread[c.name].rotation_deg.tolist(),
            "centre_sd_mm": s.spread[c.name].centre_mm.tolist(),
            "swapped": s.swapped[c.name],
        }
        for c in s.rig.cameras
    }
    return plain({
        "written": str(out) if out else None, "rmse_px": s.rmse_px,
        "held_out_px": s.held_out.px, "held_out_mm": s.held_out.mm,
        "scale_sd": s.scale_share, "height_m": s.height_m, "bones": s.bones,
        "moments": len(s.motion), "cameras": cameras,
        "gates": [asdict(gate) for gate in s.gates], "notes": list(s.notes),
        "facts": [asdict(fact) for fact in result.facts], "seconds": round(seconds, 3),
    })  # fmt: skip


def _tables(result: Calibrated) -> tuple[Table, Table]:
    s = result.solution
    gates = Table("test", "", "found", "what to do")
    for gate in s.gates:
        gates.add_row(gate.title, VERDICT_MARKS[gate.verdict], gate.text, gate.remedy)
    cameras = Table("camera", "rms px", "unseen px", "± turn °", "± place mm")
    for name, spread in s.spread.items():
        cameras.add_row(
            name, f"{s.camera_rmse_px[name]:.1f}", f"{s.held_out.camera_px[name]:.1f}",
            f"{np.max(spread.rotation_deg):.2f}", f"{np.linalg.norm(spread.centre_mm):.0f}",
        )  # fmt: skip
    return gates, cameras


def _show(result: Calibrated, out: Path | None, seconds: float) -> None:
    console = Console(highlight=False)
    show_facts(console, result.facts, 12)
    for table in _tables(result):
        console.print(table)
    if out is not None:
        console.print(f"Written: {out} ({seconds:.1f} s)")


def _report(path: Path, result: Calibrated) -> None:
    console = Console(record=True, file=StringIO(), width=160, highlight=False)
    for fact in result.facts:
        console.print(
            f"[bold]{fact.label}[/]  {fact.text}  {VERDICT_MARKS[fact.verdict]}  {fact.blame}"
        )
    for table in _tables(result):
        console.print(table)
    with whole(path) as temp:
        console.save_html(str(temp))
