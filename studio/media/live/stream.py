"""What every opened source delivers: encoded frames with their times, one after the other."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import av
import av.error
import numpy as np
from av.codec import CodecContext

from studio.core.errors import StudioError
from studio.media.live.source import Source

INTRA = frozenset({"mjpeg", "rawvideo"})


def jpeg_size(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height from a JPEG's frame header, None if it has none."""
    at = 2
    while at + 9 < len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            return width, height
        at += 1 if marker == 0xFF else 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return None


@dataclass(frozen=True)
class Encoding:
    """How a stream's frames are encoded; ``header`` is a minimal Matroska file that says it.

    A recorder passes packets through with it, a decoder starts from it; both outlive the camera.
    ``rotation`` turns the decoded pictures upright, degrees counter-clockwise.
    """

    codec: str
    size_px: tuple[int, int]
    header: bytes = field(compare=False, repr=False)
    extradata: bytes = field(default=b"", repr=False)
    rotation: int = 0

    @property
    def intra(self) -> bool:
        """Whether every frame can be decoded alone."""
        return self.codec in INTRA

    @classmethod
    def of(cls, stream: Any, first: bytes, rotation: int = 0) -> Encoding:
        """The encoding of a PyAV video stream, given its first key packet."""
        buffer = io.BytesIO()
        with av.open(buffer, "w", format="matroska") as container:
            copy = container.add_stream_from_template(stream)
            packet = av.Packet(first)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = copy, 0, 0, True
            container.mux(packet)
        size = (stream.codec_context.width, stream.codec_context.height)
        extradata = bytes(stream.codec_context.extradata or b"")
        return cls(stream.codec_context.name, size, buffer.getvalue(), extradata, rotation)

    @classmethod
    def of_jpeg(cls, jpeg: bytes) -> Encoding:
        """The encoding of a stream of JPEG pictures like this one. Raises StudioError."""
        try:
            with av.open(io.BytesIO(jpeg), format="mjpeg") as container:
                return cls.of(container.streams.video[0], jpeg)
        except (av.error.FFmpegError, IndexError) as error:
            raise StudioError("The stream's pictures are not JPEG.", "Choose MJPEG.") from error

    def decoder(self) -> Any:
        """A decoder of its own, single-threaded, without delay where the codec allows."""
        with av.open(io.BytesIO(self.header), format="matroska") as container:
            known: Any = container.streams.video[0].codec_context
            context: Any = CodecContext.create(known.name, "r")
            context.extradata = known.extradata
            context.width, context.height = known.width, known.height
            if known.pix_fmt:
                context.pix_fmt = known.pix_fmt
        context.thread_count = 1
        return context


@dataclass(frozen=True, eq=False)
class Sample:
    """One frame as it came: a packet (``data``, ``encoding``) or a raw picture (``picture``).

    Times are seconds of ``time.monotonic``: ``capture_s`` when it was taken, ``arrival_s`` when
    it was here, ``order_s`` the decoding order (rises from sample to sample). ``missed`` frames
    were lost by the camera just before this one.
    """

    number: int
    capture_s: float
    order_s: float
    arrival_s: float
    key: bool
    data: bytes = b""
    encoding: Encoding | None = None
    picture: np.ndarray | None = None
    missed: int = 0

    @property
    def nbytes(self) -> int:
        return len(self.data) if self.picture is None else self.picture.nbytes


@dataclass(frozen=True, eq=False)
class Raw:
    """What a stream reads: a packet or a picture (UInt8 height, width, 3; RGB) and its times.

    ``capture_s`` is the capture time where the source knows it, ``stamp_s`` a time of its own
    clock, whatever its zero; both None where it tells nothing better than the arrival.
    ``early_s``: how long before its own time a frame is decoded (B-frames).
    """

    data: bytes = b""
    picture: np.ndarray | None = None
    key: bool = True
    encoding: Encoding | None = None
    stamp_s: float | None = None
    capture_s: float | None = None
    early_s: float = 0.0


class Stream(Protocol):
    """An opened source. ``read`` blocks until the next frame.

    ``read`` returns None at the end of a file and raises StudioError when the source is lost.
    ``interrupt``, from another thread, asks a waiting read to come back; ``close`` is called by the
    thread that reads. ``notes`` say which wishes it cannot fulfil.
    """

    rate_hz: float
    notes: tuple[str, ...]

    def read(self) -> Raw | None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Session:
    """What an opener is told: when the set's common clock began (files start there), how long
    opening and silence may last, and an event that asks it to come back early."""

    epoch_s: float
    stopping: threading.Event
    open_s: float = 5.0
    silence_s: float = 5.0


Opener = Callable[[Source, Session], Stream]
