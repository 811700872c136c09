"""One video file of a take: Matroska in clusters of half a second, each complete on disk.

After a kill everything but the last cluster can be read.
"""

from __future__ import annotations

import io
import os
from collections import deque
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from studio.core.errors import StudioError
from studio.media.live.stream import Encoding

CLUSTER_MS = 500
_MS = Fraction(1, 1000)
_OPTIONS = {
    "cluster_time_limit": str(CLUSTER_MS),
    "flush_packets": "1",
    "avoid_negative_ts": "disabled",
}
_H264 = ("libopenh264", "libx264")


class Container:
    """Writes packets as they are. Times are milliseconds since the segment's first frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container: Any = av.open(str(path), "w", format="matroska", options=_OPTIONS)
        self._stream: Any = None
        self._order_ms = -1
        self._used: deque[int] = deque(maxlen=64)

    def pass_through(self, encoding: Encoding) -> None:
        """Take packets of this encoding without decoding them."""
        with av.open(io.BytesIO(encoding.header), format="matroska") as header:
            self._stream = self._container.add_stream_from_template(header.streams.video[0])
            self._stream.time_base = _MS
            self._container.start_encoding()

    def write(self, data: bytes, key: bool, stamp_ms: int, order_ms: int) -> int:
        """Write a packet; returns the stamp that it got, which is unlike its neighbours'."""
        order_ms = max(order_ms, self._order_ms + 1)
        stamp_ms = max(stamp_ms, order_ms)
        while stamp_ms in self._used:
            stamp_ms += 1
        self._order_ms = order_ms
        self._used.append(stamp_ms)
        packet = av.Packet(data)
        packet.stream, packet.time_base = self._stream, _MS
        packet.pts, packet.dts, packet.is_keyframe = stamp_ms, order_ms, key
        self._container.mux(packet)
        return stamp_ms

    def sync(self) -> None:
        """Have the system write what it holds, so that a power cut costs little."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """Finish the file. Closing twice is fine."""
        if self._container is None:
            return
        container, self._container = self._container, None
        container.close()
        self.sync()


class EncodedContainer(Container):
    """Encodes pictures as they come: H.264, fastest preset; JPEG where a side is odd."""

    def __init__(self, path: Path, size_px: tuple[int, int], rate_hz: float) -> None:
        super().__init__(path)
        width, height = size_px
        odd = bool(width % 2 or height % 2)
        name = "mjpeg" if odd else next((n for n in _H264 if n in av.codecs_available), "mjpeg")
        rate = Fraction(max(rate_hz, 1.0)).limit_denominator(1001)
        stream: Any = self._container.add_stream(name, rate=rate)
        stream.width, stream.height = width, height
        context = stream.codec_context
        context.time_base = _MS
        self.codec = "h264" if name != "mjpeg" else "mjpeg"
        if name == "mjpeg":
            self._format = "yuvj420p"
            context.qmin = context.qmax = 3
        else:
            self._format = "yuv420p"
            context.gop_size = max(1, round(rate_hz / 2))
            context.max_b_frames = 0
            context.thread_count = 1
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "18"}
        stream.pix_fmt = self._format
        self._stream = stream

    def encode(self, picture: Any, stamp_ms: int) -> int:
        """Encode a picture (RGB array or PyAV frame); returns the stamp that it got."""
        stamp_ms = max(stamp_ms, self._order_ms + 1)
        self._order_ms = stamp_ms
        if not isinstance(picture, av.VideoFrame):
            picture = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = picture.reformat(format=self._format)
        frame.pts, frame.time_base = stamp_ms, _MS
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        return stamp_ms

    def close(self) -> None:
        if self._container is not None:
            try:
                for packet in self._stream.encode(None):
                    self._container.mux(packet)
            finally:
                super().close()


def disk_error(path: Path, error: Exception) -> StudioError:
    """What a failed write means, and what to do."""
    reason = getattr(error, "strerror", None) or str(error)
    return StudioError(
        f"“{path.name}” could not be written on: {reason}.",
        "Free some space or choose another disk; what was recorded so far is kept.",
    )
