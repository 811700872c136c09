"""One camera of a take being recorded: a queue, a thread, and the files it writes."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error

from studio.core.errors import StudioError
from studio.media.live.source import Source
from studio.media.live.stream import Encoding, Sample
from studio.media.recording.container import Container, EncodedContainer, disk_error
from studio.media.recording.take import CameraRecord, Segment
from studio.media.recording.times import SUFFIX, TimesWriter

_log = logging.getLogger(__name__)

QUEUE_BYTES = 96_000_000
RAW = frozenset({"rawvideo"})


@dataclass(frozen=True)
class TrackStats:
    """How the recording of one camera fares. ``backlog`` is the fill of its queue, 0..1."""

    frames: int
    dropped: int
    lost: int
    away_s: float
    bytes: int
    backlog: float
    passed_through: bool


class Track:
    """Writes what one camera sends. :meth:`put` never blocks: what does not fit is lost by name.

    Packets are written as they came; raw pictures are encoded here, in the track's own thread.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        stem: str,
        zero_s: float,
        rate_hz: float,
        *,
        changed: Callable[[], None],
        failed: Callable[[StudioError], None],
        queue_bytes: int = QUEUE_BYTES,
    ) -> None:
        self.source, self.rate_hz = source, rate_hz
        self._folder, self._stem, self._zero_s = folder, stem, zero_s
        self._changed, self._failed, self._limit = changed, failed, queue_bytes
        self._queue: deque[Sample] = deque()
        self._queued = 0
        self._lock = threading.Condition()
        self._closing = False
        self._need_key = False
        self._unsaid = 0
        self._done: list[Segment] = []
        self._open: _Open | None = None
        self._bytes_done = 0
        self._last_s: float | None = None
        self._decoder: Any = None
        self._decoding: Encoding | None = None
        self.dropped = self.lost = 0
        self.away_s = 0.0
        self.notes: tuple[str, ...] = ()
        self._thread = threading.Thread(target=self._run, name=f"record {source.name}", daemon=True)
        self._thread.start()

    def put(self, sample: Sample) -> None:
        """Queue a sample; called in the camera's reading thread."""
        with self._lock:
            if self._closing:
                return
            inter = sample.encoding is not None and not sample.encoding.intra
            full = self._queued + sample.nbytes > self._limit
            if full or (inter and self._need_key and not sample.key):
                self._need_key = True
                self.lost += 1
                self._unsaid += 1
                return
            self._need_key = False
            self._queue.append(sample)
            self._queued += sample.nbytes
            self._lock.notify()

    def finish(self, wait_s: float = 10.0) -> None:
        """Write what is queued and close the files."""
        with self._lock:
            self._closing = True
            self._lock.notify()
        self._thread.join(wait_s)

    def sync(self) -> None:
        """Have the system write what it holds (called from the guard's thread)."""
        opened = self._open
        if opened is not None:
            opened.container.sync()

    @property
    def stats(self) -> TrackStats:
        opened = self._open
        frames = sum(segment.frames for segment in self._done) + (opened.frames if opened else 0)
        size = self._bytes_done + (opened.size() if opened else 0)
        through = opened.segment.passed_through if opened else False
        return TrackStats(
            frames, self.dropped, self.lost, self.away_s, size, self._queued / self._limit, through
        )

    def record(self) -> CameraRecord:
        """What take.json says of this camera now."""
        opened = self._open
        segments = (*self._done, opened.now()) if opened else tuple(self._done)
        return CameraRecord(
            id=self.source.id, name=self.source.name, kind=self.source.kind, rate_hz=self.rate_hz,
            segments=segments, dropped=self.dropped, lost=self.lost,
            away_s=round(self.away_s, 3), notes=self.notes,
        )  # fmt: skip

    def _run(self) -> None:
        try:
            for sample, lost in self._samples():
                self._write(sample, lost)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            _log.warning("recording of %s stopped: %s", self.source.name, error)
            self._stop(disk_error(self._open.container.path if self._open else self._folder, error))
        except Exception as error:
            _log.exception("recording of %s failed", self.source.name)
            self._stop(StudioError(f"{self.source.name} could not be recorded on: {error}."))
        finally:
            self._close()

    def _stop(self, error: StudioError) -> None:
        with self._lock:
            self._closing = True
            self.lost += len(self._queue)
            self._queue.clear()
        self.notes = (*self.notes, error.message)
        self._failed(error)

    def _samples(self) -> Iterator[tuple[Sample, int]]:
        """Samples in order, with how many were lost before each, until closed and empty."""
        while True:
            with self._lock:
                self._lock.wait_for(lambda: bool(self._queue) or self._closing)
                if not self._queue:
                    return
                sample = self._queue.popleft()
                self._queued -= sample.nbytes
                lost, self._unsaid = self._unsaid, 0
            yield sample, lost

    def _write(self, sample: Sample, lost: int) -> None:
        opened = self._segment_for(sample)
        self._say_missing(opened, sample, lost)
        if sample.encoding is not None and opened.segment.passed_through:
            opened.write(sample)
            return
        for picture in self._pictures(sample):
            opened.encode(sample, picture)

    def _say_missing(self, opened: _Open, sample: Sample, lost: int) -> None:
        time_s = sample.capture_s - self._zero_s
        if sample.missed:
            self.dropped += sample.missed
            opened.times.missing(time_s, f"{sample.missed} dropped by the camera")
        if lost:
            opened.times.missing(time_s, f"{lost} lost: writing could not keep up")
        last, self._last_s = self._last_s, sample.order_s
        if last is not None and sample.number == 0:
            away = max(sample.order_s - last, 0.0)
            self.away_s += away
            opened.times.missing(time_s, f"away for {away:.3f} s")

    def _segment_for(self, sample: Sample) -> _Open:
        """The open segment if the sample fits into it, else the next one."""
        encoding, picture = sample.encoding, sample.picture
        shape = encoding if picture is None else picture.shape
        if self._open is not None and self._open.shape == shape:
            return self._open
        self._close()
        part = f" part {len(self._done) + 1}" if self._done else ""
        video = self._folder / f"{self._stem}{part}.mkv"
        times = TimesWriter(video.with_suffix(SUFFIX))
        size = (picture.shape[1], picture.shape[0]) if picture is not None else (0, 0)
        size = encoding.size_px if encoding is not None else size
        through = encoding is not None and encoding.codec not in RAW
        if encoding is not None and through:
            container = Container(video)
            codec = encoding.codec
            container.pass_through(encoding)
        else:
            container = EncodedContainer(video, size, self.rate_hz)
            codec = container.codec
        turned = (encoding.rotation if encoding else 0) + self.source.rotation
        segment = Segment(
            video=video.name, times=video.with_suffix(SUFFIX).name, codec=codec, size_px=size,
            passed_through=through, rotation=turned % 360, mirror=self.source.mirror,
        )  # fmt: skip
        self._open = _Open(shape, segment, container, times, self._zero_s, sample.order_s)
        self._changed()
        return self._open

    def _pictures(self, sample: Sample) -> Iterator[Any]:
        if sample.picture is not None:
            yield sample.picture
            return
        if sample.encoding is not self._decoding and sample.encoding is not None:
            self._decoding, self._decoder = sample.encoding, sample.encoding.decoder()
        yield from self._decoder.decode(av.Packet(sample.data))

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        self._bytes_done += opened.size()
        self._done.append(opened.now())
        opened.times.close()
        try:
            opened.container.close()
        except (av.error.FFmpegError, OSError) as error:
            _log.warning("%s was not closed: %s", opened.container.path.name, error)


