"""Streams that PyAV takes apart: RTSP, other network video, and devices."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import av
import av.error

from studio.core.errors import StudioError
from studio.media.live.source import Source, check_url
from studio.media.live.stream import Encoding, Raw, Session, Stream, jpeg_size


def open_rtsp(source: Source, session: Session) -> Stream:
    """An RTSP camera, over TCP unless the source says UDP. Raises StudioError."""
    check_url(source.place)
    options = {
        "rtsp_transport": source.transport,
        "fflags": "nobuffer",
        "analyzeduration": "1000000",
        "probesize": "500000",
        "max_delay": "200000",
    }
    return open_network(source, session, options)


def open_network(source: Source, session: Session, options: dict[str, str]) -> Stream:
    """Whatever PyAV finds at the source's URL. Raises StudioError with the reason in words."""
    try:
        stream = Demuxed(source, session, source.place, None, options)
    except (av.error.FFmpegError, OSError) as error:
        raise _refused(source, error, session.open_s) from error
    stream.notes = unfulfilled(source)
    return stream


class Demuxed:
    """A stream that PyAV takes apart: packets as they come, never decoded here.

    Raises what :func:`av.open` raises, and StudioError where there is no picture in it.
    """

    def __init__(
        self,
        source: Source,
        session: Session,
        place: str,
        format: str | None = None,
        options: dict[str, str] | None = None,
    ) -> None:
        self._name, self._session = source.name, session
        timeout = (session.open_s, session.silence_s)
        self._container: Any = av.open(
            place, format=format, options=options or {}, timeout=timeout, buffer_size=65536
        )
        if not self._container.streams.video:
            self._container.close()
            raise StudioError(
                f"{source.name} sends no picture.", "Choose the address of its video stream."
            )
        stream: Any = self._container.streams.video[0]
        self.rate_hz = float(stream.average_rate or 0)
        self.size_px = (int(stream.width), int(stream.height))
        self.notes: tuple[str, ...] = ()
        self._stream = stream
        self._packets = self._container.demux(stream)
        self._base = float(stream.time_base or 1)
        self._encoding: Encoding | None = None

    def read(self) -> Raw | None:
        """The next packet. The first ones up to a key frame are left out."""
        while not self._session.stopping.is_set():
            try:
                packet = next(self._packets)
            except (StopIteration, av.error.EOFError):
                raise StudioError(
                    f"{self._name} has ended its stream.", "It is opened again by itself."
                ) from None
            except (av.error.FFmpegError, OSError) as error:
                raise StudioError(
                    f"{self._name} was lost: {_reason(error)}.",
                    "Check its cable, its battery or its network; it comes back by itself.",
                ) from error
            if not packet.size or (self._encoding is None and not packet.is_keyframe):
                continue
            data = bytes(packet)
            if self._encoding is None or self._resized(data):
                self._encoding = self._encoding_of(data)
            pts = packet.pts if packet.pts is not None else packet.dts
            dts = packet.dts if packet.dts is not None else pts
            stamp = None if pts is None else pts * self._base
            early = 0.0 if pts is None or dts is None else (pts - dts) * self._base
            return Raw(data, None, packet.is_keyframe, self._encoding, stamp, early_s=early)
        return None

    def _resized(self, data: bytes) -> bool:
        known = self._encoding
        if known is None or known.codec != "mjpeg":
            return False
        size = jpeg_size(data)
        return size is not None and size != known.size_px

    def _encoding_of(self, data: bytes) -> Encoding:
        if self._stream.codec_context.name == "mjpeg":
            return Encoding.of_jpeg(data)
        return Encoding.of(self._stream, data)

    def interrupt(self) -> None:
        """FFmpeg wakes up by itself, at the latest when the silence is over."""

    def close(self) -> None:
        """Let go of the stream."""
        self._container.close()


def _refused(source: Source, error: Exception, open_s: float) -> StudioError:
    """What an error at opening means, and what to do."""
    place = source.shown_place
    if isinstance(error, av.error.ExitError):
        return StudioError(
            f"{source.name} did not answer within {open_s:.0f} s.",
            f"Is it switched on and in the same network? Address: {place}",
        )
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return StudioError(
            f"{source.name} wants a user name and a password, or refuses those given.",
            "Write them into the address: rtsp://USER:PASSWORD@ADDRESS/...",
        )
    if isinstance(error, av.error.HTTPNotFoundError):
        return StudioError(
            f"{source.name} is there, but has no stream at this path.",
            f"Look up the path in its manual or app. Address: {place}",
        )
    if isinstance(error, ConnectionRefusedError):
        return StudioError(
            f"{source.name} refuses connections.", f"Start its streaming app. Address: {place}"
        )
    if isinstance(error, av.error.InvalidDataError) or getattr(error, "errno", 0) == errno.EIO:
        return StudioError(
            f"What {source.name} sends is not a video stream.", f"Check the address: {place}"
        )
    return StudioError(
        f"{source.name} cannot be opened: {_reason(error)}.", f"Check the address: {place}"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.ExitError):
        return "it fell silent"
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def unfulfilled(source: Source) -> tuple[str, ...]:
    """Which wishes a network camera cannot fulfil."""
    notes: list[str] = []
    if source.size_px or source.rate_hz:
        notes.append("A network camera's size and rate are set in its own app.")
    if source.exposure_ms or source.focus is not None:
        notes.append("A network camera's exposure and focus are set in its own app.")
    return tuple(notes)


Make = Callable[[Source, Session, str, str | None, dict[str, str] | None], Demuxed]
