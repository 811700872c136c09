"""``doppel avatar``: a motion file in, an animated, rigged avatar out."""

from __future__ import annotations

import json as json_module
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.core.types import Motion
from studio.features.avatar.engine import Avatar, Inputs, avatar
from studio.features.avatar.look import Filmed
from studio.features.avatar.params import Params
from studio.jobs import run
from studio.jobs.terminal import VERDICT_MARKS, OnTerminal
from studio.media.films import Film, Films
from studio.media.formats.whole import check_places

Up = Literal["x", "y", "z", "-x", "-y", "-z"]


def main(
    motion: Path,
    out: Path | None = None,
    bvh: Path | None = None,
    height: float | None = None,
    up: Up | None = None,
    rig: Path | None = None,
    videos: tuple[Path, ...] = (),
    params: Annotated[Params, tyro.conf.arg(name="")] = Params(),  # noqa: B008
    json: bool = False,
) -> None:
    """Fit a rigged person to a motion.

    Args:
        motion: The motion: .trc, .c3d or .csv with named markers.
        out: Where to write the avatar: .glb.
        bvh: Where to write its motion: .bvh.
        height: Body height in metres, if it is known.
        up: Up axis of the motion, where its format does not say (TRC: y).
        rig: The calibration of the cameras that filmed the motion, in its world.
        videos: Their films, named like the cameras: the avatar is dressed like the person in them.
        params: How to fit.
        json: Print one JSON object.
    """
    if out is None and bvh is None:
        raise StudioError("There is nothing to write.", "Give --out FILE.glb or --bvh FILE.bvh.")
    check_places((out, (".glb",)), (bvh, (".bvh",)))
    if height is not None:
        params = Params.model_validate({**params.model_dump(), "height_m": height})
    start = time.perf_counter()
    source = Inputs(_read(motion, up), filmed=_filmed(rig, videos))
    with OnTerminal("Avatar", quiet=json) as bar:
        result = run(avatar(params, source, bar))
    _write(result, out, bvh)
    seconds = time.perf_counter() - start
    if json:
        print(json_module.dumps(_as_json(result, out, bvh, seconds), ensure_ascii=False))
    else:
        _show(result, out, bvh, seconds)


def _read(path: Path, up: Up | None) -> Motion:
    from studio.media.formats.c3d import read_c3d
    from studio.media.formats.csv_points import read_csv
    from studio.media.formats.trc import read_trc

    readers: dict[str, Any] = {".trc": read_trc, ".c3d": read_c3d, ".csv": read_csv}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise StudioError(
            f"“{path.name}” is not a motion Doppel can read.", "Use .trc, .c3d or .csv."
        )
    return read(path, up) if up else read(path)


def _filmed(rig: Path | None, videos: tuple[Path, ...]) -> Filmed | None:
    from studio.media.formats.rigs import read_rig

    if rig is None and not videos:
        return None
    if rig is None or not videos:
        raise StudioError("To see the clothes, films and cameras are needed.",
                          "Give both: --rig FILE and --videos FILE FILE ...")  # fmt: skip
    cameras = read_rig(rig).rig
    films = Films(tuple(Film(path.stem, path) for path in videos))
    if unknown := [film.camera for film in films.films if film.camera not in cameras.names]:
        raise StudioError(
            f"The rig has no camera “{unknown[0]}”.",
            f"Name the films like its cameras: {', '.join(cameras.names)}.",
        )
    return Filmed(films, cameras)


def _write(result: Avatar, out: Path | None, bvh: Path | None) -> None:
    from studio.media.formats.bvh import write_bvh
    from studio.media.formats.gltf import write_glb

    if out is not None:
        write_glb(out, result.character)
    if bvh is not None:
        write_bvh(bvh, result.character.armature, result.character.animation)


def _as_json(
    result: Avatar, out: Path | None, bvh: Path | None, seconds: float
) -> dict[str, object]:
    fit = result.fit
    off = 1000 * np.nanmean(fit.residual_m, axis=0)
    return {
        "out": str(out) if out else None,
        "bvh": str(bvh) if bvh else None,
        "frames": len(fit),
        "height_m": round(fit.height_m, 4),
        "residual_mm": round(float(1000 * np.nanmean(fit.residual_m)), 2),
        "points_mm": {p: round(float(d), 2) for p, d in zip(fit.points, off, strict=True)},
        "slide_mm": round(fit.slide_mm, 2),
        "floor_m": None if fit.floor_m is None else round(fit.floor_m, 4),
        "swapped": fit.swapped,
        "worn": [one.item for one in result.design.worn] if result.design else None,
        "facts": [asdict(fact) for fact in result.facts],
        "seconds": round(seconds, 3),
    }


def _show(result: Avatar, out: Path | None, bvh: Path | None, seconds: float) -> None:
    console = Console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for fact in result.facts:
        table.add_row(fact.label, fact.text, VERDICT_MARKS[fact.verdict], fact.blame)
    console.print(table)
    written = " and ".join(str(path) for path in (out, bvh) if path is not None)
    console.print(f"{len(result.fit)} frames in {seconds:.1f} s: {written}")
