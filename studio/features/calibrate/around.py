"""What a project holds around a calibration: its pictures, its board, a person to stand on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from studio.core.errors import StudioError
from studio.core.types import Frame, Motion
from studio.document.data import motion_of
from studio.document.folder import Assets
from studio.document.project import FileItem, MotionItem, Project, RigItem, TakeItem
from studio.features.calibrate.floor import (
    Floor,
    by_board,
    by_clicks,
    by_feet,
    by_length,
    by_spots,
)
from studio.features.calibrate.params import Click, Params
from studio.features.calibrate.sources import Clips, Source, sources_of
from studio.perception.boards import parse_board
from studio.vision.calibration.spots import Spot

Pictures = Callable[[float], dict[str, np.ndarray]]


class Newest(Protocol):
    """Live cameras."""

    def newest(self) -> Mapping[str, Frame]: ...


def pictures_of(project: Project, rig: RigItem, live: Newest | None = None) -> Pictures:
    """The cameras' pictures of a time, by camera: of what was calibrated with, else of a take of
    these cameras, else of the live cameras."""
    sources = _sources(project, rig)

    def at(time_s: float) -> dict[str, np.ndarray]:
        if sources:
            with Clips(sources, unequal=True) as clips:
                return {name: frame.rgb for name, frame in clips.sets.at(time_s).frames.items()}
        return {name: frame.rgb for name, frame in live.newest().items()} if live else {}

    return at


def _sources(project: Project, rig: RigItem) -> tuple[Source, ...]:
    if rig.recipe is not None and rig.recipe.feature == "calibrate":
        paths = Params.model_validate(rig.recipe.params).paths
        if paths:
            return sources_of(paths)
        used = next((t for id in rig.recipe.inputs if (t := project.get(id, TakeItem))), None)
    else:
        used = None
    take = used or next((t for t in project.all(TakeItem)[::-1] if t.rig == rig.id), None)
    return tuple(
        Source(clip.camera, Path(clip.path), clip.offset_s) for clip in take.clips
    ) if take else ()  # fmt: skip


def person_of(project: Project, rig: RigItem, assets: Assets) -> Motion | None:
    """The newest motion that was triangulated with this rig."""
    moved = next((m for m in project.all(MotionItem)[::-1] if m.rig == rig.id), None)
    return motion_of(moved, assets) if moved else None


def floor_of(way: str, value: Any, project: Project, rig: RigItem, assets: Assets) -> Floor:
    """The floor that was asked for: under the board of a moment, through three spots, under the
    feet, or as large as a tape says. Raises StudioError where it cannot be."""
    cameras = rig.rig()
    if way == "board":
        if rig.views is None:
            raise StudioError(
                "Where the board was is not kept with this calibration.", "Click three points."
            )
        return by_board(cameras, assets.arrays(rig.views), int(value))
    if way == "feet":
        return by_feet(cameras, person_of(project, rig, assets))
    if way == "length":
        true_m, now_m, words = value
        return by_length(true_m, now_m, words)
    spots, clicks = value
    clicked: list[Click] = []
    for (point, camera), (x, y) in clicks.items():
        clicked.append(Click(point=point, camera=camera, x_px=x, y_px=y))
    all_clicked: bool = all(isinstance(one, Spot) and one.sd_mm > 0 for one in spots)
    return by_clicks(cameras, clicked) if all_clicked else by_spots(cameras, spots)


def last_board(project: Project) -> str:
    """The name of the board that was last calibrated with or designed; empty if there is none."""
    used = project.params.get("calibrate", {}).get("board", "")
    if used:
        return used
    boards = [item for item in project.all(FileItem) if item.role == "board"]
    for item in reversed(boards):
        for word in " ".join(fact.text for fact in item.facts).split():
            try:
                return parse_board(word.strip(".,")).spec
            except StudioError:
                continue
    return ""
