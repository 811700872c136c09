"""A live camera: opened, watched, shown and reopened without ever blocking whoever asks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from studio.core.types import Frame
from studio.media.live.picture import Pictures
from studio.media.live.reader import Reader, Sink
from studio.media.live.source import Source
from studio.media.live.stats import Meter, Stats, Status
from studio.media.live.stream import Opener, Session

RING_BYTES = 48_000_000
RING_FRAMES = 60


@dataclass(frozen=True)
class Patience:
    """How long a camera may take, in seconds: to open, between frames before it counts as
    stalled, in silence before it is reopened, and between attempts at first and at most."""

    open_s: float = 5.0
    stall_s: float = 1.0
    silence_s: float = 5.0
    retry_s: float = 0.5
    retry_most_s: float = 8.0


class LiveCamera:
    """One source at work. All methods return at once and may be called from any thread.

    Frames carry capture times in seconds of ``time.monotonic``. Once started it opens its source,
    gives up after ``patience.open_s`` with a reason, and comes back by itself with growing pauses.
    """

    def __init__(
        self,
        source: Source,
        opener: Opener,
        *,
        epoch_s: float | None = None,
        patience: Patience | None = None,
        ring_bytes: int = RING_BYTES,
        on_frame: Callable[[], None] | None = None,
    ) -> None:
        self.source, self._opener = source, opener
        self._epoch_s, self._patience = epoch_s, patience or Patience()
        self._ring_bytes, self._on_frame = ring_bytes, on_frame
        self._meter = Meter()
        self._ring: deque[Frame] = deque()
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._status = Status("waiting", "Not started.")
        self._size_px: tuple[int, int] | None = None
        self._codec = ""
        self._notes: tuple[str, ...] = ()
        self._reader: Reader | None = None
        self._sinks: tuple[Sink, ...] = ()
        self._retry_now = threading.Event()
        self._absent = False
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self.source.name

    def start(self) -> None:
        """Begin to open; a second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._status = Status("opening", f"Opening {self.name}.")
            self._thread.start()

    def stop(self, wait_s: float = 0.0) -> None:
        """Let go of the source; waits at most ``wait_s`` for its threads to end."""
        self._stopping.set()
        self._wake()
        until = time.monotonic() + wait_s
        reader = self._reader
        if reader is not None:
            reader.abandon()
        if wait_s > 0:
            for thread in (self._thread, reader.thread if reader else None):
                if thread is not None and thread is not threading.current_thread():
                    thread.join(max(until - time.monotonic(), 0.0))

    def retry(self) -> None:
        """Try again now instead of after the pause."""
        self._retry_now.set()
        self._wake()

    def plugged(self, present: bool) -> bool:
        """Told by whoever watches the devices; returns whether that is news."""
        news = self._absent == present
        self._absent = not present
        if news and present:
            self.retry()
        return news

    @property
    def step_s(self) -> float:
        """The usual time between two frames."""
        return self._meter.step_s

    @property
    def latency_s(self) -> float:
        """Arrival minus capture, median of the last frames."""
        return self._meter.latency_s

    def newest(self) -> Frame | None:
        """The newest frame, or None before the first and while the camera is gone."""
        with self._lock:
            return self._ring[-1] if self._ring else None

    def recent(self) -> tuple[Frame, ...]:
        """The last frames, oldest first: at most 60, as many as fit into ``ring_bytes``."""
        with self._lock:
            return tuple(self._ring)

    def tap(self, sink: Sink) -> None:
        """Hand every sample to ``sink`` in the reader's thread, over deaths and returns."""
        with self._lock:
            self._sinks = (*self._sinks, sink)
            reader = self._reader
            if reader is not None:
                reader.tap(sink)

    def untap(self, sink: Sink) -> None:
        """Stop handing samples to ``sink``."""
        with self._lock:
            self._sinks = tuple(known for known in self._sinks if known != sink)
            if self._reader is not None:
                self._reader.untap(sink)

    @property
    def status(self) -> Status:
        """The state in words; a silence shows here before the camera is given up."""
        status, reader = self._status, self._reader
        if status.state != "live" or reader is None or reader.last_s is None:
            return status
        silent = time.monotonic() - reader.last_s
        if silent < max(self._patience.stall_s, 5 * self._meter.step_s):
            return status
        return Status(
            "stalled",
            f"{self.name} has sent no picture for {silent:.1f} s.",
            "Check its cable or its network; it is opened again if it stays silent.",
        )

    def stats(self) -> Stats:
        """All figures at this moment."""
        meter = self._meter
        with self._lock:
            ring_bytes = sum(frame.rgb.nbytes for frame in self._ring)
        return Stats(
            self.status, self._size_px, self._codec, meter.frames, meter.dropped, meter.late,
            meter.skipped, meter.size_changes, meter.returns, meter.rate_hz(time.monotonic()),
            meter.latency_s, ring_bytes, self._notes, meter.history(),
        )  # fmt: skip

    def _wake(self) -> None:
        self._awake.set()

    def _run(self) -> None:
        pause, lived = self._patience.retry_s, False
        while not self._stopping.is_set():
            reader = self._attempt(lived)
            self._watch(reader, lived)
            reader.abandon()
            if self._stopping.is_set() or reader.finished:
                break
            if reader.first_s is not None:
                lived, pause = True, self._patience.retry_s
            self._status = self._ended(reader, lived)
            with self._lock:
                self._ring.clear()
            self._pause(reader, pause)
            pause = min(2 * pause, self._patience.retry_most_s)
        if self._stopping.is_set():
            self._status = Status("waiting", f"{self.name} is stopped.")
        else:
            self._status = Status("ended", f"{self.name} has come to its end.", "Start it again.")

    def _attempt(self, again: bool) -> Reader:
        self._status = Status(
            "opening",
            f"Opening {self.name} again." if again else f"Opening {self.name}.",
            self._status.hint,
        )
        patience = self._patience
        epoch = time.monotonic() if again or self._epoch_s is None else self._epoch_s
        session = Session(epoch, threading.Event(), patience.open_s, patience.silence_s)
        with self._lock:
            self._reader = Reader(self.source, self._opener, session, self._meter, self._wake)
            for sink in self._sinks:
                self._reader.tap(sink)
        return self._reader

    def _watch(self, reader: Reader, again: bool) -> None:
        """Show what the reader delivers until it ends or is silent for too long."""
        pictures = Pictures(self.source, self._meter)
        while not self._stopping.is_set():
            self._awake.wait(0.1)
            self._awake.clear()
            ended = not reader.alive
            samples = reader.take()
            if samples and self._status.state != "live":
                self._meter.returns += again
                self._notes = reader.stream.notes if reader.stream else ()
                self._status = Status("live", f"{self.name} is live.")
            for frame in pictures.frames(samples, last=ended):
                self._codec = pictures.codec
                self._show(frame)
            if ended or self._overdue(reader):
                return

    def _overdue(self, reader: Reader) -> bool:
        now = time.monotonic()
        if reader.last_s is None:
            return now - reader.began_s > self._patience.open_s
        return self.source.paced and now - reader.last_s > self._patience.silence_s + 1.0

    def _ended(self, reader: Reader, lived: bool) -> Status:
        """Why there is no picture any more, and what to do."""
        name, error = self.name, reader.error
        if self._absent:
            return Status("lost", f"{name} was unplugged.", "Plug it in again: it comes back.")
        if error is not None:
            text, hint = error.message, error.hint
        elif lived:
            text, hint = f"{name} fell silent.", "Check its cable or its network."
        else:
            text = f"{name} did not open within {self._patience.open_s:.0f} s."
            hint = "Close other programs that use it, or unplug it and plug it in again."
        return Status("lost" if lived else "failed", text, hint)

    def _pause(self, reader: Reader, pause_s: float) -> None:
        """Wait before the next attempt, and for a driver that still holds the source."""
        until = time.monotonic() + pause_s
        self._retry_now.clear()
        while not self._stopping.is_set():
            due = time.monotonic() >= until or self._retry_now.is_set()
            if due and not reader.alive and not self._absent:
                return
            self._awake.wait(0.05)
            self._awake.clear()

    def _show(self, frame: Frame) -> None:
        height, width = frame.rgb.shape[:2]
        if self._size_px not in (None, (width, height)):
            self._meter.size_changes += 1
            self._notes = (*self._notes[-4:], f"The size changed to {width} x {height}.")
        self._size_px = (width, height)
        with self._lock:
            self._ring.append(frame)
            held = sum(kept.rgb.nbytes for kept in self._ring)
            while len(self._ring) > RING_FRAMES or (
                held > self._ring_bytes and len(self._ring) > 2
            ):
                held -= self._ring.popleft().rgb.nbytes
        if self._on_frame is not None:
            self._on_frame()
