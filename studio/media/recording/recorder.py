"""Recording all live cameras into one take."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.percent import percent
from studio.core.types import CameraRig
from studio.media.formats.rigs import write_rig
from studio.media.live.camera import LiveCamera
from studio.media.live.hub import Cameras
from studio.media.recording.disk import KEEP_BYTES, DiskGuard, FreeBytes, free_bytes
from studio.media.recording.lock import Lock
from studio.media.recording.take import RIG, TakeRecord, file_stem, new_folder, write_take
from studio.media.recording.track import QUEUE_BYTES, Track, TrackStats

LOOK_S = 1.0


@dataclass(frozen=True)
class RecordingStats:
    """A recording at one moment. ``warnings`` are sentences for the user."""

    seconds: float
    bytes: int
    minutes_left: float
    cameras: Mapping[str, TrackStats]
    warnings: tuple[str, ...]


class Recording:
    """A take being recorded, from construction until :meth:`stop`, or until the disk is full.

    Every live camera is written to its own file as it comes; a camera that is away comes in when
    it is back. Whatever ends the program, the take can be read up to about half a second before.
    """

    def __init__(
        self,
        cameras: Cameras,
        folder: Path,
        *,
        name: str = "",
        rig: CameraRig | None = None,
        free: FreeBytes = free_bytes,
        keep_bytes: int = KEEP_BYTES,
        queue_bytes: int = QUEUE_BYTES,
        look_s: float = LOOK_S,
    ) -> None:
        """Begin a take in a new folder inside ``folder``, with a snapshot of ``rig``.

        Raises StudioError: no camera is live, the folder cannot be written, the disk is full.
        """
        live = [camera for camera in cameras.live() if camera.status.state in ("live", "stalled")]
        if not live:
            raise StudioError(
                "No camera is live, so there is nothing to record.",
                "Start the cameras and wait for a picture.",
            )
        self.folder = new_folder(folder, name)
        self._guard = DiskGuard(self.folder, free, keep_bytes)
        if self._guard.left_bytes == 0:
            self.folder.rmdir()
            raise StudioError(
                "The disk is full: nothing was recorded.",
                "Free some space or choose another disk for recordings.",
            )
        self._lock = Lock(self.folder)
        self._write = threading.Lock()
        self._look_s = look_s
        self._ending = threading.Event()
        self._ended = threading.Event()
        self._finished_at: datetime | None = None
        self._error: StudioError | None = None
        self._started, self.zero_s = datetime.now(UTC), time.monotonic()
        self._ended_s: float | None = None
        self._cameras = cameras.live()
        self._tracks = self._begin(self._cameras, queue_bytes)
        if rig is not None:
            write_rig(self.folder / RIG, rig)
        self._describe()
        for camera, track in zip(self._cameras, self._tracks, strict=True):
            camera.tap(track.put)
        self._thread = threading.Thread(target=self._watch, name="recording", daemon=True)
        self._thread.start()

    def _begin(self, cameras: Sequence[LiveCamera], queue_bytes: int) -> tuple[Track, ...]:
        taken: set[str] = set()
        return tuple(
            Track(
                camera.source, self.folder, file_stem(camera.name, taken), self.zero_s,
                1 / camera.step_s,
                changed=self._describe, failed=self._fail, queue_bytes=queue_bytes,
            )
            for camera in cameras
        )  # fmt: skip

    @property
    def running(self) -> bool:
        """Whether frames are still taken in."""
        return not self._ending.is_set()

    @property
    def error(self) -> StudioError | None:
        """Why the recording ended by itself, None if it did not."""
        return self._error

    @property
    def take(self) -> TakeRecord:
        """The take as it is by now."""
        now = self._ended_s or time.monotonic()
        return TakeRecord(
            name=self.folder.name,
            started=self._started,
            ended=self._finished_at,
            finished=self._finished_at is not None,
            reason=self._error.message if self._error else "",
            duration_s=round(now - self.zero_s, 3),
            cameras=tuple(track.record() for track in self._tracks),
        )

    def stats(self) -> RecordingStats:
        """How it fares."""
        tracks = {track.source.name: track.stats for track in self._tracks}
        size = sum(stats.bytes for stats in tracks.values())
        seconds = (self._ended_s or time.monotonic()) - self.zero_s
        minutes = self._guard.minutes_left
        return RecordingStats(seconds, size, minutes, tracks, tuple(_warnings(tracks, minutes)))

    def stop(self, wait_s: float = 30.0) -> TakeRecord:
        """End the take; returns it once everything is on disk. A second call changes nothing."""
        self._end()
        self._ended.wait(wait_s)
        return self.take

    def _end(self) -> None:
        self._ended_s = self._ended_s or time.monotonic()
        self._ending.set()

    def _fail(self, error: StudioError) -> None:
        self._error = self._error or error
        self._end()

    def _watch(self) -> None:
        """Look at the disk every second; in the end, close everything."""
        while not self._ending.wait(self._look_s):
            self._lock.beat()
            for track in self._tracks:
                track.sync()
            if not self._guard.look(time.monotonic(), self.stats().bytes):
                seconds = time.monotonic() - self.zero_s
                self._fail(
                    StudioError(
                        f"The recording stopped after {seconds:.0f} s because the disk is full.",
                        "All until then is kept. Free some space before the next take.",
                    )
                )
        for camera, track in zip(self._cameras, self._tracks, strict=True):
            camera.untap(track.put)
        self._lock.give_room()
        for track in self._tracks:
            track.finish()
        self._finished_at = datetime.now(UTC)
        self._describe()
        self._lock.release()
        self._ended.set()

    def _describe(self) -> None:
        """Bring take.json up to date; a full disk is told by the tracks."""
        if not hasattr(self, "_tracks"):
            return
        with self._write:
            try:
                write_take(self.folder, self.take)
            except OSError as error:
                if self._error is None:
                    self._error = StudioError(
                        f"The take could not be described: {os.strerror(error.errno or 0)}.",
                        "Free some space.",
                    )


def _warnings(tracks: Mapping[str, TrackStats], minutes_left: float) -> list[str]:
    said: list[str] = []
    for name, stats in tracks.items():
        if stats.lost:
            said.append(f"{name}: {stats.lost} frames lost, this machine cannot keep up.")
        elif stats.backlog > 0.5:
            said.append(f"{name}: writing falls behind ({percent(stats.backlog)} of its buffer).")
        if stats.dropped:
            said.append(f"{name}: {stats.dropped} frames dropped by the camera.")
    if minutes_left < 10:
        said.append(f"The disk is full in {minutes_left:.0f} min.")
    return said
