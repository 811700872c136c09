"""When each frame of a video was really taken, where a recorder wrote that beside it.

Containers often hold even times at a nominal rate, though frames were missed. Recorders that know
better leave a CSV: one ``timestamps.csv`` for a folder of videos (Caliscope: ``cam_id`` or
``port``, ``frame_time`` in seconds), or one file a video (FreeMoCap and others: seconds or
nanoseconds since the recording began, or of a common clock).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.media.cameras import camera_keys

_CAMERA = ("cam_id", "port", "camera_id", "camera", "cam")
_ORDER = ("frame_index", "frame_number", "multi_frame_number", "sync_index")
# Clocks that cameras share come before those that each begins for itself.
_CLOCKS: tuple[tuple[str, float], ...] = (
    ("frame_time", 1.0), ("timestamp_utc_ns", 1e-9), ("timestamp_unix_utc_ns", 1e-9),
    ("timestamp_perf_counter_ns", 1e-9), ("timestamp_ns", 1e-9), ("device_timestamp_ns", 1e-9),
    ("timestamp_from_zero_ns", 1e-9), ("timestamp_from_zero_s", 1.0), ("timestamp_s", 1.0),
    ("timestamp", 1.0), ("time_s", 1.0),
)  # fmt: skip
_Rows = list[dict[str, str]]


def frame_times(video: Path) -> np.ndarray | None:
    """The recorder's clock at every frame of a video, in seconds; None where nothing says so.

    Raises StudioError if there are times but they cannot be read or do not increase.
    """
    for file in _files(video):
        rows = _read(file)
        if not rows:
            continue
        own = _own_rows(rows, video)
        if own:
            return _times(own, file)
    return None


def _files(video: Path) -> Iterator[Path]:
    """Where the times of a video may be, the most particular first."""
    for folder in (video.parent, video.parent / "timestamps"):
        yield from sorted(folder.glob(f"{_escaped(video.stem)}*timestamps*.csv"))
    shared = video.parent / "timestamps.csv"
    if shared.is_file():
        yield shared


def _escaped(stem: str) -> str:
    return "".join(f"[{c}]" if c in "[*?" else c for c in stem)


def _read(file: Path) -> _Rows:
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            return list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudioError(
            f"The frame times in “{file.name}” cannot be read: {error}.",
            "Copy the file again, or take it away to use the video's own times.",
        ) from error


def _own_rows(rows: _Rows, video: Path) -> _Rows:
    """The rows of this video's camera; all of them in a file that holds one camera."""
    column = next((c for c in _CAMERA if c in rows[0]), None)
    if column is None:
        return rows
    cameras = sorted({row[column] for row in rows})
    if len(cameras) == 1 and video.stem in cameras[0]:
        return rows
    return [row for row in rows if row[column] == _named(video, cameras)]


def _named(video: Path, cameras: Sequence[str]) -> str | None:
    """Which of the file's cameras filmed this video, going by the names in its folder."""
    keys = dict(zip(camera_keys(tuple(cameras)), cameras, strict=True))
    stems = sorted(p.stem for p in video.parent.iterdir() if p.suffix == video.suffix)
    own = dict(zip(stems, camera_keys(tuple(stems)), strict=True))
    return keys.get(own[video.stem], keys.get(video.stem))


def _times(rows: _Rows, file: Path) -> np.ndarray:
    clock = next(((c, unit) for c, unit in _CLOCKS if c in rows[0]), None)
    if clock is None:
        raise StudioError(
            f"“{file.name}” has no column of times that Doppel knows.",
            f"It needs one of {', '.join(name for name, _ in _CLOCKS[:4])}.",
        )
    column, unit = clock
    order = next((c for c in _ORDER if c in rows[0]), None)
    try:
        if order:
            rows = sorted(rows, key=lambda row: float(row[order]))
        times = np.array([float(row[column]) for row in rows]) * unit
    except (ValueError, TypeError) as error:
        raise StudioError(
            f"The frame times in “{file.name}” cannot be read: {error}.",
            "Copy the file again, or take it away to use the video's own times.",
        ) from error
    if len(times) > 1 and not (np.diff(times) > 0).all():
        raise StudioError(
            f"The frame times in “{file.name}” do not increase.",
            "Take the file away to use the video's own times, or synchronise by a clap.",
        )
    return times
