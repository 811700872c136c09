"""Takes that a crash or a power cut left unfinished: mended, and what was lost is said."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np

from studio.core.errors import StudioError
from studio.media.recording.lock import is_recording
from studio.media.recording.take import (
    LOCK,
    CameraRecord,
    Segment,
    TakeRecord,
    list_takes,
    write_take,
)
from studio.media.recording.times import read_times

_MS = Fraction(1, 1000)


@dataclass(frozen=True)
class Recovered:
    """A mended take, and sentences on what of it is lost. ``lost_s``: of the worst camera."""

    folder: Path
    take: TakeRecord
    said: tuple[str, ...]
    lost_s: float


def recover(folder: Path, only: str = "") -> tuple[Recovered, ...]:
    """Mend all unfinished takes in a folder (or ``only`` one), but for those being recorded now.

    A take that cannot be mended (no room, no right to write) is left as it is and said so.
    """
    found: list[Recovered] = []
    for path, take in list_takes(folder):
        if take.finished or is_recording(path) or (only and path.name != only):
            continue
        try:
            found.append(recover_take(path, take))
        except (OSError, av.error.FFmpegError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            found.append(Recovered(path, take, (f"It could not be mended: {reason}.",), 0.0))
    return tuple(found)


def recover_take(folder: Path, take: TakeRecord) -> Recovered:
    """Close the files of one take and bring its description up to date."""
    said: list[str] = []
    lost_s = 0.0
    cameras: list[CameraRecord] = []
    for camera in take.cameras:
        segments: list[Segment] = []
        for segment in camera.segments:
            mended, lost = _mend(folder, segment)
            lost_s = max(lost_s, lost)
            if mended is None:
                said.append(f"{camera.name}: nothing of “{segment.video}” had reached the disk.")
                continue
            if lost > 0:
                said.append(f"{camera.name}: the last {lost:.2f} s are lost.")
            segments.append(mended)
        cameras.append(camera.model_copy(update={"segments": tuple(segments)}))
    last = max((s.last_s for camera in cameras for s in camera.segments), default=0.0)
    mended_take = take.model_copy(
        update={
            "cameras": tuple(cameras),
            "finished": True,
            "recovered": True,
            "duration_s": round(last, 3),
            "ended": take.started + timedelta(seconds=last),
            "reason": take.reason or "The recording was cut off.",
        }
    )
    write_take(folder, mended_take)
    with suppress(OSError):
        (folder / LOCK).unlink()
    return Recovered(folder, mended_take, tuple(said), lost_s)


def _mend(folder: Path, segment: Segment) -> tuple[Segment | None, float]:
    """Write a file's packets anew with an index; returns the segment and the seconds lost."""
    path = folder / segment.video
    temp = path.with_suffix(".mending")
    try:
        stamps = _remux(path, temp)
    except (av.error.InvalidDataError, av.error.EOFError, FileNotFoundError, StudioError):
        stamps = np.zeros(0, np.int64)
    if not len(stamps):
        temp.unlink(missing_ok=True)
        return None, _span(folder, segment)
    temp.replace(path)
    times = read_times(folder / segment.times)
    if times is None or not len(times.stamp_ms):
        last = segment.first_s + float(stamps.max() - stamps.min()) / 1000
        return segment.model_copy(update={"frames": len(stamps), "last_s": last}), 0.0
    kept = times.time_s[np.isin(times.stamp_ms, stamps)]
    if not len(kept):
        kept = times.time_s[:1]
    lost = max(float(times.time_s.max() - kept.max()), 0.0)
    known = {"frames": len(stamps), "first_s": float(kept.min()), "last_s": float(kept.max())}
    return segment.model_copy(update=known), lost


def _span(folder: Path, segment: Segment) -> float:
    times = read_times(folder / segment.times)
    return float(np.ptp(times.time_s)) if times is not None and len(times.time_s) else 0.0


def _remux(path: Path, temp: Path) -> np.ndarray:
    """Copy all packets that can be read; returns their stamps in milliseconds."""
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        base = float((stream.time_base or _MS) * 1000)
        packets: list[tuple[bytes, int, bool]] = []
        with suppress(av.error.FFmpegError):
            for packet in source.demux(stream):
                if packet.size and packet.pts is not None and not packet.is_corrupt:
                    stamp = round(packet.pts * base)
                    packets.append((bytes(packet), stamp, packet.is_keyframe))
        stamps = np.array([stamp for _, stamp, _ in packets], np.int64)
        if not len(stamps):
            return stamps
        order = np.sort(stamps)
        order -= max(int((order - stamps).max()), 0)
        options = {"avoid_negative_ts": "disabled"}
        with av.open(str(temp), "w", format="matroska", options=options) as target:
            copy = target.add_stream_from_template(stream)
            copy.time_base = _MS
            for (data, stamp, key), decoded in zip(packets, order, strict=True):
                packet = av.Packet(data)
                packet.stream, packet.time_base = copy, _MS
                packet.pts, packet.dts, packet.is_keyframe = stamp, int(decoded), key
                target.mux(packet)
    with temp.open("rb") as file:
        os.fsync(file.fileno())
    return stamps
