"""Exposure and focus of a camera on Linux, by the controls of its driver (V4L2)."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

from studio.media.live.source import Source

# include/uapi/linux/v4l2-controls.h and videodev2.h
_CAMERA = 0x009A0900
EXPOSURE_AUTO, EXPOSURE_ABSOLUTE, EXPOSURE_PRIORITY = _CAMERA + 1, _CAMERA + 2, _CAMERA + 3
FOCUS_ABSOLUTE, FOCUS_AUTO = _CAMERA + 10, _CAMERA + 12
QUERY, SET = 0xC0445624, 0xC008561C
_MANUAL, _APERTURE_PRIORITY = 1, 3
_DISABLED = 0x0001

Ioctl = Callable[[int, int, bytearray], object]


def _ioctl(handle: int, request: int, data: bytearray) -> object:
    import fcntl

    return fcntl.ioctl(handle, request, data, True)


@dataclass(frozen=True)
class _Control:
    id: int
    least: int
    most: int


def apply_controls(source: Source, ioctl: Ioctl = _ioctl) -> tuple[str, ...]:
    """Set the wished exposure and focus, or their automatics; returns what cannot be done."""
    wished = source.exposure_ms is not None or source.focus is not None
    if not sys.platform.startswith("linux"):
        note = "Exposure and focus are set in the camera's own program on this system."
        return (note,) if wished else ()
    try:
        handle = os.open(source.place, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return (f"Its controls cannot be reached: {error.strerror}.",) if wished else ()
    try:
        return (*_expose(source, handle, ioctl), *_focus(source, handle, ioctl))
    finally:
        os.close(handle)


def _expose(source: Source, handle: int, ioctl: Ioctl) -> tuple[str, ...]:
    if source.rate_hz is not None:
        _set(handle, ioctl, EXPOSURE_PRIORITY, 0)
    if source.exposure_ms is None:
        _set(handle, ioctl, EXPOSURE_AUTO, _APERTURE_PRIORITY)
        return ()
    known = _query(handle, ioctl, EXPOSURE_ABSOLUTE)
    if known is None:
        return ("This camera has no control for its exposure.",)
    _set(handle, ioctl, EXPOSURE_AUTO, _MANUAL)
    wanted = round(source.exposure_ms * 10)
    given = min(max(wanted, known.least), known.most)
    if not _set(handle, ioctl, EXPOSURE_ABSOLUTE, given):
        return ("The camera refuses this exposure.",)
    if given != wanted:
        return (f"The exposure is {given / 10:g} ms, the nearest that the camera has.",)
    return ()


def _focus(source: Source, handle: int, ioctl: Ioctl) -> tuple[str, ...]:
    if source.focus is None:
        _set(handle, ioctl, FOCUS_AUTO, 1)
        return ()
    known = _query(handle, ioctl, FOCUS_ABSOLUTE)
    if known is None:
        return ("This camera has no control for its focus.",)
    _set(handle, ioctl, FOCUS_AUTO, 0)
    given = round(known.least + source.focus * (known.most - known.least))
    if not _set(handle, ioctl, FOCUS_ABSOLUTE, given):
        return ("The camera refuses this focus.",)
    return ()


def _query(handle: int, ioctl: Ioctl, control: int) -> _Control | None:
    data = bytearray(struct.pack("=II32siiiiIII", control, 0, b"", 0, 0, 0, 0, 0, 0, 0))
    try:
        ioctl(handle, QUERY, data)
    except OSError:
        return None
    _, _, _, least, most, _, _, flags, _, _ = struct.unpack("=II32siiiiIII", data)
    return None if flags & _DISABLED else _Control(control, least, most)


def _set(handle: int, ioctl: Ioctl, control: int, value: int) -> bool:
    try:
        ioctl(handle, SET, bytearray(struct.pack("=Ii", control, value)))
    except OSError:
        return False
    return True
