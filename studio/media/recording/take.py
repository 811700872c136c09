"""A recorded take: one folder, described by ``take.json``, which is always whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core.errors import StudioError
from studio.core.files import natural_key

TAKE, LOCK, RIG = "take.json", ".recording", "rig.json"
EDGE_S = 0.5
_BAD = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Segment(_Frozen):
    """A stretch of one camera in one file; a camera that changes its size begins another.

    ``video`` and ``times`` are names in the take's folder; ``first_s`` and ``last_s`` are capture
    times since the take began (the first may be negative: a stream starts at a key frame).
    ``rotation`` (degrees counter-clockwise) then ``mirror`` make its pictures upright.
    """

    video: str
    times: str
    codec: str
    size_px: tuple[int, int]
    passed_through: bool
    rotation: int = 0
    mirror: bool = False
    frames: int = 0
    first_s: float = 0.0
    last_s: float = 0.0


class CameraRecord(_Frozen):
    """What was recorded of one camera. ``dropped`` frames never left the camera, ``lost`` ones
    could not be written in time, ``away_s`` it was gone or silent."""

    id: str
    name: str
    kind: str
    rate_hz: float = 0.0
    segments: tuple[Segment, ...] = ()
    dropped: int = 0
    lost: int = 0
    away_s: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return sum(segment.frames for segment in self.segments)

    @property
    def longest(self) -> Segment | None:
        """The segment with the most frames, None if nothing was written."""
        return max(self.segments, key=lambda segment: segment.frames, default=None)


class TakeRecord(_Frozen):
    """A take as it lies on disk. ``finished`` is False while it is recorded, and after a crash."""

    version: Literal[1] = 1
    name: str
    started: datetime
    ended: datetime | None = None
    finished: bool = False
    recovered: bool = False
    reason: str = ""
    duration_s: float = 0.0
    cameras: tuple[CameraRecord, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every camera gave every frame."""
        return all(c.frames and not (c.dropped or c.lost or self.absent_s(c)) for c in self.cameras)

    def absent_s(self, camera: CameraRecord) -> float:
        """Seconds of the take of which a camera has nothing: away, late to begin, gone at the end.

        Less than half a second at either end is no absence: cameras do not begin at one moment.
        """
        if not camera.frames:
            return self.duration_s
        first = min(segment.first_s for segment in camera.segments if segment.frames)
        last = max(segment.last_s for segment in camera.segments if segment.frames)
        ends = (first, self.duration_s - last)
        return camera.away_s + sum(gap for gap in ends if gap > EDGE_S)


def write_take(folder: Path, take: TakeRecord) -> None:
    """Write ``take.json`` whole: temp, fsync, replace."""
    temp = folder / (TAKE + ".tmp")
    with temp.open("wb") as file:
        file.write(take.model_dump_json(indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    temp.replace(folder / TAKE)


def read_take(folder: Path) -> TakeRecord:
    """The take in a folder. Raises StudioError if there is none or it cannot be read."""
    try:
        return TakeRecord.model_validate_json((folder / TAKE).read_bytes())
    except FileNotFoundError as error:
        raise StudioError(f"There is no take in “{folder.name}”.", "Choose its folder.") from error
    except OSError as error:
        raise StudioError(
            f"The take “{folder.name}” cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    except ValidationError as error:
        raise StudioError(
            f"The description of the take “{folder.name}” is damaged.",
            "Its videos can still be brought in one by one.",
        ) from error


def is_take(folder: Path) -> bool:
    """Whether a folder holds a recorded take."""
    try:
        with (folder / TAKE).open("rb") as file:
            return b'"cameras"' in file.read() and folder.is_dir()
    except OSError:
        return False


def list_takes(folder: Path) -> tuple[tuple[Path, TakeRecord], ...]:
    """The takes of a folder, newest first; what cannot be read is left out."""
    return tuple(sorted(_takes(folder), key=lambda found: found[1].started, reverse=True))


def _takes(folder: Path) -> Iterator[tuple[Path, TakeRecord]]:
    if not folder.is_dir():
        return
    for inside in folder.iterdir():
        if is_take(inside):
            try:
                yield inside, read_take(inside)
            except StudioError:
                continue


def new_folder(folder: Path, name: str = "") -> Path:
    """Make a folder for a take: ``name``, or “Take 1”, “Take 2”, ... Raises StudioError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stem = _BAD.sub("_", name).strip(" .") or "Take"
        taken = {path.name.casefold() for path in folder.iterdir()}
        numbers = [natural_key(found)[-1][1] for found in taken if re.fullmatch(r"take \d+", found)]
        number = max(numbers, default=0) + 1 if not name else 2
        candidate = stem if name else f"{stem} {number}"
        while candidate.casefold() in taken:
            candidate, number = f"{stem} {number}", number + 1
        made = folder / candidate
        made.mkdir()
        return made
    except OSError as error:
        raise StudioError(
            f"No take can be written to “{folder.name}”: {error.strerror}.",
            "Choose another folder for recordings.",
        ) from error


def file_stem(name: str, taken: set[str]) -> str:
    """A file name for a camera, unlike all that are ``taken`` (which it joins)."""
    stem = plain = _BAD.sub("_", name).strip(" .") or "camera"
    number = 2
    while stem.casefold() in taken:
        stem, number = f"{plain} {number}", number + 1
    taken.add(stem.casefold())
    return stem
