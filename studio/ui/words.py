"""Small phrases: times and sizes."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Minutes and seconds: “0:41”, “1:02:07”."""
    whole = int(max(seconds, 0))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def time_left(seconds: float | None) -> str:
    """“0:41 left”, or nothing while there is no estimate."""
    return "" if seconds is None else f"{clock(seconds)} left"


def size(count: float) -> str:
    """A size in bytes: “12.3 MB”."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} bytes" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return ""
