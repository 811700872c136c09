"""``doppel pose``: videos in, 2D keypoints out."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import tyro
from rich.console import Console

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES
from studio.core.types import Camera, Detections, Motion
from studio.features.pose.engine import Inputs, Params, detect, facts
from studio.features.pose.space import Alone, motions
from studio.human.convert import convert
from studio.jobs import run
from studio.jobs.terminal import OnTerminal, plain, show_facts
from studio.media.films import Film, Films
from studio.media.formats.detections_npz import NAME, write_npz
from studio.media.formats.people_json import write_people
from studio.media.formats.whole import check_place, check_places
from studio.media.overlay import write_overlay
from studio.media.served import fetched_picture, is_address
from studio.perception.take import TakeDetections

# OpenPose's people: BODY_25, the left and the right hand, the face.
_FIELDS = {
    "pose_keypoints_2d": slice(0, 25),
    "hand_left_keypoints_2d": slice(25, 46),
    "hand_right_keypoints_2d": slice(46, 67),
    "face_keypoints_2d": slice(67, 137),
}


def main(
    videos: Annotated[tuple[str, ...], tyro.conf.Positional],
    out: Path | None = None,
    overlay: Path | None = None,
    motion: Path | None = None,
    stream: tuple[str, ...] = (),
    other_hosts: bool = False,
    rig: Path | None = None,
    seconds: float | None = None,
    loop: bool = False,
    rate_hz: float | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Detect the person in every camera: body, hands and face; or follow them live.

    Args:
        videos: The cameras' videos or picture folders, started together, or a picture: a file or
            its http:// address. With --stream also /dev/video0, rtsp:// and http:// streams.
        out: A folder for detections.npz (553 points) and one folder of OpenPose JSON a camera; or
            one file .json with everybody, in 3D too where the network tells it (backend dope).
        overlay: A film of the one camera with everybody found drawn over it: .mp4, .mkv, .webm;
            of one picture a picture: .png, .jpg, .webp.
        motion: People in 3D from the single pictures of one camera (backend dope): .trc, .c3d or
            .csv, of several one file each; with --rig in its world.
        stream: Follow live, at the cameras' pace, and tell other programs at these addresses:
            osc://127.0.0.1:39540 (OSC to whoever listens there), json://127.0.0.1:39541 (JSON
            lines to whoever connects there).
        other_hosts: Allow --stream to other computers.
        rig: The cameras' calibration, for --motion, and for --stream: several are triangulated.
        seconds: End --stream after so long; otherwise with the last film, or on Ctrl+C.
        loop: Films start again at their end, with --stream.
        rate_hz: Frames a second, where the files do not say.
        params: How to detect.
        json: Print one JSON object.
    """
    if stream:
        if out is not None or overlay is not None or motion is not None:
            raise StudioError(
                "People are either followed live or detected picture by picture.",
                "Give --stream alone, or --out, --overlay and --motion.",
            )
        _stream(videos, stream, params, json, other_hosts=other_hosts, rig=rig, seconds=seconds,
                loop=loop)  # fmt: skip
        return
    if out is None and overlay is None and motion is None:
        raise StudioError(
            "Where are the points to go?", "Give --out, --overlay, --motion or --stream."
        )
    if not videos:
        raise StudioError("There is nothing to look at.", "Give a video, pictures or a picture.")
    with TemporaryDirectory(prefix="doppel") as home:
        paths = [fetched_picture(v, Path(home)) if is_address(v) else Path(v) for v in videos]
        _found(paths, out, overlay, motion, rig, rate_hz, params, json)


def _found(
    paths: Sequence[Path], out: Path | None, overlay: Path | None, motion: Path | None,
    rig: Path | None, rate_hz: float | None, params: Params, json: bool,
) -> None:  # fmt: skip
    """Detect, write what is wanted, and tell of it."""
    if len({path.stem for path in paths}) < len(paths):
        raise StudioError(
            "Two videos have the same name.", "Name each after its camera, such as cam01.mp4."
        )
    one_file = out is not None and out.suffix.lower() == ".json"
    write_motion = None if motion is None else _motion_writer(motion, paths, params)
    if overlay is not None:
        if len(paths) > 1:
            raise StudioError("An overlay is drawn over one video.", "Give one video alone.")
        if overlay.resolve() == paths[0].resolve():
            raise StudioError("The overlay would replace the video.", "Give it another name.")
        _check_overlay(overlay, paths[0])
    for place in (overlay, motion, out if out is None or one_file else out / NAME):
        if place is not None:
            check_place(place)
    films = tuple(Film(path.stem, path, rate_hz=rate_hz) for path in paths)
    inputs = Inputs(Films(films))
    start = time.perf_counter()
    with OnTerminal("Detect", quiet=json) as context:
        result = run(detect(params, inputs, context))
    seconds_spent = time.perf_counter() - start
    written: list[str] = []
    if out is not None and one_file:
        write_people(out, result.detections, result.crowd, result.monocular)
        written.append(str(out))
    elif out is not None:
        write(out, result.detections)
        written.append(str(out))
    if overlay is not None:
        with OnTerminal("Draw", quiet=json) as context:
            write_overlay(
                overlay, paths[0], result.detections, result.crowd, rate_hz, context.report
            )
        written.append(str(overlay))
    told = facts(result, seconds_spent)
    if motion is not None and write_motion is not None:
        alone = in_space(result, rig)
        for place, person in zip(_numbered(motion, len(alone)), alone, strict=True):
            write_motion(place, person.motion)
            written.append(str(place))
        told += alone[0].facts
    if json:
        answer: dict[str, Any] = {
            "written": written[0],
            "files": written,
            "cameras": list(result.detections.cameras),
            "frames": len(result.detections.times_s),
            "found": dict(zip(result.detections.cameras, result.found, strict=True)),
            "turned": dict(zip(result.detections.cameras, result.turned, strict=True)),
            "reused": result.reused,
            "seconds": round(seconds_spent, 3),
            "facts": [asdict(fact) for fact in told],
        }
        if overlay is not None:
            answer["overlay"] = str(overlay)
        print(json_module.dumps(answer, ensure_ascii=False))
        return
    console = Console()
    show_facts(console, told, 15)
    console.print(f"Written: {', '.join(written)}")


