"""``doppel triangulate``: a rig and detections or videos in, a motion file out."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.table import Column, Table

from studio.core.counted import counted
from studio.core.errors import StudioError
from studio.core.percent import percent
from studio.core.types import Crowd, Detections, Fact, Motion
from studio.features.triangulate.curves import SEED_CAMERAS, SEED_MM, Curve, held_out, of_take
from studio.features.triangulate.engine import Triangulation
from studio.features.triangulate.fewer import CAMERAS, LEFT_OUT
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.features.triangulate.pixels import learned
from studio.features.triangulate.several import Everybody, triangulate
from studio.jobs import Context, run
from studio.jobs.terminal import OnTerminal, plain, show_facts
from studio.media.films import Film, Films
from studio.media.formats.whole import check_place
from studio.vision.report import TakeReport
from studio.weights.detectors import Backend, maker

Up = Literal["x", "y", "z", "-x", "-y", "-z"]


def main(
    rig: Path,
    out: Path,
    detections: Path | None = None,
    videos: tuple[Path, ...] = (),
    layout: str | None = None,
    rate_hz: float | None = None,
    person: int | None = None,
    backend: Backend = "mediapipe",
    unit: str | None = None,
    up: Up | None = None,
    out_up: Up | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Triangulate people from several calibrated cameras: one, or everybody who was detected.

    Args:
        rig: The calibration: TOML, JSON, YAML, XML or .qca.txt.
        out: Where to write the motion: .trc, .c3d or .csv; of several people one file each, with
            _person1 and so on before the ending.
        detections: A folder of OpenPose JSON, one folder a camera, or the detections.npz of
            ``doppel pose``, which has more points on hands and faces.
        videos: The cameras' videos, instead of detections; named like the cameras. The main
            person is looked for, or with --people N up to N. Together with detections where a
            network looks at them.
        layout: Keypoint layout (body_25, halpe_26, coco_17 ...), in place of the one that fits.
        rate_hz: Frames a second, where the files do not say (30 for detections).
        person: Only the person at this place of the files, counted from 0.
        backend: Whose networks look at the videos: mediapipe, or dope, Doppel's own.
        unit: Unit of length of the calibration, where its format does not say.
        up: Up axis of the calibration, where its format does not say.
        out_up: Up axis of the file to write; by default the one usual in its format.
        params: How to triangulate.
        json: Print one JSON object.
    """
    from studio.media.formats.motions import motion_writer
    from studio.media.formats.rigs import read_rig

    looks = learned(params.method) is not None or params.compare
    if (detections is None and not videos) or (detections is not None and videos and not looks):
        raise StudioError(
            "Triangulation needs either detections or videos.",
            "Give --detections FOLDER, or --videos FILE FILE ...; both where a network looks at "
            "the videos (--method algebraic or volumetric).",
        )
    write = motion_writer(out, out_up)
    check_place(out)
    start = time.perf_counter()
    cameras = read_rig(rig, unit=unit, up=up).rig
    with OnTerminal("Triangulate", quiet=json) as bar:
        if detections is not None:
            found, crowd = _read(detections, layout, rate_hz, person)
        else:
            found, crowd = _detect(videos, rate_hz, layout, params.people or 1, backend, bar)
        films = Films(tuple(Film(p.stem, p, rate_hz=rate_hz) for p in videos)) if videos else None
        inputs = Inputs(cameras, found, crowd=crowd, films=films)
        result = run(triangulate(params, inputs, bar))
    written = _write(result, out, write)
    seconds = time.perf_counter() - start
    if json:
        print(json_module.dumps(_as_json(result, written, seconds), ensure_ascii=False))
    else:
        _show(result, written, seconds)


def _write(
    result: Triangulation | Everybody, out: Path, write: Callable[[Path, Motion], None]
) -> list[Path]:
    """Every person's motion in a file of its own."""
    if isinstance(result, Triangulation):
        write(out, result.motion)
        return [out]
    written: list[Path] = []
    for number, one in enumerate(result.persons, start=1):
        written.append(out.with_name(f"{out.stem}_person{number}{out.suffix}"))
        write(written[-1], one.motion)
    return written


def _read(
    folder: Path, layout: str | None, rate_hz: float | None, person: int | None
) -> tuple[Detections, Crowd | None]:
    if folder.suffix.lower() == ".npz":
        from studio.media.formats.detections_npz import read_npz

        return read_npz(folder), None
    from studio.media.formats.openpose import read_people

    people = read_people(folder, layout, rate_hz=rate_hz or 30.0)
    return (people.main(), people.crowd()) if person is None else (people.person(person), None)


