"""``doppel pose``: videos in, 2D keypoints out."""

from __future__ import annotations

import json as json_module
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from rich.console import Console

from studio.core.errors import StudioError
from studio.core.types import Detections
from studio.features.pose.engine import Inputs, Params, detect, facts
from studio.features.pose.overlay import write_overlay
from studio.human.convert import convert
from studio.jobs import run
from studio.jobs.terminal import OnTerminal, plain, show_facts
from studio.media.films import Film, Films
from studio.media.formats.detections_npz import NAME, write_npz
from studio.media.formats.whole import check_place

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
        videos: The cameras' videos or picture folders, started together; with --stream also
            rtsp:// and http:// addresses and /dev/video0.
        out: A folder for detections.npz (553 points) and one folder of OpenPose JSON a camera.
        overlay: A film of the one camera with everybody found drawn over it: .mp4, .mkv, .webm.
        stream: Follow live, at the cameras' pace, and tell other programs at these addresses:
            osc://127.0.0.1:39540 (OSC to whoever listens there), json://127.0.0.1:39541 (JSON
            lines to whoever connects there).
        other_hosts: Allow --stream to other computers.
        rig: The cameras' calibration, for --stream: several are triangulated with it.
        seconds: End --stream after so long; otherwise with the last film, or on Ctrl+C.
        loop: Films start again at their end, with --stream.
        rate_hz: Frames a second, where the files do not say.
        params: How to detect.
        json: Print one JSON object.
    """
    if stream:
        if out is not None or overlay is not None:
            raise StudioError(
                "People are either followed live or detected picture by picture.",
                "Give --stream alone, or --out and --overlay.",
            )
        _stream(videos, stream, params, json, other_hosts=other_hosts, rig=rig, seconds=seconds,
                loop=loop)  # fmt: skip
        return
    paths = [Path(video) for video in videos]
    if len({path.stem for path in paths}) < len(paths):
        raise StudioError(
            "Two videos have the same name.", "Name each after its camera, such as cam01.mp4."
        )
    if out is None and overlay is None:
        raise StudioError("Where are the points to go?", "Give --out, --overlay or --stream.")
    if overlay is not None:
        if len(paths) > 1:
            raise StudioError("An overlay is drawn over one video.", "Give one video alone.")
        if overlay.resolve() == paths[0].resolve():
            raise StudioError("The overlay would replace the video.", "Give it another name.")
    for place in (overlay, None if out is None else out / NAME):
        if place is not None:
            check_place(place)
    films = tuple(Film(path.stem, path, rate_hz=rate_hz) for path in paths)
    inputs = Inputs(Films(films))
    start = time.perf_counter()
    with OnTerminal("Detect", quiet=json) as context:
        result = run(detect(params, inputs, context))
    seconds_spent = time.perf_counter() - start
    written: list[str] = []
    if out is not None:
        write(out, result.detections)
        written.append(str(out))
    if overlay is not None:
        with OnTerminal("Draw", quiet=json) as context:
            write_overlay(
                overlay, paths[0], result.detections, result.crowd, rate_hz, context.report
            )
        written.append(str(overlay))
    told = facts(result, seconds_spent)
    if json:
        answer: dict[str, Any] = {
            "written": written[0],
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
        f"{result.moments} moments in {result.seconds:.1f} s, somebody in {result.with_somebody}; "
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
