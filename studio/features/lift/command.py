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

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.core.files import VIDEO_SUFFIXES
from studio.core.types import Camera, Crowd, Detections, Motion
from studio.features.lift.engine import Inputs, Lifting
from studio.features.lift.params import Params
from studio.features.lift.several import Everybody, lift
from studio.jobs import Context, run
from studio.jobs.terminal import OnTerminal, plain, show_facts
from studio.media.formats.whole import check_place, check_places
from studio.weights.detectors import Backend, maker

_MOST = 8
"""How many people are looked for in a film where all are wanted."""


def main(
    source: Positional[Path],
    out: Path,
    overlay: Path | None = None,
    rig: Path | None = None,
    size: tuple[int, int] | None = None,
    layout: str | None = None,
    rate_hz: float | None = None,
    person: int | None = None,
    backend: Backend = "mediapipe",
    truth: Path | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Lift people seen by one camera to 3D: body, hands and face; one, or with --people more.

    Args:
        source: A video, the detections.npz of ``doppel pose``, or OpenPose JSON (a folder, or
            AlphaPose's file).
        out: Where to write the motion: .trc, .c3d or .csv; of several people one file each, with
            their number.
        overlay: A film of the video with those who were lifted drawn over it, as the camera sees
            them: .mp4, .mkv, .webm, .mov.
        rig: The camera's calibration: TOML, JSON, YAML, XML or .qca.txt.
        size: Width and height of the pictures, where neither video nor calibration says.
        layout: Keypoint layout (body_25, halpe_26, coco_17 ...), in place of the one that fits.
        rate_hz: Frames a second, where the files do not say (30 for detections).
        person: Which person of the files, counted from 0; by default the main one is followed.
        backend: Whose networks look at a video: mediapipe, or dope, Doppel's own.
        truth: A motion (.trc, .c3d, .csv) in the same world to measure against.
        params: How to lift.
        json: Print one JSON object.
    """
    from studio.media.formats.motions import motion_writer

    write = motion_writer(out)
    check_place(out)
    if overlay is not None:
        _check_overlay(overlay, source)
    start = time.perf_counter()
    cameras: tuple[Camera, ...] = ()
    if rig is not None:
        from studio.media.formats.rigs import read_rig

        cameras = read_rig(rig).rig.cameras
    with OnTerminal("Lift", quiet=json) as bar:
        found, crowd, own = _read(
            source, layout, rate_hz, person, params.people or _MOST, backend, bar
        )
        sizes = tuple((camera, size) for camera in found.cameras) if size else own
        cameras = _named(cameras, found)
        inputs = Inputs(found, cameras, sizes, _truth(truth), crowd=crowd)
        result = run(lift(params, inputs, bar))
    persons, written = list(result.persons) if isinstance(result, Everybody) else [result], [out]
    if len(persons) > 1:
        written = [out.with_name(f"{out.stem}_person{k}{out.suffix}")
                   for k in range(1, len(persons) + 1)]  # fmt: skip
    for one, path in zip(persons, written, strict=True):
        write(path, one.motion)
    if overlay is not None:
        from studio.features.lift.over import write_over

        with OnTerminal("Draw", quiet=json) as bar:
            write_over(overlay, source, persons, rate_hz, bar.report)
    seconds = time.perf_counter() - start
    if json:
        answer = _as_json(persons[0], written[0], seconds)
        if isinstance(result, Everybody):
            answer["people"] = [_as_json(one, path, seconds)
                                for one, path in zip(persons, written, strict=True)]  # fmt: skip
        if overlay is not None:
            answer["overlay"] = str(overlay)
        print(json_module.dumps(answer, ensure_ascii=False))
        return
    for one, path in zip(persons, written, strict=True):
        _show(one, path, seconds)
    if overlay is not None:
        Console().print(f"Written: {overlay}")


def _check_overlay(overlay: Path, source: Path) -> None:
    """Raise StudioError unless there is a film to draw over, and one to write."""
    if source.suffix.lower() not in VIDEO_SUFFIXES:
        raise StudioError(
            "There is no film to draw over.", "Give the video in place of its keypoints."
        )
    if overlay.resolve() == source.resolve():
        raise StudioError("The overlay would replace the video.", "Give it another name.")
    check_places((overlay, (".mp4", ".mkv", ".webm", ".mov")))


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
    source: Path, layout: str | None, rate_hz: float | None, person: int | None, people: int,
    backend: Backend, context: Context,
) -> tuple[Detections, Crowd | None, Sizes]:  # fmt: skip
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return _detect(source, rate_hz, people, backend, context)
    if source.suffix.lower() == ".npz":
        from studio.media.formats.detections_npz import read_npz

        return read_npz(source), None, ()
    from studio.media.formats.openpose import read_people

    told = read_people(source, layout, rate_hz=rate_hz or 30.0)
    if person is not None:
        return told.person(person), None, ()
    return told.main(), told.crowd(), ()


def _detect(
    video: Path, rate_hz: float | None, people: int, backend: Backend, context: Context
) -> tuple[Detections, Crowd | None, Sizes]:
    """Keypoints from pixels, remembered by content."""
    from studio.media.sync import FrameSets
    from studio.media.video import open_clip
    from studio.perception.cache import DetectionCache
    from studio.perception.take import detect_take
    from studio.perception.whole_body import Options

    with open_clip(video, rate_hz=rate_hz) as clip:
        sets = FrameSets([clip])
        look = maker(backend, Options(people=people))
        take = run(
            detect_take(
                [clip], sets.times_s, sets.plan(), look, context,
                early_s=sets.early_s(), cache=DetectionCache(),
            )
        )  # fmt: skip
        return take.detections, take.crowd, ((clip.camera, clip.size_px),)


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
    show_facts(console, result.facts, 18)
    for note in result.notes:
        console.print(note)
    console.print(_ways_table(result))
    console.print(f"Written: {out} ({counted(len(result.motion), 'frame')}, {seconds:.1f} s)")


def _ways_table(result: Lifting) -> Table:
    table = Table("way", "px", "unsteady mm", "PA-MPJPE mm", "hips on hips mm")
    for row in result.compared:
        off = (f"{row.off.aligned_mm:.1f}", f"{row.off.rooted_mm:.1f}") if row.off else ("", "")
        table.add_row(row.method, f"{row.reprojection_px:.1f}", f"{row.unsteady_mm:.1f}", *off)
    return table