def _detect(
    videos: tuple[Path, ...],
    rate_hz: float | None,
    layout: str | None,
    people: int,
    backend: Backend,
    context: Context,
) -> tuple[Detections, Crowd | None]:
    """Keypoints from pixels, remembered by content, in the layout that was asked for."""
    from studio.human.convert import in_layout
    from studio.human.layouts import layout as find_layout
    from studio.media.sync import FrameSets
    from studio.media.video import open_clip
    from studio.perception.cache import DetectionCache
    from studio.perception.take import detect_take
    from studio.perception.whole_body import Options

    wanted = find_layout(layout) if layout else None
    with ExitStack() as stack:
        clips = [stack.enter_context(open_clip(path, rate_hz=rate_hz)) for path in videos]
        sets = FrameSets(clips)
        look = maker(backend, Options(people=people))
        take = run(
            detect_take(
                clips, sets.times_s, sets.plan(), look, context,
                early_s=sets.early_s(), cache=DetectionCache(),
            )
        )  # fmt: skip
    found, crowd = take.detections, take.crowd
    if wanted is not None:
        found = in_layout(found, wanted)
        crowd = None if crowd is None else in_layout(crowd, wanted)
    return found, crowd


def _as_json(
    result: Triangulation | Everybody, written: list[Path], seconds: float
) -> dict[str, Any]:
    answer: dict[str, Any] = {"seconds": round(seconds, 3)}
    if isinstance(result, Triangulation):
        answer |= _one_as_json(result, written[0])
    else:
        pairs = zip(result.persons, written, strict=True)
        answer["people"] = [_one_as_json(one, path) for one, path in pairs]
    facts = [asdict(fact) for fact in result.facts]
    return {**answer, "facts": facts, "notes": list(result.notes)}


def _one_as_json(result: Triangulation, out: Path) -> dict[str, Any]:
    motion = result.motion
    return {
        "written": str(out),
        "frames": len(motion),
        "points": len(motion.layout),
        "layout": motion.layout.name,
        "facts": [asdict(fact) for fact in result.facts],
        "report": plain(asdict(result.report)),
    }


def _show(result: Triangulation | Everybody, written: list[Path], seconds: float) -> None:
    console = Console()
    show_facts(console, [f for f in result.facts if not f.label.startswith((CAMERAS, LEFT_OUT))])
    persons = (result,) if isinstance(result, Triangulation) else result.persons
    for one, path in zip(persons, written, strict=True):
        if one is not result:
            console.print(f"\n{path.stem}", style="bold")
            show_facts(console, one.facts)
        console.print(_cameras_table(one.report))
        if table := _fewer_table(one.facts):
            console.print(table)
    for note in result.notes:
        console.print(note)
    for one, path in zip(persons, written, strict=True):
        console.print(f"Written: {path} ({counted(len(one.motion), 'frame')})")
    console.print(f"{seconds:.1f} s")


def _cameras_table(report: TakeReport) -> Table:
    table = Table("camera", "mean px", "median px", "mean mm", "not seen", "left out", "swapped")
    for c in report.cameras:
        table.add_row(
            c.name, f"{c.mean_px:.2f}", f"{c.median_px:.2f}", f"{c.mean_mm:.1f}",
            percent(c.unseen, 1), percent(c.excluded, 1), percent(c.swapped, 1),
        )  # fmt: skip
    return table


def _fewer_table(facts: tuple[Fact, ...]) -> Table | None:
    """Error against cameras, where it was measured: of the take, and of held-out rigs beside it."""
    own = of_take(facts, CAMERAS)
    if not own:
        return None
    rows = [
        *((f"{c.method}: moved mm", c, 0) for c in own),
        *((f"{c.method}: px in left out", c, 1) for c in of_take(facts, LEFT_OUT)),
        *((f"{c.method}: held-out mm", c, 0) for c in held_out()),
        *((f"{name}: thesis mm", Curve(name, {n: SEED_MM}), 0)
          for name, n in SEED_CAMERAS.items()),
    ]  # fmt: skip
    counts = sorted({count for _, curve, _ in rows for count in curve.values})
    table = Table(Column("cameras", no_wrap=True), *map(str, counts))
    for title, curve, digits in rows:
        values = [curve.values.get(count) for count in counts]
        table.add_row(title, *("" if v is None else f"{v:.{digits}f}" for v in values))
    return table
