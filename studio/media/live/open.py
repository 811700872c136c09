"""Opening a source by its kind."""

from __future__ import annotations

from studio.media.live.demux import open_rtsp
from studio.media.live.devices import open_device
from studio.media.live.files import open_images, open_video
from studio.media.live.mjpeg import open_http
from studio.media.live.source import Source
from studio.media.live.stream import Session, Stream

_OPENERS = {
    "device": open_device,
    "video": open_video,
    "images": open_images,
    "rtsp": open_rtsp,
    "http": open_http,
}


def open_stream(source: Source, session: Session) -> Stream:
    """Open a source; blocks. Raises StudioError with the reason and what to do."""
    return _OPENERS[source.kind](source, session)
