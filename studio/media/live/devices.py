"""Cameras plugged into this machine: which there are, and how they are opened.

They are opened by FFmpeg's own drivers (V4L2, DirectShow, AVFoundation) and not by OpenCV, whose
Media Foundation backend may take minutes to open (opencv #17687, #26495), and which decodes what
the camera has compressed: here JPEG packets stay as they are for recording, with the driver's
time stamps.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from studio.core.errors import StudioError
from studio.core.files import natural_key
from studio.media.live.controls import apply_controls
from studio.media.live.demux import Demuxed, Make
from studio.media.live.source import Device, Source
from studio.media.live.stream import Session, Stream

_MOST_BYTES = "64000000"


@dataclass(frozen=True)
class Backend:
    """FFmpeg's name of a driver, and how it calls what Doppel wants."""

    format: str
    prefix: str = ""
    jpeg: tuple[str, str] | None = None
    fixed: tuple[tuple[str, str], ...] = ()


BACKENDS = {
    "linux": Backend("video4linux2", jpeg=("input_format", "mjpeg")),
    "win32": Backend("dshow", "video=", ("vcodec", "mjpeg"), (("rtbufsize", _MOST_BYTES),)),
    "darwin": Backend("avfoundation", fixed=(("pixel_format", "uyvy422"),)),
}


def devices_here(root: Path = Path("/")) -> tuple[Device, ...]:
    """The cameras that Linux lists, with ids that survive replugging; empty elsewhere.

    Ids are the names in ``/dev/v4l/by-id`` (maker, model, serial number), or the port where two
    cameras have the same.
    """
    found: list[Device] = []
    nodes: set[Path] = set()
    for folder in ("by-id", "by-path"):
        links = sorted((root / "dev/v4l" / folder).glob("*-video-index0"))
        for link in links:
            node = link.resolve()
            if node not in nodes:
                nodes.add(node)
                found.append(Device(id=link.name, name=_name(root, node), place=str(link)))
    return tuple(sorted(found, key=lambda device: natural_key(device.name + device.id)))


def _name(root: Path, node: Path) -> str:
    try:
        return (root / "sys/class/video4linux" / node.name / "name").read_text("utf-8").strip()
    except OSError:
        return node.name


def open_device(
    source: Source, session: Session, *, make: Make = Demuxed, platform: str = sys.platform
) -> Stream:
    """Open a camera as near to the wishes as it goes: JPEG first, then whatever it has.

    Raises StudioError: not plugged in, in use, not allowed, or no mode fits.
    """
    backend = BACKENDS.get("linux" if platform.startswith("linux") else platform)
    if backend is None:
        raise StudioError("Cameras cannot be opened on this system.", "Use a network camera.")
    place = backend.prefix + source.place
    until, first = monotonic() + session.open_s, None
    for options in _modes(source, backend):
        left = until - monotonic()
        if left <= 0 or session.stopping.is_set():
            break
        try:
            opened = make(source, replace(session, open_s=left), place, backend.format, options)
        except OSError as error:
            first = first or error
            if error.errno in (errno.EBUSY, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENODEV):
                break
            continue
        opened.notes = (*apply_controls(source), *_compromises(source, opened))
        return opened
    raise _refused(source, first, session.open_s)


def _modes(source: Source, backend: Backend) -> Iterator[dict[str, str]]:
    """Options from all wishes to none; each mode once."""
    size = {"video_size": "{}x{}".format(*source.size_px)} if source.size_px else {}
    rate = {"framerate": f"{source.rate_hz:g}"} if source.rate_hz else {}
    jpeg = dict([backend.jpeg]) if backend.jpeg else {}
    seen: list[dict[str, str]] = []
    for wishes in (size | rate | jpeg, size | rate, size | jpeg, size, jpeg, {}):
        if wishes not in seen:
            seen.append(wishes)
            yield dict(backend.fixed) | wishes


def _compromises(source: Source, opened: Demuxed) -> Iterator[str]:
    if source.size_px and opened.size_px != source.size_px:
        yield "It has no {} x {}; it gives {} x {}.".format(*source.size_px, *opened.size_px)
    if source.rate_hz and opened.rate_hz and abs(opened.rate_hz / source.rate_hz - 1) > 0.02:
        yield f"It has no {source.rate_hz:g} Hz at this size; it gives {opened.rate_hz:.3g} Hz."


def _refused(source: Source, error: OSError | None, open_s: float) -> StudioError:
    name, code = source.name, error.errno if error else None
    if error is None:
        return StudioError(
            f"{name} did not open within {open_s:.0f} s.", "Unplug it and plug it in again."
        )
    if code == errno.EBUSY:
        return StudioError(f"{name} is in use.", "Close the other program that shows it.")
    if code in (errno.EACCES, errno.EPERM):
        return StudioError(
            f"{name} may not be used.",
            "Allow cameras in the system's privacy settings; on Linux join the group “video”.",
        )
    if code in (errno.ENOENT, errno.ENODEV):
        return StudioError(f"{name} is not plugged in.", "Plug it in: it is opened by itself.")
    return StudioError(
        f"{name} cannot be opened: {error.strerror or error}.",
        "Unplug it, plug it in again, and choose another size or rate.",
    )
