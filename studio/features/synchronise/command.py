"""``doppel synchronise``: videos in, when each camera started out."""

from __future__ import annotations

import json as json_module
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from tyro.conf import Positional

from studio.core.errors import StudioError
from studio.features.synchronise.engine import synchronise
from studio.features.synchronise.inputs import Inputs, Source, Synchronised
from studio.features.synchronise.params import Method, Params
from studio.jobs import run
from studio.jobs.terminal import OnTerminal, show_facts
from studio.media.cameras import match_cameras
from studio.media.formats.whole import check_place, whole


def main(
    videos: Positional[tuple[Path, ...]] = (),
    method: Method = "auto",
    rig: Path | None = None,
    detections: Path | None = None,
    rate_hz: float | None = None,
    keypoints: bool = True,
    max_shift_s: float = 120.0,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Find out when each camera of a take was started, to a part of a frame.

    Args:
        videos: The cameras' videos or picture folders, named like the cameras.
        method: What to go by: timestamps beside the videos, a flash, a clap, motion, or auto.
        rig: The calibration of these cameras, to make the result exact.
        detections: A folder of OpenPose JSON, one folder a camera, in place of looking for people.
        rate_hz: Frames a second, where the files do not say (30 for detections alone).
        keypoints: Look for the person where movement alone is not sure enough.
        max_shift_s: The cameras were started at most this far apart, in seconds.
        out: A JSON file for the offsets.
        json: Print one JSON object.
    """
    if not videos and detections is None:
        raise StudioError("There is nothing to synchronise.", "Name the videos of a take.")
    if len({path.stem for path in videos}) < len(videos):
        raise StudioError(
            "Two videos have the same name.", "Name each after its camera, such as cam01.mp4."
        )
    if out is not None:
        check_place(out)
    start = time.perf_counter()
    inputs = _inputs(videos, rig, detections, rate_hz)
    params = Params(method=method, keypoints=keypoints, max_shift_s=max_shift_s)
    with OnTerminal("Synchronise", quiet=json) as context:
        result = run(synchronise(params, inputs, context))
    answer = _as_json(result, inputs, time.perf_counter() - start)
    if not json:
        _show(result)
    if out is not None:
        try:
            with whole(out) as temp:
                text = json_module.dumps(answer, indent=2, ensure_ascii=False)
                temp.write_text(text + "\n", "utf-8")
        except StudioError as error:
            raise StudioError(error.message, error.hint, result=answer) from error
        if not json:
            Console(highlight=False).print(f"Written: {out}", soft_wrap=True)
    if json:
        print(json_module.dumps(answer, ensure_ascii=False))


def _inputs(
    videos: tuple[Path, ...], rig: Path | None, detections: Path | None, rate_hz: float | None
) -> Inputs:
    from dataclasses import replace

    from studio.media.formats.openpose import read_detections
    from studio.media.formats.rigs import read_rig

    sources = tuple(Source(path.stem, path, rate_hz) for path in videos)
    cameras = read_rig(rig).rig if rig is not None else None
    found = None
    if detections is not None:
        found = read_detections(detections, None, rate_hz=rate_hz or 30.0)
        if sources:
            names = match_cameras(found.cameras, [source.camera for source in sources])
            if len(names) < len(found.cameras) or len(names) < len(sources):
                raise StudioError(
                    f"The detections are of {', '.join(found.cameras)}, the videos of "
                    f"{', '.join(source.camera for source in sources)}.",
                    "Name the folders of detections like the videos.",
                )
            found = replace(found, cameras=tuple(names[camera] for camera in found.cameras))
    return Inputs(sources, cameras, found)


def _as_json(result: Synchronised, inputs: Inputs, seconds: float) -> dict[str, Any]:
    clocks = result.clocks
    paths = {source.camera: str(source.path) for source in inputs.sources}
    residual = clocks.residual_s
    return {
        "method": result.method,
        "residual_ms": 1000 * residual if math.isfinite(residual) else None,
        "verdict": result.facts[0].verdict,
        "blame": clocks.blame,
        "cameras": {
            camera: {
                "path": paths.get(camera),
                "offset_s": float(clocks.offsets_s[i]),
                "pace": float(clocks.pace[i]),
                "sd_ms": 1000 * float(clocks.sd_s[i]),
                "off_ms": 1000 * float(clocks.off_s[i]) if math.isfinite(residual) else None,
            }
            for i, camera in enumerate(clocks.cameras)
        },
        "pairs": [
            {
                "first": lag.first, "second": lag.second, "lag_s": lag.seconds,
                "sd_ms": 1000 * lag.sd_s, "score": lag.score, "rival": lag.rival,
                "used": lag in clocks.lags,
            }
            for lag in (*clocks.lags, *clocks.left_out)
        ],
        "facts": [asdict(fact) for fact in result.facts],
        "notes": list(result.notes),
        "seconds": round(seconds, 3),
    }  # fmt: skip


def _show(result: Synchronised) -> None:
    console = Console(highlight=False)
    show_facts(console, result.facts)
    for note in result.notes:
        console.print(note, soft_wrap=True)
