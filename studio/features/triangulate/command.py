"""``doppel triangulate``: a rig and detections or videos in, a motion file out."""

from __future__ import annotations

import json as json_module
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.core.types import Detections, Motion
from studio.features.triangulate.engine import Inputs, Triangulation, triangulate
from studio.features.triangulate.params import Params
from studio.jobs import Context, run
from studio.jobs.terminal import OnTerminal
from studio.media.formats.whole import check_place
from studio.vision.report import TakeReport

Up = Literal["x", "y", "z", "-x", "-y", "-z"]
_MARKS = {"good": "[green]good[/]", "look": "[yellow]look[/]", "stop": "[red]stop[/]", "plain": ""}


def main(
    rig: Path,
    out: Path,
    detections: Path | None = None,
    videos: tuple[Path, ...] = (),
    layout: str | None = None,
    rate_hz: float | None = None,
    person: int | None = None,
    unit: str | None = None,
    up: Up | None = None,
    out_up: Up | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Triangulate one person from several calibrated cameras.

    Args:
        rig: The calibration: TOML, JSON, YAML, XML or .qca.txt.
        out: Where to write the motion: .trc, .c3d or .csv.
        detections: A folder of OpenPose JSON, one folder a camera.
        videos: The cameras' videos, instead of detections; named like the cameras.
        layout: Keypoint layout (body_25, halpe_26, coco_17 ...), in place of the one that fits.
        rate_hz: Frames a second, where the files do not say (30 for detections).
        person: Which person of the files, counted from 0; by default the main one is followed.
        unit: Unit of length of the calibration, where its format does not say.
        up: Up axis of the calibration, where its format does not say.
        out_up: Up axis of the file to write; by default the one usual in its format.
        params: How to triangulate.
        json: Print one JSON object.
    """
    from studio.media.formats.rigs import read_rig

    if (detections is None) == (not videos):
        raise StudioError(
            "Triangulation needs either detections or videos.",
            "Give --detections FOLDER, or --videos FILE FILE ...",
        )
    write = _writer(out, out_up)
    check_place(out)
    start = time.perf_counter()
    cameras = read_rig(rig, unit=unit, up=up).rig
    with OnTerminal("Triangulate", quiet=json) as bar:
        if detections is not None:
            found = _read(detections, layout, rate_hz, person)
        else:
            found = _detect(videos, rate_hz, layout, bar)
        result = run(triangulate(params, Inputs(cameras, found), bar))
    write(result.motion)
    seconds = time.perf_counter() - start
    if json:
        print(json_module.dumps(_as_json(result, out, seconds), ensure_ascii=False))
    else:
        _show(result, out, seconds)


def _writer(out: Path, up: Up | None) -> Callable[[Motion], None]:
    """The function that writes ``out``, chosen by its suffix before any work is done."""
    from studio.media.formats.c3d import write_c3d
    from studio.media.formats.csv_points import write_csv
    from studio.media.formats.trc import write_trc

    writers: dict[str, Callable[..., None]] = {
        ".trc": write_trc, ".c3d": write_c3d, ".csv": write_csv
    }  # fmt: skip
    write = writers.get(out.suffix.lower())
    if write is None:
        raise StudioError(
            f"“{out.name}” has an ending Doppel cannot write.", "Use .trc, .c3d or .csv."
        )
    return lambda motion: write(out, motion, up) if up else write(out, motion)


def _read(
    folder: Path, layout: str | None, rate_hz: float | None, person: int | None
) -> Detections:
    from studio.media.formats.openpose import read_detections

    return read_detections(folder, layout, rate_hz=rate_hz or 30.0, person=person)


def _detect(
    videos: tuple[Path, ...], rate_hz: float | None, layout: str | None, context: Context
) -> Detections:
    """Keypoints from pixels, remembered by content, in the layout that was asked for."""
    from studio.human.layouts import convert
    from studio.human.layouts import layout as find_layout
    from studio.media.sync import FrameSets
    from studio.media.video import open_clip
    from studio.perception.cache import DetectionCache
    from studio.perception.take import detect_take
    from studio.weights.detectors import whole_body

    wanted = find_layout(layout) if layout else None
    with ExitStack() as stack:
        clips = [stack.enter_context(open_clip(path, rate_hz=rate_hz)) for path in videos]
        sets = FrameSets(clips)
        cache = DetectionCache()
        take = run(
            detect_take(
                clips, sets.times_s, sets.plan(), whole_body, context,
                early_s=sets.early_s(), cache=cache,
            )
        )  # fmt: skip
    found = take.detections
    if wanted is None:
        return found
    trust = convert(found.confidence[..., None], found.layout, wanted)[..., 0]
    return replace(
        found,
        layout=wanted,
        xy_px=convert(found.xy_px, found.layout, wanted),
        confidence=np.nan_to_num(trust),
    )


def _as_json(result: Triangulation, out: Path, seconds: float) -> dict[str, Any]:
    motion = result.motion
    return {
        "written": str(out),
        "frames": len(motion),
        "points": len(motion.layout),
        "layout": motion.layout.name,
        "seconds": round(seconds, 3),
        "facts": [asdict(fact) for fact in result.facts],
        "notes": list(result.notes),
        "report": _plain(asdict(result.report)),
    }


def _plain(value: Any) -> Any:
    """Numbers that JSON knows: NaN becomes null."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show(result: Triangulation, out: Path, seconds: float) -> None:
    console = Console()
    for fact in result.facts:
        told = f"{fact.label:<14} {fact.text}  {_MARKS[fact.verdict]}  {fact.blame}"
        console.print(told, soft_wrap=True)
    for note in result.notes:
        console.print(note)
    console.print(_cameras_table(result.report))
    console.print(f"Written: {out} ({len(result.motion)} frames, {seconds:.1f} s)")


def _cameras_table(report: TakeReport) -> Table:
    table = Table("camera", "mean px", "median px", "mean mm", "not seen", "left out", "swapped")
    for c in report.cameras:
        table.add_row(
            c.name, f"{c.mean_px:.2f}", f"{c.median_px:.2f}", f"{c.mean_mm:.1f}",
            f"{c.unseen:.1%}", f"{c.excluded:.1%}", f"{c.swapped:.1%}",
        )  # fmt: skip
    return table
