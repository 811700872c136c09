"""The time of every recorded frame, in a text file beside the video."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SUFFIX = ".times.csv"
COLUMNS = ("frame", "time_s", "arrival_s", "stamp_ms", "note")


class TimesWriter:
    """Writes a row a frame, and rows without a frame for what is missing.

    Every row is with the system at once. ``why`` has no comma.

    ``time_s`` is the capture time and ``arrival_s`` the arrival, both since the take began;
    ``stamp_ms`` is the frame's time stamp in the video, which ties the row to its picture.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        try:
            self._row(*COLUMNS)
        except OSError:
            self._file.close()
            raise

    def frame(self, number: int, time_s: float, arrival_s: float, stamp_ms: int) -> None:
        """A frame that is in the video."""
        self._row(str(number), f"{time_s:.6f}", f"{arrival_s:.6f}", str(stamp_ms), "")

    def missing(self, time_s: float, why: str) -> None:
        """Something that is not in the video, just before the frame at ``time_s``."""
        self._row("", f"{time_s:.6f}", "", "", why)

    def _row(self, *cells: str) -> None:
        self._file.write((",".join(cells) + "\n").encode())

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, eq=False)
class Times:
    """The rows of a times file: frames in the order they were written, and what is missing."""

    time_s: np.ndarray
    arrival_s: np.ndarray
    stamp_ms: np.ndarray
    missing: tuple[tuple[float, str], ...]


def read_times(path: Path) -> Times | None:
    """Read a times file; None if there is none. A last row cut short by a crash is left out."""
    frames: list[tuple[float, float, int]] = []
    missing: list[tuple[float, str]] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != COLUMNS:
                return None
            for row in rows:
                try:
                    number, time_s, arrival_s, stamp, note = row
                    if number:
                        frames.append((float(time_s), float(arrival_s), int(stamp)))
                    else:
                        missing.append((float(time_s), note))
                except ValueError:
                    continue
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    table = np.array(frames, np.float64).reshape(len(frames), 3)
    return Times(table[:, 0], table[:, 1], table[:, 2].astype(np.int64), tuple(missing))
