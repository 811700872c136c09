"""A clip: one camera's pictures over time, whatever holds them."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.pictures import read_picture
from studio.core.types import Frame

CACHE_BYTES = 64_000_000


class ClipReader(ABC):
    """One camera's pictures over time. Iterate it, or ask for any frame; close it when done.

    ``size_px`` is (width, height) upright, ``times_s`` the true presentation times from the first
    frame on, ``notes`` what a person should know about the file.
    """

    path: Path
    camera: str
    size_px: tuple[int, int]
    times_s: np.ndarray
    notes: tuple[str, ...]

    def __init__(self) -> None:
        self._cache: OrderedDict[int, Frame] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def frames(self) -> int:
        """How many pictures there are, counted."""
        return len(self.times_s)

    @property
    def rate_hz(self) -> float:
        """Frames a second between neighbours; dropped frames do not lower it."""
        if self.frames < 2:
            return 30.0
        steps = np.diff(self.times_s)
        steps = steps[steps <= 1.5 * np.median(steps)]
        return float(1 / steps.mean())

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last."""
        return float(self.times_s[-1]) + 1 / self.rate_hz

    @property
    def variable_rate(self) -> bool:
        """Whether frames are unevenly spaced (beyond the rounding of a container's clock)."""
        if self.frames < 3:
            return False
        steps = np.diff(self.times_s)
        return bool(np.ptp(steps) > max(0.25 * float(np.median(steps)), 0.0021))

    def __iter__(self) -> Iterator[Frame]:
        for _, frame in self.run():
            yield frame

    @abstractmethod
    def run(self, start: int = 0) -> Generator[tuple[int, Frame]]:
        """Frames from ``start`` on with their numbers; a frame too damaged to decode is skipped.

        Independent of random access and of other runs; the file is closed with the iterator.
        """

    @abstractmethod
    def _decode(self, number: int) -> Iterator[tuple[int, np.ndarray]]:
        """Pictures worth keeping, the one asked for last."""

    def number_at(self, time_s: float) -> int:
        """The number of the frame nearest to a time (the first or last beyond the ends)."""
        after = int(np.searchsorted(self.times_s, time_s).clip(1, max(self.frames - 1, 1)))
        if self.frames == 1:
            return 0
        before = after - 1
        nearer = time_s - self.times_s[before] <= self.times_s[after] - time_s
        return before if nearer else after

    def frame_at(self, time_s: float) -> Frame:
        """The frame nearest to a time."""
        return self.frame(self.number_at(time_s))

    def frame(self, number: int) -> Frame:
        """Frame ``number`` (from 0), exactly. Safe to call from any thread."""
        if not 0 <= number < self.frames:
            raise IndexError(f"frame {number} of {self.frames}")
        with self._lock:
            if number not in self._cache:
                for found, rgb in self._decode(number):
                    self._cache[found] = Frame(self.camera, float(self.times_s[found]), rgb)
                    self._cache.move_to_end(found)
                    keep = max(2, CACHE_BYTES // rgb.nbytes)
                    while len(self._cache) > keep:
                        self._cache.popitem(last=False)
            self._cache.move_to_end(number)
            return self._cache[number]

    def thumbnail(self, height: int = 96, time_s: float = 0.0) -> np.ndarray:
        """A small picture, UInt8 (height, width, 3)."""
        rgb = self.frame_at(time_s).rgb
        width = max(1, round(height * rgb.shape[1] / rgb.shape[0]))
        return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)

    def close(self) -> None:
        """Let go of the file. Closing twice is fine."""
        with self._lock:
            self._cache.clear()
            self._release()

    @abstractmethod
    def _release(self) -> None:
        """Close what is open."""

    def __enter__(self) -> ClipReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class ImageClip(ClipReader):
    """Pictures of one size, in natural order of their names."""

    def __init__(
        self, path: Path, files: Sequence[Path], camera: str, rate_hz: float | None
    ) -> None:
        super().__init__()
        if not files:
            raise StudioError(
                f"There is no picture in “{path.name}”.",
                "Choose a video, or a folder of PNG, JPEG, TIFF, BMP or WebP pictures.",
            )
        self.path, self.camera, self.files = path, camera, files
        self.times_s = np.arange(len(files)) / (rate_hz or 30.0)
        self.notes = ()
        if rate_hz is None and len(files) > 1:
            self.notes = ("Pictures carry no frame rate: 30 a second until you say otherwise.",)
        height, width = read_picture(files[0]).shape[:2]
        self.size_px = (width, height)

    def run(self, start: int = 0) -> Generator[tuple[int, Frame]]:
        for number in range(start, self.frames):
            yield number, Frame(self.camera, float(self.times_s[number]), self._read(number))

    def _decode(self, number: int) -> Iterator[tuple[int, np.ndarray]]:
        yield number, self._read(number)

    def _release(self) -> None:
        return

    def _read(self, number: int) -> np.ndarray:
        file = self.files[number]
        rgb = read_picture(file)
        height, width = rgb.shape[:2]
        if (width, height) != self.size_px:
            raise StudioError(
                f"“{file.name}” is {width} x {height}, the first picture of the "
                f"folder {self.size_px[0]} x {self.size_px[1]}.",
                "Keep only the pictures of one camera in a folder.",
            )
        return rgb
