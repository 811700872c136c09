"""Files as cameras: a video or a folder of pictures plays at the speed it was filmed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import av.error

from studio.core.errors import StudioError
from studio.media.live.source import Source
from studio.media.live.stream import Encoding, Raw, Session, Stream
from studio.media.video import open_clip, open_container, rotation_of

DEFAULT_HZ = 30.0


def open_video(source: Source, session: Session) -> Stream:
    """A video file as a camera. Raises StudioError if it is none."""
    return _Video(source, session)


def open_images(source: Source, session: Session) -> Stream:
    """A folder of pictures as a camera, at ``rate_hz`` or 30 a second. Raises StudioError."""
    return _Images(source, session)


class _Player(ABC):
    """Frames by their own time stamps, begun at the set's common clock, looped if wanted."""

    def __init__(self, source: Source, session: Session, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._source, self._session = source, session
        self._begin_s = session.epoch_s
        self._raws = self._play()
        self.notes: tuple[str, ...] = ()
        if source.size_px:
            self.notes += ("A file keeps its own size.",)
        if source.exposure_ms or source.focus is not None:
            self.notes += ("A file has neither exposure nor focus.",)

    def read(self) -> Raw | None:
        """The next frame, when it is due; None at the end."""
        return next(self._raws, None)

    def interrupt(self) -> None:
        """Wake up a read from another thread."""
        self._session.stopping.set()

    def close(self) -> None:
        """Let go of the file."""
        self._raws.close()

    def _play(self) -> Generator[Raw]:
        while True:
            last, begin = None, self._begin_s
            with closing(self._round()) as frames:
                for due, capture, raw in frames:
                    if not self._wait(begin + due):
                        return
                    last = max(last or 0.0, capture)
                    yield replace(raw, capture_s=begin + capture)
            if last is None:
                raise StudioError(
                    f"“{Path(self._source.place).name}” has no picture.", "Choose another file."
                )
            if not self._source.loop:
                return
            self._begin_s = begin + last + 1 / self.rate_hz

    def _wait(self, due_s: float) -> bool:
        """Wait until a frame is due; False once asked to stop."""
        stopping = self._session.stopping
        left = due_s - time.monotonic() if self._source.paced else 0.0
        return not (stopping.wait(left) if left > 0 else stopping.is_set())

    @abstractmethod
    def _round(self) -> Generator[tuple[float, float, Raw]]:
        """Every frame once: when it comes and was taken, seconds after the first, and itself."""


class _Video(_Player):
    def __init__(self, source: Source, session: Session) -> None:
        self._path = Path(source.place)
        with closing(open_container(self._path)) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or stream.guessed_rate or DEFAULT_HZ)
        self._rotation = rotation_of(self._path)
        self._encoding: Encoding | None = None
        super().__init__(source, session, rate)
        if source.rate_hz and abs(source.rate_hz / rate - 1) > 0.01:
            self.notes += ("A video keeps its own rate.",)

    def _round(self) -> Generator[tuple[float, float, Raw]]:
        with closing(open_container(self._path)) as container:
            stream = container.streams.video[0]
            base = float(stream.time_base or 1)
            first: tuple[float, float] | None = None
            number = 0
            try:
                for packet in container.demux(stream):
                    if not packet.size or packet.is_discard:
                        continue
                    pts = number / self.rate_hz if packet.pts is None else packet.pts * base
                    dts = pts if packet.dts is None else packet.dts * base
                    number += 1
                    first = first or (pts, dts)
                    data = bytes(packet)
                    if self._encoding is None:
                        self._encoding = Encoding.of(stream, data, self._rotation)
                    raw = Raw(
                        data, key=packet.is_keyframe, encoding=self._encoding, early_s=pts - dts
                    )
                    yield dts - first[1], pts - first[0], raw
            except av.error.FFmpegError as error:
                if number == 0:
                    raise StudioError(
                        f"“{self._path.name}” cannot be read: {error.strerror}.", "Copy it again."
                    ) from error


class _Images(_Player):
    def __init__(self, source: Source, session: Session) -> None:
        rate = source.rate_hz or DEFAULT_HZ
        self._clip = open_clip(Path(source.place), camera=source.name, rate_hz=rate)
        super().__init__(source, session, rate)

    def _round(self) -> Generator[tuple[float, float, Raw]]:
        with closing(self._clip.run()) as frames:
            for _, frame in frames:
                yield frame.time_s, frame.time_s, Raw(picture=frame.rgb)
