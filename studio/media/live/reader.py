"""One attempt at a source: opened and read in a thread that may be left behind."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from studio.core.errors import StudioError
from studio.media.live.clock import CaptureClock
from studio.media.live.source import Source
from studio.media.live.stats import Meter
from studio.media.live.stream import Opener, Raw, Sample, Session, Stream

_log = logging.getLogger(__name__)

QUEUE_BYTES = 48_000_000
GOP_BYTES = 32_000_000
Sink = Callable[[Sample], None]


class Reader:
    """Opens a source and delivers its samples until it ends, is lost, or is abandoned.

    A driver that hangs cannot be interrupted, only left: its thread is a daemon that lets go of
    the device when it wakes up. Nothing here waits for it.
    """

    def __init__(
        self,
        source: Source,
        opener: Opener,
        session: Session,
        meter: Meter,
        wake: Callable[[], None],
    ) -> None:
        self.source, self.began_s = source, time.monotonic()
        self.stream: Stream | None = None
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.error: StudioError | None = None
        self.finished = False
        self._opener, self._session, self._meter, self._wake = opener, session, meter, wake
        self._clock = CaptureClock()
        self._room = threading.Condition()
        self._queue: deque[Sample] = deque()
        self._queued = 0
        self._gop: list[Sample] = []
        self._sinks: tuple[Sink, ...] = ()
        self._need_key = False
        self.thread = threading.Thread(target=self._run, name=f"read {source.name}", daemon=True)
        self.thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still holds the source."""
        return self.thread.is_alive()

    def abandon(self) -> None:
        """Ask the thread to let go; it may take a while."""
        self._session.stopping.set()
        if self.stream is not None:
            self.stream.interrupt()
        with self._room:
            self._room.notify_all()

    def take(self) -> list[Sample]:
        """All samples that wait to be shown."""
        with self._room:
            samples = list(self._queue)
            self._queue.clear()
            self._queued = 0
            self._room.notify_all()
        return samples

    def tap(self, sink: Sink) -> None:
        """Hand every sample to ``sink``, from the last key frame on. It must not block."""
        with self._room:
            for sample in self._gop:
                sink(sample)
            self._sinks = (*self._sinks, sink)

    def untap(self, sink: Sink) -> None:
        """Stop handing samples to ``sink``."""
        with self._room:
            self._sinks = tuple(known for known in self._sinks if known != sink)

    def _run(self) -> None:
        try:
            self.stream = self._opener(self.source, self._session)
            self._meter.begin(self.stream.rate_hz)
            number = 0
            while not self._session.stopping.is_set():
                raw = self.stream.read()
                if raw is None:
                    self.finished = not self._session.stopping.is_set()
                    break
                self._deliver(raw, number)
                number += 1
        except StudioError as error:
            self.error = error
        except Exception as error:
            _log.exception("camera %s failed", self.source.name)
            self.error = StudioError(
                f"{self.source.name} failed: {error}.", "Unplug it and plug it in again."
            )
        finally:
            if self.stream is not None:
                self.stream.close()
            self._wake()

    def _deliver(self, raw: Raw, number: int) -> None:
        arrival = time.monotonic()
        capture = raw.capture_s
        if capture is None:
            capture = self._clock.capture_s(raw.stamp_s, arrival)
        order = capture - raw.early_s
        if self._session.stopping.is_set():
            return
        stamped = raw.capture_s is not None or raw.stamp_s is not None
        missed = self._meter.arrived(order, capture, max(arrival, capture), stamped=stamped)
        sample = Sample(
            number, capture, order, arrival, raw.key, raw.data, raw.encoding, raw.picture, missed
        )
        with self._room:
            self.first_s = self.first_s or arrival
            self.last_s = arrival
            self._keep(sample)
            for sink in self._sinks:
                sink(sample)
            self._enqueue(sample)
        self._wake()

    def _keep(self, sample: Sample) -> None:
        """Remember the frames since the last key frame: a recording starts there."""
        intra = sample.encoding is None or sample.encoding.intra
        if sample.key or intra:
            self._gop.clear()
        if intra:
            return
        self._gop.append(sample)
        if sum(kept.nbytes for kept in self._gop) > GOP_BYTES:
            self._gop.clear()

    def _enqueue(self, sample: Sample) -> None:
        """Queue for showing. A paced source drops what does not fit, any other waits."""
        if not self.source.paced:
            while len(self._queue) >= 2 and not self._session.stopping.is_set():
                self._room.wait(0.1)
        intra = sample.encoding is None or sample.encoding.intra
        full = self._queued + sample.nbytes > QUEUE_BYTES or len(self._queue) >= 120
        if full and intra:
            self._meter.skipped += len(self._queue)
            self._queue.clear()
            self._queued = 0
        elif full or (self._need_key and not sample.key):
            self._need_key = True
            self._meter.skipped += 1
            return
        self._need_key = False
        self._queue.append(sample)
        self._queued += sample.nbytes
