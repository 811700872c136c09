"""Takes, read again: which file is which camera, when it begins, and its true times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.media.recording.take import TAKE, Segment, TakeRecord, read_take
from studio.media.recording.times import read_times


@dataclass(frozen=True)
class RecordedClip:
    """One camera of a take: its video, and when its first frame was taken since the take began."""

    camera: str
    video: Path
    offset_s: float


@dataclass(frozen=True, eq=False)
class RecordedAs:
    """What a take knows of a video that its container does not say."""

    times_s: np.ndarray
    rotation: int
    mirror: bool


def clips_of(folder: Path, take: TakeRecord) -> tuple[tuple[RecordedClip, ...], tuple[str, ...]]:
    """The cameras of a take, and sentences on what of it is not among them.

    A camera that changed its size in between has several files: the one with most frames counts.
    """
    clips: list[RecordedClip] = []
    notes: list[str] = []
    for camera in take.cameras:
        segment = camera.longest
        if segment is None or not segment.frames:
            notes.append(f"{camera.name}: nothing was recorded.")
            continue
        clips.append(RecordedClip(camera.name, folder / segment.video, segment.first_s))
        if len(camera.segments) > 1:
            notes.append(
                f"{camera.name} changed its size while it was recorded: “{segment.video}” is "
                f"used, {len(camera.segments) - 1} shorter files are left out."
            )
        missing = camera.dropped + camera.lost
        if missing:
            notes.append(f"{camera.name}: {missing} frames are missing.")
        if absent_s := take.absent_s(camera):
            notes.append(f"{camera.name}: away for {absent_s:.1f} s.")
    if take.recovered:
        notes.append(f"“{take.name}” was cut off and has been mended.")
    return tuple(clips), tuple(notes)


def recorded_as(video: Path, stamps_ms: np.ndarray) -> RecordedAs | None:
    """What is known of a video from the take in whose folder it lies; None outside of takes.

    ``times_s`` (from the first frame on) has a time for each of the ``stamps_ms``.
    """
    if not (video.parent / TAKE).is_file():
        return None
    try:
        take = read_take(video.parent)
    except StudioError:
        return None
    segments = (s for camera in take.cameras for s in camera.segments)
    segment = next((s for s in segments if s.video == video.name), None)
    if segment is None or not len(stamps_ms):
        return None
    times = _times(video.parent, segment, stamps_ms)
    return RecordedAs(times - times[0], segment.rotation, segment.mirror)


def _times(folder: Path, segment: Segment, stamps_ms: np.ndarray) -> np.ndarray:
    """Capture times by the times file; frames that it does not know lie beside those it does."""
    known = read_times(folder / segment.times)
    if known is None or not len(known.stamp_ms):
        return stamps_ms / 1000
    order = np.argsort(known.stamp_ms, kind="stable")
    stamps, taken = known.stamp_ms[order], known.time_s[order]
    inside = np.interp(stamps_ms, stamps, taken)
    beside = stamps_ms - stamps_ms.clip(stamps[0], stamps[-1])
    return np.maximum.accumulate(inside + beside / 1000)
