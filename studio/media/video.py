"""Videos by PyAV: true times, upright pictures, exact random access."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, check_file, images_in
from studio.core.types import Frame
from studio.media.clip import ClipReader, ImageClip
from studio.media.frame_times import frame_times
from studio.media.recording.read import recorded_as
from studio.media.upright import upright


def open_clip(path: Path, *, camera: str = "", rate_hz: float | None = None) -> ClipReader:
    """Open a video, an image folder (or a pattern of pictures, ``left*.jpg``) or a picture.

    ``camera`` names the frames (default: the file's name). Times that the recorder wrote beside a
    video (:mod:`studio.media.frame_times`) are truer than those in it. ``rate_hz`` overrides the
    rate: the frames are then evenly spaced (a video keeps its true times where it runs at that
    rate).
    Raises StudioError if it is not a video, is cut off, has no picture, or needs a decoder that
    is missing.
    """
    path = Path(path)
    if rate_hz is not None and not rate_hz > 0:
        raise StudioError(f"{rate_hz} is not a frame rate.", "Give frames a second, above zero.")
    if path.is_dir() or "*" in path.name:
        name = camera or path.stem.rstrip("*_-. ") if "*" in path.name else camera or path.name
        return ImageClip(path, images_in(path), name, rate_hz)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        check_file(path, "the picture")
        return ImageClip(path, (path,), camera or path.stem, rate_hz)
    check_file(path, "the video")
    return VideoClip(path, camera or path.stem, rate_hz)


class VideoClip(ClipReader):
    """A video file. Random access decodes on from the nearest keyframe."""

    def __init__(self, path: Path, camera: str, rate_hz: float | None) -> None:
        super().__init__()
        self.path, self.camera = path, camera
        with closing(open_container(path)) as container:
            first = next(_frames(container), None)
            if first is None:
                raise StudioError(
                    f"No picture of “{path.name}” could be decoded.",
                    "The recording is damaged or was cut off; copy it again from the camera.",
                )
            stream = container.streams.video[0]
            self.codec = stream.codec_context.name
            self._turns = round(first.rotation / 90) % 4
            width, height = first.width, first.height
            self._coded_px = (width, height)
            promised = stream.frames
        index = _index(path)
        notes: list[str] = []
        recorded = recorded_as(path, index.stamps_ms)
        self._mirror = recorded is not None and recorded.mirror
        if recorded is None:
            self.times_s = _true_times(path, index.times_s, notes)
        else:
            self.times_s, self._turns = recorded.times_s, recorded.rotation // 90
        self.size_px = (height, width) if self._turns % 2 else (width, height)
        if rate_hz is not None and abs(rate_hz / self.rate_hz - 1) > 0.01:
            self.times_s = np.arange(len(index.pts)) / rate_hz
        self._index, self._decoder = index, _Decoder(path, index)
        if promised and self.frames < 0.98 * promised - 1:
            notes.append(f"Cut off: {self.frames} of the {promised} frames its header promises.")
        if self.variable_rate:
            notes.append("Variable frame rate: frames are taken by their true times.")
        self.notes = tuple(notes)

    def run(self, start: int = 0) -> Generator[tuple[int, Frame]]:
        with closing(_Decoder(self.path, self._index)) as decoder:
            decoder.seek(start)
            for number, frame in decoder.run():
                if number >= start:
                    time_s = float(self.times_s[number])
                    yield number, Frame(self.camera, time_s, self._upright(frame))

    def _upright(self, frame: av.VideoFrame) -> np.ndarray:
        width, height = self._coded_px
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
        return upright(rgb, 90 * self._turns, self._mirror)

    def _decode(self, number: int) -> Iterator[tuple[int, np.ndarray]]:
        window = 8 if number < self._decoder.next else 1
        self._decoder.seek(number)
        for at, frame in self._decoder.run():
            if number - window < at <= number:
                yield at, self._upright(frame)
            if at == number:
                return
            if at > number:
                break
        raise StudioError(
            f"Frame {number} of “{self.path.name}” cannot be decoded.",
            "The video is damaged there; cut it before that frame, or copy it again.",
        )

    def _release(self) -> None:
        self._decoder.close()


@dataclass(frozen=True)
class _Index:
    """Every frame of a video: its time stamp, and where decoding may start."""

    pts: np.ndarray
    keyframes: np.ndarray
    times_s: np.ndarray
    stamps_ms: np.ndarray
    seekable: bool


class _Decoder:
    """Decodes one file from wherever it is told to; ``next`` is the frame that comes next."""

    def __init__(self, path: Path, index: _Index) -> None:
        self._path, self._index = path, index
        self._container: InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self.next = 0

    def seek(self, number: int) -> None:
        """Stand at, or somewhat before, a frame; stay where decoding on is the shorter way."""
        keys = self._index.keyframes
        keyframe = int(keys[np.searchsorted(keys, number, side="right") - 1])
        if self._container is not None and keyframe <= self.next <= number:
            return
        self._restart()
        assert self._container is not None
        if keyframe and self._index.seekable:
            wanted, stream = int(self._index.pts[keyframe]), self._container.streams.video[0]
            self._container.seek(wanted, stream=stream, backward=True)
            self._frames = _frames(self._container)
            first = next(self._frames, None)
            if first is None or first.pts is None or first.pts > wanted:
                self._restart()
                return
            self.next = self._number(first)
            self._frames = _chain(first, self._frames)

    def run(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Decode on, numbering frames by their time stamps."""
        for frame in self._frames:
            number = self._number(frame)
            if number < len(self._index.pts):
                self.next = number + 1
                yield number, frame

    def _number(self, frame: av.VideoFrame) -> int:
        if self._index.seekable and frame.pts is not None:
            return int(np.searchsorted(self._index.pts, frame.pts))
        return self.next

    def _restart(self) -> None:
        self.close()
        self._container = open_container(self._path)
        self._frames = _frames(self._container)

    def close(self) -> None:
        self._frames, self.next = iter(()), 0
        if self._container is not None:
            self._container.close()
            self._container = None


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest


def open_container(path: Path) -> InputContainer:
    """Open a file with a picture stream that can be decoded. Raises StudioError."""
    check_file(path, "the video")
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


def rotation_of(path: Path) -> int:
    """How many degrees counter-clockwise a video's pictures are turned to stand upright."""
    with closing(open_container(path)) as container:
        first = next(_frames(container), None)
    return 90 * (round(first.rotation / 90) % 4) if first is not None else 0


def _frames(container: InputContainer) -> Iterator[av.VideoFrame]:
    """Decode on, stepping over packets that are damaged."""
    stream = container.streams.video[0]
    for packet in container.demux(stream):
        decoded: list[Any] = []
        with suppress(av.error.InvalidDataError):
            decoded = packet.decode()
        yield from decoded


def _true_times(path: Path, times_s: np.ndarray, notes: list[str]) -> np.ndarray:
    """The times that lie beside the video if they are of its frames, else those it has."""
    try:
        told = frame_times(path)
    except StudioError as error:
        notes.append(str(error))
        return times_s
    if told is None:
        return times_s
    if len(told) != len(times_s):
        notes.append(
            f"The frame times beside it are not used: {len(told)} times, {len(times_s)} frames."
        )
        return times_s
    return told - told[0]


def _index(path: Path) -> _Index:
    """List the frames by reading packets only; files without time stamps are decoded once."""
    with closing(open_container(path)) as container:
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
        stamps = np.round(pts * base * 1000).astype(np.int64)
        return _Index(pts, keyframes, (pts - pts[0]) * base, stamps, seekable=True)
    with closing(open_container(path)) as container:
        count = sum(1 for _ in _frames(container))
    numbers = np.arange(count)
    times = numbers / rate
    stamps = np.round(times * 1000).astype(np.int64)
    return _Index(numbers, np.zeros(1, int), times, stamps, seekable=False)
