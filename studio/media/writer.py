"""Recording pictures to a video that can be read even if the program is killed half-way."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import av
import av.error
import numpy as np
from av.video.frame import PictureType

from studio.core.errors import StudioError

Codec = Literal["h264", "vp9"]
_ENCODERS: dict[Codec, tuple[str, ...]] = {
    "h264": ("libopenh264", "libx264"),
    "vp9": ("libvpx-vp9",),
}
_SPEED: dict[Codec, dict[str, str]] = {
    "h264": {"preset": "veryfast", "tune": "zerolatency"},
    "vp9": {"b": "0", "deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"},
}
CLOCK = 90_000
"""Beats of a second that pictures are stamped in."""


class Encoded:
    """A video file that is being written: one stream, stamped in 1/90,000 s."""

    def __init__(self, path: Path, options: dict[str, str] | None = None) -> None:
        """Raises StudioError if the file cannot be written."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(path), "w", options=options or {})
        except (av.error.FFmpegError, OSError) as error:
            raise StudioError(
                f"“{path.name}” cannot be written: {error.strerror or error}.",
                "Choose another folder, or free some space.",
            ) from error
        self._stream: Any = None

    def begin(
        self, encoder: str, rate_hz: float, size_px: tuple[int, int], pixels: str,
        options: dict[str, str],
    ) -> Any:  # fmt: skip
        """The stream of an encoder, for pictures of a size in a format of pixels."""
        stream: Any = self._container.add_stream(
            encoder, rate=Fraction(rate_hz).limit_denominator(1001)
        )
        stream.width, stream.height = size_px
        stream.pix_fmt, stream.options = pixels, options
        stream.codec_context.time_base = Fraction(1, CLOCK)
        self._stream = stream
        return stream

    def add(self, pixels: np.ndarray, form: str, stamp: int, *, whole: bool = False) -> None:
        """A picture at a time (in 1/90,000 s); ``whole``: it needs no other to be read. Raises
        StudioError if the disk refuses."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=form)
        frame.pts, frame.time_base = stamp, Fraction(1, CLOCK)
        if whole:
            frame.pict_type = PictureType.I
        self._mux(frame)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.error.FFmpegError, OSError) as error:
            raise StudioError(
                f"“{self.path.name}” could not be written on: {error.strerror or error}.",
                "Free some space; what was recorded so far can be read.",
            ) from error

    def close(self) -> None:
        """Finish the file. Closing twice is fine."""
        if self._stream is None:
            return
        try:
            self._mux(None)
        finally:
            self._stream = None
            self._container.close()


class VideoWriter(Encoded):
    """Writes UInt8 (height, width, 3) pictures with their times to MP4 (or MKV, WebM).

    The file is written in pieces of a second that are complete in themselves (fragments,
    clusters): after a kill all but the last can be read. ``quality`` runs from 0 (smallest) to 1
    (best).
    """

    def __init__(
        self,
        path: Path,
        size_px: tuple[int, int],
        rate_hz: float,
        *,
        codec: Codec | None = None,
        quality: float = 0.75,
    ) -> None:
        """``codec`` defaults to H.264, and to VP9 for odd sizes, which H.264 cannot hold.

        Raises StudioError if the file cannot be written or an encoder is missing.
        """
        width, height = size_px
        odd = bool(width % 2 or height % 2)
        codec = codec or ("vp9" if odd or path.suffix.lower() == ".webm" else "h264")
        if codec == "h264" and odd:
            raise StudioError(
                f"H.264 cannot hold pictures of {width} x {height}: both must be even.",
                "Write VP9, or cut the pictures by one pixel.",
            )
        self.size_px, self.rate_hz = size_px, rate_hz
        self.frames = 0
        self._last = -1
        name = next((n for n in _ENCODERS[codec] if n in av.codecs_available), None)
        if name is None:
            raise StudioError(f"No encoder for {codec} is available here.", "Choose another codec.")
        mp4 = path.suffix.lower() in (".mp4", ".mov", ".m4v")
        options = {
            "flush_packets": "1",
            **(
                {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
                if mp4
                else {"cluster_time_limit": "1000"}
            ),
        }
        super().__init__(path, options)
        crf = str(round(40 - 26 * min(max(quality, 0.0), 1.0)))
        stream = self.begin(name, rate_hz, size_px, "yuv420p", {"crf": crf, **_SPEED[codec]})
        stream.codec_context.gop_size = max(1, round(rate_hz))

    def write(self, rgb: np.ndarray, time_s: float | None = None) -> None:
        """Add a picture; ``time_s`` defaults to the next beat of the rate.

        Raises StudioError for another size, a time that does not advance, or a full disk.
        """
        height, width = rgb.shape[:2]
        if (width, height) != self.size_px or rgb.dtype != np.uint8:
            raise StudioError(
                f"A picture of {width} x {height} does not fit the video of "
                f"{self.size_px[0]} x {self.size_px[1]}.",
                "Record each camera to a file of its own.",
            )
        if time_s is None:
            time_s = self.frames / self.rate_hz
        stamp = round(time_s * CLOCK)
        if stamp <= self._last:
            raise StudioError("Pictures must come in the order of their times.")
        whole = self.frames % max(1, round(self.rate_hz)) == 0
        self.add(rgb, "rgb24", stamp, whole=whole)
        self._last = stamp
        self.frames += 1

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
