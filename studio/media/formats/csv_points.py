"""Points over time as CSV, long (a row a point) or wide (a row a frame).

Column names carry the unit: ``x_m``, ``Nose_x_mm``. Missing points are left out of a long file
and blank in a wide one. Reading also takes Caliscope's columns (``sync_index``, ``x_coord``,
``point_name``, ``frame_time``; metres).
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.files import read_text
from studio.core.frames import Up
from studio.core.types import Motion
from studio.media.formats.points import (
    check_motion,
    check_names,
    check_times,
    marker_layout,
    motion_of,
)
from studio.media.formats.whole import whole

Shape = Literal["long", "wide"]

_WIDE = re.compile(r"(?P<name>.+)_(?P<axis>[xyzXYZ])(?:_(?P<unit>m|dm|cm|mm|in|ft))?$")
_ALIASES = {
    "sync_index": "frame",
    "frame_time": "time_s",
    "time": "time_s",
    "point_name": "point",
    "point_id": "point",
}
_LONG = re.compile(r"(?P<axis>[xyz])(?:_(?:coord|(?P<unit>m|dm|cm|mm|in|ft)))?$")


def write_csv(
    path: Path, motion: Motion, shape: Shape = "long", up: Up = "z", unit: str = "m"
) -> None:
    """Write a motion as CSV. A long file also holds errors (m), reprojection (px) and views."""
    check_motion(motion)
    xyz = frames.points_from_world(motion.xyz_m, up, unit)
    axes = [f"{axis}_{unit}" for axis in "xyz"]
    names = motion.layout.points
    with whole(path) as temp, temp.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        if shape == "wide":
            rows.writerow(["frame", "time_s", *(f"{n}_{axis}" for n in names for axis in axes)])
            for number, time_s in enumerate(motion.times_s):
                rows.writerow([number, _cell(time_s), *map(_cell, xyz[number].ravel())])
            return
        quality = ["error_m", "reprojection_px", "views", "filled"]
        rows.writerow(["frame", "time_s", "point", *axes, *quality])
        for i, k in np.argwhere(np.isfinite(motion.xyz_m).all(-1)).tolist():
            rows.writerow([
                i, _cell(motion.times_s[i]), names[k], *map(_cell, xyz[i, k]),
                _cell(motion.error_m[i, k]), _cell(motion.reprojection_px[i, k]),
                int(motion.views[i, k]), int(motion.filled[i, k]),
            ])  # fmt: skip


def read_csv(path: Path, up: Up = "z", rate_hz: float = 30.0) -> Motion:
    """Read a long or wide CSV of points into world metres.

    ``rate_hz`` times the frames of a file that has no time column. Raises StudioError if the
    columns are not understood.
    """
    lines = list(csv.reader(read_text(path, "a CSV file").splitlines()))
    if len(lines) < 2:
        raise StudioError(f"“{path.name}” has no rows.", "Export the take again.")
    head = [_ALIASES.get(name.strip().lower(), name.strip()) for name in lines[0]]
    rows = [row for row in lines[1:] if any(cell.strip() for cell in row)]
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise StudioError(
                f"Row {number} of “{path.name}” has {len(row)} cells, its header {len(head)}.",
                "Repair that row, or export the file again.",
            )
    if "point" in head:
        return _read_long(path, head, rows, up, rate_hz)
    return _read_wide(path, head, rows, up, rate_hz)


def _read_wide(
    path: Path, head: list[str], rows: list[list[str]], up: Up, rate_hz: float
) -> Motion:
    columns: dict[str, dict[str, int]] = {}
    units: set[str] = set()
    for index, title in enumerate(head):
        if found := _WIDE.match(title):
            columns.setdefault(found["name"], {})[found["axis"].lower()] = index
            units.add(found["unit"] or "m")
    columns = {name: axes for name, axes in columns.items() if len(axes) == 3}
    if not columns or len(units) != 1:
        raise _not_understood(path)
    check_names(list(columns), path)
    order = [columns[name][axis] for name in columns for axis in "xyz"]
    xyz = np.array([[_number(row[i], path) for i in order] for row in rows])
    xyz = xyz.reshape(len(rows), len(columns), 3)
    numbers = _column(head, rows, "frame", path)
    times = _column(head, rows, "time_s", path)
    if times is None:
        times = (np.arange(len(rows)) if numbers is None else numbers) / rate_hz
    check_times(times, path)
    world = frames.points_to_world(xyz, up, units.pop())
    return motion_of(marker_layout(list(columns)), times, world)


def _read_long(
    path: Path, head: list[str], rows: list[list[str]], up: Up, rate_hz: float
) -> Motion:
    axes = {found["axis"]: (i, found["unit"] or "m") for i, title in enumerate(head)
            if (found := _LONG.match(title))}  # fmt: skip
    units = {unit for _, unit in axes.values()}
    frame = _column(head, rows, "frame", path)
    time = _column(head, rows, "time_s", path)
    key = frame if frame is not None else time
    if set(axes) != set("xyz") or len(units) != 1 or key is None:
        raise _not_understood(path)
    named = [row[head.index("point")].strip() for row in rows]
    names = list(dict.fromkeys(named))
    check_names(names, path)
    keys, at = np.unique(key, return_inverse=True)
    if frame is not None:  # frames in which no point was seen have no rows
        keys, at = np.arange(keys[0], keys[-1] + 1), (key - keys[0]).astype(int)
    point = np.array([names.index(name) for name in named])
    xyz = np.full((len(keys), len(names), 3), np.nan)
    for k, axis in enumerate("xyz"):
        xyz[at, point, k] = [_number(row[axes[axis][0]], path) for row in rows]
    if time is None:
        times = keys / rate_hz
    else:
        known, first = np.unique(at, return_index=True)
        times = np.interp(np.arange(len(keys)), known, time[first])
    check_times(times, path)
    motion = motion_of(marker_layout(names), times, frames.points_to_world(xyz, up, units.pop()))
    quality: dict[str, np.ndarray] = {}
    for name in ("error_m", "reprojection_px", "views", "filled"):
        column = _column(head, rows, name, path)
        if column is not None:
            quality[name] = getattr(motion, name).copy()
            quality[name][at, point] = column
    return replace(motion, **quality)


def _column(head: list[str], rows: list[list[str]], name: str, path: Path) -> np.ndarray | None:
    if name not in head:
        return None
    index = head.index(name)
    return np.array([_number(row[index], path) for row in rows])


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.9g}"


def _number(cell: str, path: Path) -> float:
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError:
        raise StudioError(
            f"“{cell}” in “{path.name}” is not a number.", "Repair the cell, or export again."
        ) from None


def _not_understood(path: Path) -> StudioError:
    return StudioError(
        f"The columns of “{path.name}” are not understood.",
        "A long file needs frame or time_s, point, x_m, y_m, z_m; a wide one time_s, then "
        "Name_x_m, Name_y_m, Name_z_m for every point.",
    )