def _check_overlay(overlay: Path, source: Path) -> None:
    """Raise StudioError unless a film's overlay is a film, and that of a picture either."""
    endings = (".mp4", ".mkv", ".webm", ".mov")
    if source.suffix.lower() in IMAGE_SUFFIXES:
        endings += (".png", ".jpg", ".jpeg", ".webp")
    check_places((overlay, endings))


def _motion_writer(
    motion: Path, paths: Sequence[Path], params: Params
) -> Callable[[Path, Motion], None]:
    """What writes motions of that kind. Raises StudioError if there will be none."""
    from studio.media.formats.motions import motion_writer

    if params.backend != "dope":
        raise StudioError(
            "Only Doppel's own network tells 3D from single pictures.",
            "Add --backend dope, or lift the points with “doppel lift”.",
        )
    if len(paths) > 1:
        raise StudioError(
            "3D from single pictures is for one camera.",
            "Give one video alone; several are better triangulated.",
        )
    return motion_writer(motion)


def in_space(result: TakeDetections, rig: Path | None = None) -> list[Alone]:
    """Everybody in 3D. Raises StudioError if nobody was seen with a body."""
    cameras: tuple[Camera, ...] = ()
    if rig is not None:
        from studio.media.formats.rigs import read_rig

        cameras = read_rig(rig).rig.cameras
        if len(cameras) == 1:  # the calibration of one camera is that of the one video
            cameras = (replace(cameras[0], name=result.detections.cameras[0]),)
    told = result.monocular
    alone = [] if told is None else motions(told, result.detections, result.crowd, cameras)
    if not alone:
        raise StudioError(
            "Nobody was seen with a body, so there is no 3D.", "Film more of the person."
        )
    return alone


def _numbered(path: Path, people: int) -> list[Path]:
    """A file for everybody."""
    if people == 1:
        return [path]
    return [path.with_name(f"{path.stem}_person{k}{path.suffix}") for k in range(1, people + 1)]


def _stream(
    places: tuple[str, ...], addresses: tuple[str, ...], params: Params, json: bool, **how: Any
) -> None:
    from studio.features.pose.stream import stream

    with OnTerminal("Follow", quiet=json) as context:
        result = stream(places, addresses, params, context, **how)
    if json:
        print(json_module.dumps(plain(asdict(result)), ensure_ascii=False))
        return
    stages = ", ".join(f"{name} {ms:.0f} ms" for name, ms in result.stages_ms.items())
    Console().print(
        f"{result.count} moments in {result.seconds:.1f} s, somebody in {result.with_somebody}; "
        f"{result.latency_ms:.0f} ms from picture to skeleton ({stages}); "
        f"{result.skipped} pictures made way for newer ones",
        soft_wrap=True,
    )


def write(folder: Path, detections: Detections) -> None:
    """The detections as they are (npz) and as OpenPose writes them (JSON).

    Raises StudioError if the folder cannot be written.
    """
    points = np.concatenate([detections.xy_px, detections.confidence[..., None]], axis=-1)
    openpose = np.nan_to_num(convert(points, detections.layout, "openpose_137"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_npz(folder / NAME, detections)
        for view, camera in enumerate(detections.cameras):
            home = folder / f"{camera}_json"
            home.mkdir(exist_ok=True)
            for moment, person in enumerate(openpose[:, view]):
                text = json_module.dumps({"version": 1.3, "people": _people(person)})
                (home / f"{camera}_{moment:012d}_keypoints.json").write_text(text, "utf-8")
    except OSError as error:
        raise StudioError(
            f"The keypoints could not be written to “{folder}”: {error.strerror or error}.",
            "Choose another folder, or free some space.",
        ) from error


def _people(person: np.ndarray) -> list[dict[str, list[float]]]:
    if not person[:, 2].any():
        return []
    return [{name: person[at].round(3).ravel().tolist() for name, at in _FIELDS.items()}]
