"""Seconds to pixels and back, and where a ruler has its ticks. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


def clock(seconds: float) -> str:
    """``m:ss.mmm``, with hours when there are any; always the same width below an hour."""
    milliseconds = round(max(seconds, 0.0) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


@dataclass(frozen=True)
class Timescale:
    """The visible part of a take: from where, how long, over how many pixels."""

    from_s: float
    span_s: float
    width_px: float
    rate_hz: float

    def x_of(self, time_s: float) -> float:
        return (time_s - self.from_s) / self.span_s * self.width_px

    def time_at(self, x: float) -> float:
        return self.from_s + x / self.width_px * self.span_s

    def ticks(self) -> list[tuple[float, str]]:
        """Times of ticks with their labels; minor ticks have none."""
        per_s = self.width_px / self.span_s
        frame = 1 / self.rate_hz
        steps = (*(frame * n for n in (1, 2, 5)), *(s for s in STEPS_S if s > 5 * frame))
        step = next((s for s in steps if s * per_s >= 72), steps[-1])
        minor = next((s for s in steps if s * per_s >= 9 and _divides(s, step)), step)
        found = []
        for index in range(
            math.ceil(self.from_s / minor - 1e-9),
            math.floor((self.from_s + self.span_s) / minor + 1e-9) + 1,
        ):
            time_s = index * minor
            whole = abs(time_s / step - round(time_s / step)) < 1e-6
            found.append((time_s, self._label(time_s, step) if whole else ""))
        return found

    def _label(self, time_s: float, step: float) -> str:
        if step < 0.0999:
            return f"{round(time_s * self.rate_hz)}"
        minutes, seconds = divmod(round(abs(time_s), 3), 60)
        minus = "−" if time_s < -1e-3 else ""
        told = f"{seconds:04.1f}" if step < 1 else f"{int(seconds):02d}"
        return f"{minus}{int(minutes)}:{told}"


def _divides(small: float, large: float) -> bool:
    return abs(large / small - round(large / small)) < 1e-6
