"""How a live camera fares: its state in words, its figures, and their history for the plots."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

State = Literal["waiting", "opening", "live", "stalled", "lost", "failed", "ended"]
WINDOW_S = 2.0
HISTORY = 600
HISTORY_STEP_S = 0.5


@dataclass(frozen=True)
class Status:
    """A state, a sentence that says what is the case, and what to do about it."""

    state: State
    text: str
    hint: str = ""


@dataclass(frozen=True, eq=False)
class Stats:
    """A camera's figures at one moment. Times are seconds of ``time.monotonic``.

    ``dropped`` counts frames that the camera took and never delivered (gaps in its own time
    stamps; a source without stamps shows none), ``late`` those that arrived more than one frame
    after they were due, ``skipped`` those that were not shown because this machine could not
    decode them in time. ``latency_s`` is arrival minus capture (median of the last 60 frames).
    ``history`` has a row about every half second: time, rate (Hz), dropped, late, skipped (since
    the row before), latency (s); Float (rows, 6).
    """

    status: Status
    size_px: tuple[int, int] | None
    codec: str
    frames: int
    dropped: int
    late: int
    skipped: int
    size_changes: int
    returns: int
    rate_hz: float
    latency_s: float
    ring_bytes: int
    notes: tuple[str, ...]
    history: np.ndarray


class Meter:
    """Counts what arrives. Written by one thread at a time, read by any."""

    def __init__(self) -> None:
        self.frames = self.dropped = self.late = self.skipped = 0
        self.size_changes = self.returns = 0
        self._lock = threading.Lock()
        self._recent: deque[tuple[float, float]] = deque(maxlen=1200)
        self._history: deque[tuple[float, ...]] = deque(maxlen=HISTORY)
        self._counted = (0, 0, 0)
        self._last_s: float | None = None
        self._step_s: float | None = None

    def begin(self, rate_hz: float) -> None:
        """A stream opened that promises this rate (0: unknown)."""
        with self._lock:
            self._step_s = 1 / rate_hz if rate_hz > 0 else None
            self._last_s = None
            self._recent.clear()

    def arrived(
        self, order_s: float, capture_s: float, arrival_s: float, *, stamped: bool = True
    ) -> int:
        """Count a frame; returns how many the camera lost just before it.

        ``order_s`` rises from frame to frame as they come; it is the capture time, but for
        streams that send frames out of their order. Gaps say something only where the source
        has ``stamped`` its frames.
        """
        with self._lock:
            missed = self._missed(order_s, stamped)
            self.frames += 1
            self.dropped += missed
            latency = arrival_s - capture_s
            if self._recent and latency > self._latency() + max(self.step_s, 0.02):
                self.late += 1
            self._recent.append((arrival_s, latency))
            if not self._history or arrival_s - self._history[-1][0] >= HISTORY_STEP_S:
                self._note(arrival_s)
        return missed

    def _missed(self, order_s: float, stamped: bool) -> int:
        last, self._last_s = self._last_s, order_s
        if last is None or order_s <= last:
            return 0
        step, usual = order_s - last, self._step_s
        if stamped and usual and step > 1.6 * usual:
            return max(round(step / usual) - 1, 0)
        self._step_s = step if usual is None else usual + 0.05 * (step - usual)
        return 0

    def _note(self, now_s: float) -> None:
        counts = (self.dropped, self.late, self.skipped)
        since = (now - was for now, was in zip(counts, self._counted, strict=True))
        self._history.append((now_s, self._rate(now_s), *since, self._latency()))
        self._counted = counts

    def _rate(self, now_s: float) -> float:
        recent = [arrival for arrival, _ in self._recent if now_s - arrival <= WINDOW_S]
        if len(recent) < 2 or recent[-1] <= recent[0]:
            return 0.0
        step = (recent[-1] - recent[0]) / (len(recent) - 1)
        return 1 / step if now_s - recent[-1] < max(5 * step, 0.5) else 0.0

    def _latency(self) -> float:
        recent = [latency for _, latency in islice(reversed(self._recent), 60)]
        return float(np.median(recent)) if recent else 0.0

    def rate_hz(self, now_s: float) -> float:
        """Frames a second over the last two seconds; 0 once they stop."""
        with self._lock:
            return self._rate(now_s)

    @property
    def latency_s(self) -> float:
        """Median of arrival minus capture over the last 60 frames; 0 before the first."""
        with self._lock:
            return self._latency()

    @property
    def step_s(self) -> float:
        """The usual time between two frames, as measured; 1/30 s before it is known."""
        return self._step_s or 1 / 30

    def history(self) -> np.ndarray:
        """Float (rows, 6), see :class:`Stats`."""
        with self._lock:
            rows = list(self._history)
        return np.array(rows, np.float64).reshape(len(rows), 6)
