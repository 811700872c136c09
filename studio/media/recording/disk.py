"""How long the disk will last."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from pathlib import Path

KEEP_BYTES = 300_000_000
FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written where a folder lies."""
    return shutil.disk_usage(folder).free


class DiskGuard:
    """Watches free space and the rate at which a recording grows.

    ``keep_bytes`` are left free, so that the system and the take's description still fit.
    """

    def __init__(
        self, folder: Path, free: FreeBytes = free_bytes, keep_bytes: int = KEEP_BYTES
    ) -> None:
        self._folder, self._free, self.keep_bytes = folder, free, keep_bytes
        self._sizes: deque[tuple[float, int]] = deque(maxlen=30)
        self.left_bytes = max(free(folder) - keep_bytes, 0)

    def look(self, now_s: float, written: int) -> bool:
        """Measure again; whether there is room for more."""
        self._sizes.append((now_s, written))
        self.left_bytes = max(self._free(self._folder) - self.keep_bytes, 0)
        return self.left_bytes > self.rate_bytes_s

    @property
    def rate_bytes_s(self) -> float:
        """Bytes a second over the last half minute of looks; 0 before two of them."""
        if len(self._sizes) < 2:
            return 0.0
        (t0, first), (t1, last) = self._sizes[0], self._sizes[-1]
        return max(last - first, 0) / (t1 - t0) if t1 > t0 else 0.0

    @property
    def minutes_left(self) -> float:
        """Minutes until the recording stops for want of space; infinite while nothing grows."""
        rate = self.rate_bytes_s
        return self.left_bytes / rate / 60 if rate > 0 else float("inf")
