"""Clips: videos and image folders behind one reader, with true times and exact random access."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import cv2
import numpy as np
from av.container import InputContainer

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.media.files import IMAGE_SUFFIXES, check_file, images_in

CACHE_BYTES = 64_000_000


def open_clip(path: Path, *, camera: str = "", rate_hz: float | None = None) -> ClipReader:
    """Open a video, an image folder or a picture.

    ``camera`` names the frames (default: the file's name). ``rate_hz`` overrides the rate: the
    frames are then evenly spaced. Raises StudioError if it is not a video, is cut off, has no
    picture, or needs a decoder that is missing.
    """
    path = Path(path)
    if rate_hz is not None and not rate_hz > 0:
        raise StudioError(f"{rate_hz} is not a frame rate.", "Give frames a second, above zero.")
    if path.is_dir():
        return ImageClip(path, images_in(path), camera or path.name, rate_hz)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        check_file(path, "the picture")
        return ImageClip(path, (path,), camera or path.stem, rate_hz)
    check_file(path, "the video")
    return VideoClip(path, camera or path.stem, rate_hz)


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

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Every frame in order; independent of random access and of other iterations."""

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
        self, path: Path, files: tuple[Path, ...], camera: str, rate_hz: float | None
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
        height, width = _read_image(files[0]).shape[:2]
        self.size_px = (width, height)

    def __iter__(self) -> Iterator[Frame]:
        for number, time_s in enumerate(self.times_s):
            yield Frame(self.camera, float(time_s), self._read(number))

    def _decode(self, number: int) -> Iterator[tuple[int, np.ndarray]]:
        yield number, self._read(number)

    def _release(self) -> None:
        return

    def _read(self, number: int) -> np.ndarray:
        file = self.files[number]
        rgb = _read_image(file)
        height, width = rgb.shape[:2]
        if (width, height) != self.size_px:
            raise StudioError(
                f"“{file.name}” is {width} x {height}, the first picture of the "
                f"folder {self.size_px[0]} x {self.size_px[1]}.",
                "Keep only the pictures of one camera in a folder.",
            )
        return rgb


def _read_image(path: Path) -> np.ndarray:
    """UInt8 (height, width, 3), turned upright as its EXIF says."""
    check_file(path, "the picture")
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise StudioError(
            f"“{path.name}” is not a picture, or it is damaged.", "Copy it again, or leave it out."
        )
    return np.ascontiguousarray(bgr[..., ::-1])


@dataclass(frozen=True)
class _Index:
    """Every frame of a video: its time stamp, and where decoding may start."""

    pts: np.ndarray
    keyframes: np.ndarray
    times_s: np.ndarray
    seekable: bool


class VideoClip(ClipReader):
    """A video file. Random access decodes on from the nearest keyframe."""

    def __init__(self, path: Path, camera: str, rate_hz: float | None) -> None:
        super().__init__()
        self.path, self.camera = path, camera
        self._open: InputContainer | None = None
        self._coming: Iterator[av.VideoFrame] | None = None
        self._next = 0
        with closing(_container(path)) as container:
            first = next(_frames(container), None)
            if first is None:
                raise StudioError(
                    f"No picture of “{path.name}” could be decoded.",
                    "The recording is damaged or was cut off; copy it again from the camera.",
                )
            stream = container.streams.video[0]
            self._turns = round(first.rotation / 90) % 4
            self.codec = stream.codec_context.name
            width, height = first.width, first.height
            self._coded_px = (width, height)
            self.size_px = (height, width) if self._turns % 2 else (width, height)
            promised = stream.frames
        self._index = _index(path)
        if rate_hz is not None:
            self.times_s = np.arange(len(self._index.pts)) / rate_hz
        else:
            self.times_s = self._index.times_s
        notes: list[str] = []
        if promised and len(self._index.pts) < 0.98 * promised - 1:
            notes.append(
                f"Cut off: {len(self._index.pts)} of the {promised} frames its header promises."
            )
        if self.variable_rate:
            notes.append("Variable frame rate: frames are taken by their true times.")
        self.notes = tuple(notes)

    def __iter__(self) -> Iterator[Frame]:
        with closing(_container(self.path)) as container:
            for time_s, frame in zip(self.times_s, _frames(container), strict=False):
                yield Frame(self.camera, float(time_s), self._upright(frame))

    def _upright(self, frame: av.VideoFrame) -> np.ndarray:
        rgb = frame.to_ndarray(format="rgb24", width=self._coded_px[0], height=self._coded_px[1])
        return np.ascontiguousarray(np.rot90(rgb, self._turns)) if self._turns else rgb

    def _decode(self, number: int) -> Iterator[tuple[int, np.ndarray]]:
        keys = self._index.keyframes
        start = int(keys[np.searchsorted(keys, number, side="right") - 1])
        backwards = number < self._next
        if self._coming is None or backwards or start > self._next:
            self._seek(start)
        window = 8 if backwards else 1
        for at, frame in self._run():
            if number - window < at <= number:
                yield at, self._upright(frame)
            if at >= number:
                break
        else:
            raise StudioError(
                f"Frame {number} of “{self.path.name}” cannot be decoded.",
                "The video is damaged there; cut it before that frame, or copy it again.",
            )

    def _run(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode on from where the decoder stands, numbering frames by their time stamps."""
        assert self._coming is not None
        for frame in self._coming:
            number = self._next
            if self._index.seekable and frame.pts is not None:
                number = int(np.searchsorted(self._index.pts, frame.pts))
            self._next = number + 1
            yield number, frame

    def _seek(self, keyframe: int) -> None:
        self._release()
        self._open = _container(self.path)
        if keyframe and self._index.seekable:
            stream = self._open.streams.video[0]
            self._open.seek(int(self._index.pts[keyframe]), stream=stream, backward=True)
            self._coming = _frames(self._open)
            first = next(self._coming, None)
            if first is not None and (first.pts or 0) <= self._index.pts[keyframe]:
                self._coming = _chain(first, self._coming)
                return
            self._release()
            self._open = _container(self.path)
        self._coming, self._next = _frames(self._open), 0

    def _release(self) -> None:
        self._coming, self._next = None, 0
        if self._open is not None:
            self._open.close()
            self._open = None


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest


def _container(path: Path) -> InputContainer:
    """Open a file with a picture stream that can be decoded. Raises StudioError."""
    try:
        container = av.open(str(path))
    except av.error.InvalidDataError as error:
        with path.open("rb") as file:
            cut_off = b"ftyp" in file.read(64)
        if cut_off:
            raise StudioError(
                f"“{path.name}” was cut off: its index is missing.",
                "The recording was not finished or not copied whole; copy it again, or repair it "
                "with a tool such as untrunc.",
            ) from error
        raise StudioError(
            f"“{path.name}” is not a video that can be read.",
            "Choose an MP4, MOV, MKV, WebM or AVI file.",
        ) from error
    except (av.error.FFmpegError, OSError) as error:
        raise StudioError(
            f"“{path.name}” cannot be opened: {error.strerror or error}.", "Check the file."
        ) from error
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams})
        container.close()
        raise StudioError(
            f"“{path.name}” has no picture, only {' and '.join(kinds) or 'data'}.",
            "Choose the video file of the take.",
        )
    stream = container.streams.video[0]
    context: Any = stream.codec_context
    if context is None:
        container.close()
        raise StudioError(
            f"“{path.name}” uses a video codec that is not available here.",
            "Convert it to H.264 or VP9.",
        )
    stream.thread_type = "AUTO"
    return container


def _frames(container: InputContainer) -> Iterator[av.VideoFrame]:
    """Decode on, stepping over packets that are damaged."""
    stream = container.streams.video[0]
    for packet in container.demux(stream):
        decoded: list[Any] = []
        with suppress(av.error.InvalidDataError):
            decoded = packet.decode()
        yield from decoded


def _index(path: Path) -> _Index:
    """List the frames by reading packets only; files without time stamps are decoded once."""
    with closing(_container(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or stream.guessed_rate or 30)
        base = float(stream.time_base or 1)
        packets = [p for p in container.demux(stream) if p.size and not p.is_discard]
        stamps = [p.pts for p in packets]
        keys = {p.pts for p in packets if p.is_keyframe}
    pts = np.array([s for s in stamps if s is not None], np.int64)
    if len(pts) == len(stamps) and len(np.unique(pts)) == len(pts) and len(pts):
        pts = np.sort(pts)
        keyframes = np.flatnonzero(np.isin(pts, [k for k in keys if k is not None]))
        if not len(keyframes) or keyframes[0] != 0:
            keyframes = np.concatenate([[0], keyframes])
        return _Index(pts, keyframes, (pts - pts[0]) * base, seekable=True)
    with closing(_container(path)) as container:
        count = sum(1 for _ in _frames(container))
    numbers = np.arange(count)
    return _Index(numbers, np.zeros(1, int), numbers / rate, seekable=False)
