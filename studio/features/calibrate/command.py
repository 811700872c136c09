"""``doppel calibrate``: videos or pictures of a board in, a rig out, or the reason why not."""

from __future__ import annotations

import json as json_module
import math
import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro
from rich.console import Console

from studio.core.errors import StudioError
from studio.document.gathered import gathered
from studio.document.project import RigItem
from studio.document.trust import CameraTrust, Trust
from studio.features.calibrate.accept import checked
from studio.features.calibrate.engine import calibrate
from studio.features.calibrate.offsets import read_offsets, with_flag
from studio.features.calibrate.params import Click, Params, Up, World
from studio.features.calibrate.report import write_report
from studio.features.calibrate.result import Calibrated, Inputs
from studio.features.calibrate.reworld import replace_world
from studio.features.calibrate.step import trust_of
from studio.jobs import run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal, show_facts
from studio.media.formats.rigs import check_rig_place, write_rig
from studio.media.formats.whole import check_place
from studio.vision.calibration.solve import Lens, Refine
from studio.vision.calibration.trust.uncertainty import KEYPOINT_PX

_OWN_TOML = "Pose2Sim TOML"


def main(
    sources: tyro.conf.Positional[tuple[Path, ...]] = (),
    board: str = "",
    out: Path | None = None,
    report: Path | None = None,
    format: str = "",
    override: str = "",
    intrinsics: Path | None = None,
    refine: Refine = "auto",
    lens: Lens = "auto",
    lens_paths: tuple[Path, ...] = (),
    world: World = "auto",
    floor_at_s: float | None = None,
    up: Up = "auto",
    floor_points: tuple[str, ...] = (),
    between: tuple[str, str] | None = None,
    measured_m: float | None = None,
    scale: Literal["board", "measured"] = "board",
    motion: Path | None = None,
    rig: Path | None = None,
    lenses_only: bool = False,
    scene: Path | None = None,
    drop: tuple[str, ...] = (),
    per_second: float = 5.0,
    unequal: bool = False,
    offsets: Path | None = None,
    offset: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """Calibrate cameras with a board that they filmed together.

    Args:
        sources: Videos or picture folders, one a camera; one alone calibrates its lens.
        board: The board, with its size: charuco:4x5:54mm:DICT_4X4_1000, chessboard:9x6:25mm
            (inner corners), aprilgrid:6x6:88mm, aruco:FILE.
        out: Where to write the rig: .toml, .json, .yml, .xml, .qca.txt, or a folder
            camera_parameters; camera_array.toml is Caliscope's, calibration.toml aniposelib's.
        report: Where to write the report (.html).
        format: Format of the rig file, where its name does not say it.
        override: Accept a calibration that fails a test, for this reason; it stays in the rig
            file and in the report.
        intrinsics: A calibration of any format whose lenses are used.
        refine: Whether to solve lenses with the rig: where it is truer, never, always.
        lens: Lens model of the lenses that are solved; auto: the one with the lowest error on
            pictures it never saw.
        lens_paths: Videos or picture folders that serve the lenses alone, named like the cameras.
        world: Floor and origin: auto guesses; camera: at the first camera; board: where the board
            lies on the floor at --floor-at-s; points: three --floor-points; feet: under a person
            (--motion).
        floor_at_s: When the board lies on the floor, in seconds; of pictures, their number.
        up: The axis of the board that points up there.
        floor_points: Clicked points of the floor, as POINT:CAMERA:X,Y in pixels; point 0 is the
            origin, 1 lies on the x axis, 2 anywhere; each in two cameras or more.
        between: Two cameras whose distance was measured, or two of the clicked points: 0 1.
        measured_m: That distance, in metres.
        scale: Whose length counts, the board's or the measured one; the other checks it.
        motion: A person's motion (.trc, .c3d, .csv), triangulated with the cameras of --rig.
        rig: A rig file that stays as it is solved: only its floor, origin and scale are set anew.
        lenses_only: Each camera's lens by itself; the pictures need not be synchronised. The rig
            file then tells nothing of where the cameras stood.
        scene: Clicked points instead of a board: a TOML or JSON file of measured points of the
            scene (unit, points) and where each camera saw them (cameras); lenses by --intrinsics.
        drop: Cameras to leave out.
        per_second: Pictures looked at in a second of video.
        unequal: Videos of different lengths start together.
        offsets: When each camera began: the JSON that doppel synchronise --out writes.
        offset: How much later than the others a camera began, as CAMERA=SECONDS, over what the
            offsets say; several may follow.
        json: Print one JSON object. sd is one standard deviation of each camera, and reference is
            the camera that the others' are told against. error_bars are one standard deviation of
            a point at each place that every camera sees with noise_px of noise.
    """
    if out is not None:
        format = format or (_OWN_TOML if _plain_toml(out) else "")
        check_rig_place(out, format)
    if report is not None:
        check_place(report, ".html", ".htm")
    wanted = Params(
        paths=tuple(sources), board=board, intrinsics=intrinsics, refine=refine, lens=lens,
        lens_paths=lens_paths, world=world, floor_at_s=floor_at_s, up=up,
        points=tuple(_click(text) for text in floor_points), between=between,
        measured_m=measured_m, scale=scale, lenses_only=lenses_only, scene=scene, drop=drop,
        per_second=per_second, unequal=unequal,
    )  # fmt: skip
    if rig is not None:
        replace_world(wanted, rig, motion, out, json=json)
        return
    later = read_offsets(offsets, offset)
    start = time.perf_counter()
    with OnTerminal("Calibrate", quiet=json) as context:
        result = run(calibrate(wanted, Inputs(offsets_s=later), context))
    trust = with_flag(trust_of(result), later)
    if trust.stopped and override:
        trust = trust.overrule(override)
    refused: list[StudioError] = []
    if report is not None:
        with _kept(refused):
            write_report(report, result, trust)
    with _kept(refused):
        if trust.overruled is None:
            _ = checked(RigItem.of("", result.solution.rig).model_copy(update={"trust": trust}))
        if out is not None:
            write_rig(out, result.solution.rig, format, note_of(trust))
    told = as_json(result, trust, time.perf_counter() - start)
    if not json:
        _show(result, trust)
        if out is not None and not refused:
            Console().print(f"Written: {out} ({told['seconds']:.1f} s)", soft_wrap=True)
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


def _click(text: str) -> Click:
    """A clicked point, as POINT:CAMERA:X,Y."""
    match = re.fullmatch(r"([012]):(.+):(-?[0-9.]+),(-?[0-9.]+)", text)
    if match is None:
        raise StudioError(
            f"“{text}” is not a point of the floor.", "Write it like 0:cam1:480.5,612."
        )
    point, camera, x, y = match.groups()
    return Click.model_validate({"point": int(point), "camera": camera, "x_px": x, "y_px": y})


def _plain_toml(path: Path) -> bool:
    """A TOML whose name is that of no program: metres and Z up must be in the format itself."""
    tells = ("calibration.toml", "camera_array*.toml", "*caliscope*.toml", "*anipose*.toml")
    return path.suffix.lower() == ".toml" and not any(path.match(tell) for tell in tells)


def note_of(trust: Trust) -> str:
    """What a rig file says of its calibration; an override is on record there."""
    lines = [f"Calibrated with Doppel, {trust.when}, {trust.target}."]
    if trust.held_out_px is not None:
        mm = f", {trust.held_out_mm:.2f} mm" if trust.held_out_mm is not None else ""
        lines.append(f"Held-out error {trust.held_out_px:.3f} px{mm}.")
    if trust.overruled is not None:
        lines.append(f"Accepted on record {trust.overruled.when}: {trust.overruled.reason}")
        lines += [f"  although: {gate.title}: {gate.text}" for gate in trust.stopped]
    return "\n".join(lines)


def as_json(result: Calibrated, trust: Trust, seconds: float) -> dict[str, Any]:
    """Everything that a program may want to know; None where a figure is not known."""
    rig, spread = result.solution.rig, {camera.camera: camera for camera in trust.cameras}
    return {
        "accepted": not trust.stopped or trust.overruled is not None,
        "rmse_px": trust.rmse_px,
        "held_out_px": trust.held_out_px,
        "held_out_mm": trust.held_out_mm,
        "bias_share": trust.bias_share,
        "gates": [gate.model_dump() for gate in trust.gates],
        "override": trust.overruled.model_dump() if trust.overruled else None,
        "cameras": {
            camera.name: {
                "size_px": list(camera.size_px),
                "lens": camera.lens,
                "matrix": camera.matrix.tolist(),
                "distortion": camera.distortion.tolist(),
                "rotation": camera.rotation.tolist(),
                "translation_m": camera.translation_m.tolist(),
                "centre_m": camera.centre_m.tolist(),
                **_deviations(spread[camera.name], result.solution.spread.get(camera.name)),
            }
            for camera in rig.cameras
        },
        "error_bars": {
            "noise_px": KEYPOINT_PX,
            "places": [
                {
                    "place": bar.place,
                    "xyz_m": list(bar.xyz_m),
                    "cameras": bar.cameras,
                    "point_sd_mm": bar.mm,
                    "of_it_rig_mm": bar.rig_mm,
                }
                for bar in trust.bars
            ],
        },
        "dropped": [left.model_dump() for left in trust.dropped],
        "views": trust.views,
        "moments": trust.moments,
        "notes": [fact.text for fact in result.facts if fact.label == "Note"],
        "alternatives": list(result.solution.alternatives),
        "board": trust.target,
        "seconds": round(seconds, 3),
    }


def _deviations(trust: CameraTrust, spread: Any) -> dict[str, Any]:
    terms: list[float | None] = []
    if spread is not None:
        terms = [float(v) if math.isfinite(v) else None for v in np.asarray(spread.terms)]
    return {
        "rmse_px": trust.rmse_px,
        "held_out_px": trust.held_out_px,
        "refined": trust.refined,
        "reference": {*trust.centre_mm, *trust.rotation_deg} == {0.0},
        "sd": {
            "centre_mm": list(trust.centre_mm),
            "rotation_deg": list(trust.rotation_deg),
            "focal_px": list(trust.focal_px),
            "principal_px": list(trust.principal_px),
            "distortion": terms,
        },
    }


def _show(result: Calibrated, trust: Trust) -> None:
    console = Console(highlight=False)
    show_facts(console, result.facts[:3])
    entries = [entry.mark for entry in gathered(trust.gates)]
    for gate in entries:
        if gate.verdict != "good":
            mark = VERDICT_MARKS[gate.verdict] or "not tested"
            told = f"  {mark} {gate.title}: {gate.text} {gate.remedy}"
            console.print(told, soft_wrap=True, style=None if gate.verdict == "stop" else "dim")
    tested = [gate for gate in entries if gate.verdict != "plain"]
    passed = sum(gate.verdict == "good" for gate in tested)
    console.print(f"  {passed} of {len(tested)} tests passed")
    for fact in result.facts[3:]:
        if fact.label == "Note":
            console.print(fact.text, soft_wrap=True)
    if trust.overruled is not None:
        console.print(f"Accepted on record: {trust.overruled.reason}")
