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
from studio.features.pose.engine import Inputs, Params, Source, detect, facts
from studio.human.convert import convert
from studio.jobs import run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal
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
    videos: tuple[Path, ...],
    out: Path,
    rate_hz: float | None = None,
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Detect the person in every camera: body, hands and face.

    Args:
        videos: The cameras' videos or picture folders, started together.
        out: A folder for detections.npz (553 points) and one folder of OpenPose JSON a camera.
        rate_hz: Frames a second, where the files do not say.
        params: How to detect.
        json: Print one JSON object.
    """
    if len({path.stem for path in videos}) < len(videos):
        raise StudioError(
            "Two videos have the same name.", "Name each after its camera, such as cam01.mp4."
        )
    check_place(out / NAME)
    inputs = Inputs(tuple(Source(path.stem, path, rate_hz=rate_hz) for path in videos))
    start = time.perf_counter()
    with OnTerminal("Detect", quiet=json) as context:
        result = run(detect(params, inputs, context))
    seconds = time.perf_counter() - start
    write(out, result.detections)
    told = facts(result, seconds)
    if json:
        answer: dict[str, Any] = {
            "written": str(out),
            "cameras": list(result.detections.cameras),
            "frames": len(result.detections.times_s),
            "found": dict(zip(result.detections.cameras, result.found, strict=True)),
            "turned": dict(zip(result.detections.cameras, result.turned, strict=True)),
            "reused": result.reused,
            "seconds": round(seconds, 3),
            "facts": [asdict(fact) for fact in told],
        }
        print(json_module.dumps(answer, ensure_ascii=False))
        return
    console = Console()
    for fact in told:
        told = f"{fact.label:<15} {fact.text}  {VERDICT_MARKS[fact.verdict]}  {fact.blame}"
        console.print(told, soft_wrap=True)
    console.print(f"Written: {out}")


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
