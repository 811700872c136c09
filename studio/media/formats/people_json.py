"""People as one JSON file: everybody in every picture of every camera, in 2D and, where the network
tells it, in 3D."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.types import Crowd, Detections, Layout, Monocular
from studio.media.formats.whole import whole

VERSION = 1


def write_people(
    path: Path, found: Detections, crowd: Crowd | None = None, told: Monocular | None = None
) -> None:
    """Write everybody. Raises StudioError if the file cannot be written.

    Points are lists [x px, y px, confidence] and [right m, down m, ahead m, confidence] in the
    order of the layouts that the file names; a point that is missing is null. 3D is in the axes of
    the camera, whose focal length the file tells: with another lens people stand nearer or farther.
    """
    cameras: list[dict[str, Any]] = []
    for view, name in enumerate(found.cameras):
        one: dict[str, Any] = {"name": name}
        if told is not None:
            one["size_px"] = told.sizes_px[view].tolist()
            one["focal_px"] = round(float(told.focal_px[view]), 2)
        one["frames"] = [
            {"time_s": round(float(time_s), 6), "people": _people(k, view, found, crowd, told)}
            for k, time_s in enumerate(found.times_s)
        ]
        cameras.append(one)
    layouts = {"points_px": _names(found.layout)}
    if told is not None:
        layouts["points_m"] = _names(told.layout)
    answer = {"doppel_people": VERSION, "layouts": layouts, "cameras": cameras}
    with whole(path) as temp:
        temp.write_text(json.dumps(answer, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _names(layout: Layout) -> dict[str, Any]:
    return {"name": layout.name, "points": list(layout.points)}


def _people(
    frame: int, view: int, found: Detections, crowd: Crowd | None, told: Monocular | None
) -> list[dict[str, Any]]:
    """Everybody in one picture."""
    if crowd is None:
        xy, sure = found.xy_px[frame, view, None], found.confidence[frame, view, None]
        tracks = np.zeros(1, int)
    else:
        xy, sure = crowd.xy_px[frame, view], crowd.confidence[frame, view]
        tracks = crowd.track[frame, view]
    out: list[dict[str, Any]] = []
    for place in np.flatnonzero((sure > 0).any(-1)).tolist():
        one: dict[str, Any] = {"track": int(tracks[place])}
        one["points_px"] = _points(xy[place], sure[place], 2)
        if told is not None and (told.confidence[frame, view, place] > 0).any():
            one["points_m"] = _points(
                told.xyz_m[frame, view, place], told.confidence[frame, view, place], 4
            )
        out.append(one)
    return out


def _points(at: np.ndarray, sure: np.ndarray, digits: int) -> list[list[float] | None]:
    rows = np.concatenate([at.round(digits), sure[:, None].round(3)], axis=1)
    there = np.isfinite(rows).all(1) & (sure > 0)
    return [row if good else None for row, good in zip(rows.tolist(), there, strict=True)]
