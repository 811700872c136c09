"""``doppel lift``: the 2D keypoints of one camera in, a motion file out."""

from __future__ import annotations

import json as json_module
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from studio.core.files import VIDEO_SUFFIXES
from studio.core.types import Camera, Detections, Motion
from studio.features.lift.engine import Inputs, Lifting, lift
from studio.features.lift.params import Params
from studio.jobs import Context, run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal, plain
from studio.media.formats.whole import check_place


def main(
    source: Positional[Path],
    out: Path,
    rig: Path | None = None,
    size: tuple[int, int] | None = None,
    layout: str | None = None,
    rate_hz: float | None = None,
    person: int | None = None,
    truth: Path | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Lift one person seen by one camera to 3D: body, hands and face.

    Args:
        source: A video, the detections.npz of ``doppel pose``, or OpenPose JSON (a folder, or
            AlphaPose's file).
        out: Where to write the motion: .trc, .c3d or .csv.
        rig: The camera's calibration: TOML, JSON, YAML, XML or .qca.txt.
        size: Width and height of the pictures, where neither video nor calibration says.
        layout: Keypoint layout (body_25, halpe_26, coco_17 ...), in place of the one that fits.
        rate_hz: Frames a second, where the files do not say (30 for detections).
        person: Which person of the files, counted from 0; by default the main one is followed.
        truth: A motion (.trc, .c3d, .csv) in the same world to measure against.
        params: How to lift.
        json: Print one JSON object.
    """
    from studio.media.formats.motions import motion_writer

    write = motion_writer(out)
    check_place(out)
    start = time.perf_counter()
    cameras: tuple[Camera, ...] = ()
    if rig is not None:
        from studio.media.formats.rigs import read_rig

        cameras = read_rig(rig).rig.cameras
    with OnTerminal("Lift", quiet=json) as bar:
        found, own = _read(source, layout, rate_hz, person, bar)
        sizes = tuple((camera, size) for camera in found.cameras) if size else own
        cameras = _named(cameras, found)
        inputs = Inputs(found, cameras, sizes, _truth(truth))
        result = run(lift(params, inputs, bar))
    write(out, result.motion)
    seconds = time.perf_counter() - start
    if json:
        print(json_module.dumps(_as_json(result, out, seconds), ensure_ascii=False))
    else:
        _show(result, out, seconds)


def _truth(path: Path | None) -> Motion | None:
    if path is None:
        return None
    from studio.media.formats.motions import read_motion

    return read_motion(path)


def _named(cameras: tuple[Camera, ...], found: Detections) -> tuple[Camera, ...]:
    """A calibration of one camera is that of the one video, whatever the names are."""
    if len(cameras) == 1 and len(found.cameras) == 1:
        return (replace(cameras[0], name=found.cameras[0]),)
    return cameras


Sizes = tuple[tuple[str, tuple[int, int]], ...]


def _read(
    source: Path, layout: str | None, rate_hz: float | None, person: int | None, context: Context
) -> tuple[Detections, Sizes]:
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return _detect(source, rate_hz, context)
    if source.suffix.lower() == ".npz":
        from studio.media.formats.detections_npz import read_npz

        return read_npz(source), ()
    from studio.media.formats.openpose import read_detections

    return read_detections(source, layout, rate_hz=rate_hz or 30.0, person=person), ()


def _detect(video: Path, rate_hz: float | None, context: Context) -> tuple[Detections, Sizes]:
    """Keypoints from pixels, remembered by content."""
    from studio.media.sync import FrameSets
    from studio.media.video import open_clip
    from studio.perception.cache import DetectionCache
    from studio.perception.take import detect_take
    from studio.weights.detectors import whole_body

    with open_clip(video, rate_hz=rate_hz) as clip:
        sets = FrameSets([clip])
        take = run(
            detect_take(
                [clip], sets.times_s, sets.plan(), whole_body, context,
                early_s=sets.early_s(), cache=DetectionCache(),
            )
        )  # fmt: skip
        return take.detections, ((clip.camera, clip.size_px),)


def _as_json(result: Lifting, out: Path, seconds: float) -> dict[str, Any]:
    motion = result.motion
    return {
        "written": str(out),
        "camera": result.camera.name,
        "calibrated": result.calibrated,
        "frames": len(motion),
        "points": len(motion.layout),
        "layout": motion.layout.name,
        "seconds": round(seconds, 3),
        "facts": [asdict(fact) for fact in result.facts],
        "ways": [plain(asdict(row)) for row in result.compared],
        "notes": list(result.notes),
    }


def _show(result: Lifting, out: Path, seconds: float) -> None:
    console = Console()
    for fact in result.facts:
        told = f"{fact.label:<18} {fact.text}  {VERDICT_MARKS[fact.verdict]}  {fact.blame}"
        console.print(told, soft_wrap=True)
    for note in result.notes:
        console.print(note)
    console.print(_ways_table(result))
    console.print(f"Written: {out} ({len(result.motion)} frames, {seconds:.1f} s)")


def _ways_table(result: Lifting) -> Table:
    table = Table("way", "px", "unsteady mm", "PA-MPJPE mm", "hips on hips mm")
    for row in result.compared:
        off = (f"{row.off.aligned_mm:.1f}", f"{row.off.rooted_mm:.1f}") if row.off else ("", "")
        table.add_row(row.method, f"{row.reprojection_px:.1f}", f"{row.unsteady_mm:.1f}", *off)
    return table
