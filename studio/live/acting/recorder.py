"""Gathering performances as they come, with their own times, without growing in memory."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from jaxtyping import Float

from studio.core.errors import StudioError
from studio.human.humanoid import HUMANOID
from studio.live.performance import NO_TURN, Performance

BONES = (*HUMANOID, "jaw", "leftToes", "rightToes")
"""The bones whose turns are kept."""
_ROW = np.dtype([
    ("time_s", "f8"), ("weights", "f4", 52), ("head_deg", "f4", 3), ("gaze_deg", "f4", 2),
    ("hips_m", "f4", 3), ("sure", "f4", 4), ("turns", "f4", (len(BONES), 4)),
])  # fmt: skip
_PLACE = {bone: k for k, bone in enumerate(BONES)}
BUFFER_BYTES = 256_000


@dataclass(frozen=True, eq=False)
class Acted:
    """A performance over time. Times rise, and begin where the first frame was; frames that were
    lost are simply not there. ``turns`` holds the bones that were ever named; ``hips_m`` is NaN
    where no body was seen."""

    times_s: Float[np.ndarray, " frames"]
    weights: Float[np.ndarray, "frames 52"]
    head_deg: Float[np.ndarray, "frames 3"]
    gaze_deg: Float[np.ndarray, "frames 2"]
    hips_m: Float[np.ndarray, "frames 3"]
    sure: Float[np.ndarray, "frames 4"]
    turns: Mapping[str, Float[np.ndarray, "frames 4"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def rate_hz(self) -> float:
        """The usual rate: that of the median step. 30 if there is one frame alone."""
        if len(self) < 2:
            return 30.0
        return float(1 / np.median(np.diff(self.times_s)))

    def __iter__(self) -> Iterator[Performance]:
        """The performances again, as they were told; times begin at 0."""
        for k, time_s in enumerate((self.times_s - self.times_s[0]).tolist()):
            hips = self.hips_m[k].tolist()
            yaw, pitch, roll = self.head_deg[k].tolist()
            across, up = self.gaze_deg[k].tolist()
            face, left, right, body = self.sure[k].tolist()
            turns = {bone: _turn(values[k]) for bone, values in self.turns.items()}
            yield Performance(
                time_s, self.weights[k], (yaw, pitch, roll), (across, up), turns,
                None if np.isnan(hips).any() else (hips[0], hips[1], hips[2]),
                face, (left, right), body, time_s, time_s,
            )  # fmt: skip


def _turn(values: np.ndarray) -> tuple[float, float, float, float]:
    x, y, z, w = values.tolist()
    return (x, y, z, w)


class Recorder:
    """Keeps every performance that it is told in a file of its own, 1.2 kB each, until
    :meth:`acted` is asked for; in memory it holds a quarter of a megabyte. For any threads.
    """

    def __init__(self) -> None:
        self.frames = 0
        self._file: IO[bytes] | None = tempfile.TemporaryFile(buffering=BUFFER_BYTES)  # noqa: SIM115
        self._named = np.zeros(len(BONES), bool)
        self._last_s = -np.inf
        self._row = np.zeros((), _ROW)
        self._guard = threading.Lock()

    def tell(self, told: Performance) -> None:
        """Keep a performance. One that is not newer than the last is left out, as all are once the
        recorder is closed. Raises StudioError if the disk is full."""
        with self._guard:
            if self._file is None or told.time_s <= self._last_s:
                return
            row: Any = self._row
            row["time_s"], row["weights"] = told.time_s, told.weights
            row["head_deg"], row["gaze_deg"] = told.head_deg, told.gaze_deg
            row["hips_m"] = np.nan if told.hips_m is None else told.hips_m
            row["sure"] = (told.face, *told.hands, told.body)
            row["turns"] = NO_TURN
            for bone, turn in told.turns.items():
                place = _PLACE.get(bone)
                if place is not None:
                    row["turns"][place] = turn
                    self._named[place] = True
            self._last_s = told.time_s
            try:
                self._file.write(row.tobytes())
            except OSError as error:
                raise StudioError(
                    f"The performance cannot be kept: {error.strerror or error}.",
                    "Free some space on the disk.",
                ) from error
            self.frames += 1

    def acted(self) -> Acted:
        """All so far. Raises StudioError if there is nothing."""
        with self._guard:
            if self._file is None or not self.frames:
                raise StudioError("Nothing was performed.", "Let somebody be seen first.")
            self._file.flush()
            self._file.seek(0)
            rows = np.frombuffer(self._file.read(self.frames * _ROW.itemsize), _ROW)
            self._file.seek(0, os.SEEK_END)
        turns = {bone: rows["turns"][:, k] for k, bone in enumerate(BONES) if self._named[k]}
        return Acted(
            rows["time_s"], rows["weights"], rows["head_deg"], rows["gaze_deg"], rows["hips_m"],
            rows["sure"], turns,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of what was kept."""
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None