class _Open:
    """A segment being written."""

    def __init__(
        self,
        shape: object,
        segment: Segment,
        container: Container,
        times: TimesWriter,
        zero_s: float,
        origin_s: float,
    ) -> None:
        self.shape, self.segment, self.container, self.times = shape, segment, container, times
        self.frames = 0
        self._zero_s, self._origin_s = zero_s, origin_s
        self._first_s = self._last_s = 0.0

    def write(self, sample: Sample) -> None:
        order = round(1000 * (sample.order_s - self._origin_s))
        stamp = round(1000 * (sample.capture_s - self._origin_s))
        stamp = self.container.write(sample.data, sample.key, stamp, order)
        self._wrote(sample, stamp)

    def encode(self, sample: Sample, picture: Any) -> None:
        assert isinstance(self.container, EncodedContainer)
        stamp = self.container.encode(picture, round(1000 * (sample.capture_s - self._origin_s)))
        self._wrote(sample, stamp)

    def _wrote(self, sample: Sample, stamp_ms: int) -> None:
        time_s = sample.capture_s - self._zero_s
        self.times.frame(self.frames, time_s, sample.arrival_s - self._zero_s, stamp_ms)
        self._first_s = time_s if not self.frames else min(self._first_s, time_s)
        self._last_s = max(self._last_s, time_s)
        self.frames += 1

    def now(self) -> Segment:
        """The segment as it is by now."""
        known = {"frames": self.frames, "first_s": self._first_s, "last_s": self._last_s}
        return self.segment.model_copy(update=known)

    def size(self) -> int:
        """Bytes on disk."""
        try:
            return self.container.path.stat().st_size
        except OSError:
            return 0
