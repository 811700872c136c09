"""TRC, the marker format of OpenSim and Cortex: tab-separated text, one row a frame.

Missing points are blank. The file states its unit but not its axes, which the caller gives. Y up
means the laboratory frame of OpenSim and Pose2Sim, so that a take of theirs lands in the world of
its cameras. Layout of the file: OpenSim, ``TRCFileAdapter``.
"""

from __future__ import annotations

from pathlib import Path

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
    rate_of,
)
from studio.media.formats.whole import whole


def write_trc(path: Path, motion: Motion, up: Up = "y", unit: str = "m") -> None:
    """Write a motion as TRC. ``unit`` is m, cm or mm; positions keep a tenth of a micrometre."""
    check_motion(motion)
    names = [" ".join(name.split()) for name in motion.layout.points]
    count, points = len(motion), len(names)
    rate = f"{rate_of(motion):.9g}"
    digits = max(1, 7 + round(np.log10(frames.to_metres(unit))))
    xyz = frames.points_from_world(motion.xyz_m, _axes(up), unit).reshape(count, -1)
    head = [
        ("PathFileType", "4", "(X/Y/Z)", path.name),
        ("DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units", "OrigDataRate",
         "OrigDataStartFrame", "OrigNumFrames"),
        (rate, rate, str(count), str(points), unit, rate, "1", str(count)),
        ("Frame#", "Time", *(cell for name in names for cell in (name, "", ""))),
        ("", "", *(f"{axis}{i}" for i in range(1, points + 1) for axis in "XYZ")),
        ("",),
    ]  # fmt: skip
    with whole(path) as temp, temp.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines("\t".join(cells) + "\n" for cells in head)
        for number, (time_s, row) in enumerate(zip(motion.times_s, xyz, strict=True), 1):
            cells = ("" if np.isnan(value) else f"{value:.{digits}f}" for value in row)
            file.write("\t".join((str(number), f"{time_s:.9g}", *cells)) + "\n")


def read_trc(path: Path, up: Up = "y") -> Motion:
    """Read a TRC file into world metres; its points in a layout named ``markers``.

    Raises StudioError if it is not TRC, if its unit is unknown, or if a row does not fit.
    """
    text = read_text(path, "a TRC file")
    lines = [line.rstrip("\r\n") for line in text.split("\n")]
    if len(lines) < 5 or not lines[0].startswith("PathFileType"):
        raise StudioError(
            f"“{path.name}” is not a TRC file.", "Its first line should begin with PathFileType."
        )
    header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
    labels = lines[3].rstrip().split("\t")
    names = [name.strip() for name in labels[2::3]]
    check_names(names, path)
    rows = [(n, line) for n, line in enumerate(lines[4:], 5) if line.strip()]
    if rows and rows[0][1].strip().upper().startswith("X1"):
        del rows[0]
    if not rows:
        raise StudioError(f"“{path.name}” has no frames.", "Export the take again.")
    if not text.endswith("\n") and len(rows) < _promised(header):
        raise StudioError(
            f"“{path.name}” was cut off: it holds {len(rows)} of {_promised(header)} frames.",
            "Copy it again, or export the take again.",
        )
    table = np.array([_numbers(line, number, 2 + 3 * len(names), path) for number, line in rows])
    check_times(table[:, 1], path)
    unit = header.get("Units", "").strip()
    xyz = table[:, 2:].reshape(len(table), len(names), 3)
    xyz[np.isnan(xyz).any(-1)] = np.nan
    world = frames.points_to_world(xyz, _axes(up), unit)
    return motion_of(marker_layout(names), table[:, 1], world)


def _promised(header: dict[str, str]) -> int:
    """How many frames the header speaks of; 0 where it does not."""
    count = header.get("NumFrames", "").strip()
    return int(count) if count.isdigit() else 0


def _axes(up: Up) -> Up:
    return "lab" if up == "y" else up


def _numbers(line: str, number: int, columns: int, path: Path) -> list[float]:
    """One row; blank cells, and those missing at the end, are NaN."""
    cells = [cell.strip() for cell in line.split("\t")]
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    try:
        if len(cells) > columns:
            raise ValueError
        values = [float(cell) if cell else np.nan for cell in cells]
    except ValueError:
        raise StudioError(
            f"Line {number} of “{path.name}” does not fit its header: {columns} numbers are "
            f"expected, separated by tabs.",
            "Repair that line, or export the file again.",
        ) from None
    return values + [np.nan] * (columns - len(values))
