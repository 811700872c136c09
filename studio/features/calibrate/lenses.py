"""Lenses that need not be solved with the rig: from a file, or from pictures of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Camera
from studio.features.calibrate.look import Seen, look
from studio.features.calibrate.params import Params
from studio.features.calibrate.sources import Clips, sources_of
from studio.jobs import Context, Engine
from studio.media.cameras import match_cameras
from studio.media.formats.rigs.lenses import read_lenses
from studio.media.rig_mends import fit_size
from studio.perception.boards import Board
from studio.vision.calibration.guidance import Guide
from studio.vision.calibration.solve import solve

Size = tuple[int, int]


def given_lenses(
    params: Params, sizes_px: Mapping[str, Size], board: Board, context: Context
) -> Engine[Seen, dict[str, Camera]]:
    """The lens of every camera for which there is a file or pictures of its own.

    Raises StudioError if a file lacks a camera, or is of pictures of another shape.
    """
    lenses = dict[str, Camera]()
    if params.intrinsics is not None:
        lenses = from_file(params.intrinsics, sizes_px)
    if params.lens_paths:
        lenses |= yield from _from_pictures(params, sizes_px, board, context)
    return lenses


def from_file(path: Path, sizes_px: Mapping[str, Size]) -> dict[str, Camera]:
    """The lenses of a file, by the names of these cameras and at their picture sizes."""
    found = read_lenses(path)
    names = match_cameras(list(sizes_px), list(found))
    if len(found) == len(sizes_px) == 1:
        names = dict(zip(sizes_px, found, strict=True))
    lacking = [name for name in sizes_px if name not in names]
    if lacking:
        raise StudioError(
            f"“{path.name}” has no lens for camera {', '.join(lacking)}.",
            f"It has {', '.join(found)}. Name the videos like that, or leave the file out.",
        )
    return {name: _fitting(path, name, found[names[name]], size) for name, size in sizes_px.items()}


def _fitting(path: Path, name: str, lens: Camera, size: Size) -> Camera:
    """The lens at a picture size; pictures that were only scaled keep their shape."""
    old = lens.size_px
    if old in (size, (0, 0)):
        fitting = lens
    elif abs(old[0] * size[1] / (old[1] * size[0]) - 1) < 0.005:
        fitting = fit_size(lens, size, "scale")
    else:
        raise StudioError(
            f"“{path.name}” knows the lens of {name} for {old[0]}x{old[1]} pictures; these are "
            f"{size[0]}x{size[1]}, of another shape.",
            "Film at the size of the file, or let the lens be solved: leave the file out.",
        )
    return Camera(name, size, fitting.matrix, fitting.distortion, np.eye(3), np.zeros(3), lens.lens)


def _from_pictures(
    params: Params, sizes_px: Mapping[str, Size], board: Board, context: Context
) -> Engine[Seen, dict[str, Camera]]:
    sources = sources_of(params.lens_paths)
    names = match_cameras([source.camera for source in sources], list(sizes_px))
    lenses = dict[str, Camera]()
    for number, source in enumerate(sources):
        context.report(0.1 * number / len(sources), f"The lens of {source.camera}")
        name = names.get(source.camera)
        if name is None:
            raise StudioError(
                f"“{source.path.name}” belongs to none of the cameras {', '.join(sizes_px)}.",
                "Name the pictures for a lens like the video of its camera.",
            )
        with Clips((source,), unequal=True) as clips:
            guide = Guide(board.target, clips.sizes_px)
            seen = yield from look(board, clips.sets, guide, every_s=1 / params.per_second)
        camera = solve(board.target, seen.views, seen.sizes_px, lens=params.lens).rig.cameras[0]
        lenses[name] = _fitting(source.path, name, camera, sizes_px[name])
    return lenses
