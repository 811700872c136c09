"""What a live camera is asked to be: where its pictures come from, and how they are wanted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES

Kind = Literal["device", "video", "images", "rtsp", "http"]
Rotation = Literal[0, 90, 180, 270]
_PHONES = (
    "Phones: “IP Webcam” serves http://ADDRESS:8080/video, “DroidCam” http://ADDRESS:4747/video, "
    "“Larix” and most action cameras rtsp://ADDRESS:PORT/..."
)
_USUAL = frozenset({"", "video", "stream", "mjpeg", "live"})


class Source(BaseModel):
    """One camera as the user set it up. Frozen; ``id`` stays the same over settings and renames.

    ``place`` is the device's path or name, the file, the folder or the URL. ``None`` leaves a
    wish to the camera.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    kind: Kind
    place: str = Field(min_length=1)
    size_px: tuple[int, int] | None = Field(
        default=None, description="Wanted width and height, pixels"
    )
    rate_hz: float | None = Field(default=None, gt=0, le=1000, description="Wanted frames a second")
    exposure_ms: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="Exposure of a frame, milliseconds; empty: automatic",
    )
    focus: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Focus, 0 far to 1 near of the lens's range; empty: automatic",
    )
    rotation: Rotation = Field(default=0, description="Turn the picture, degrees counter-clockwise")
    mirror: bool = Field(default=False, description="Mirror the picture left to right")
    loop: bool = Field(default=True, description="Files: start again at the end")
    paced: bool = Field(default=True, description="Files: play at the speed they were filmed")
    transport: Literal["tcp", "udp"] = Field(default="tcp", description="RTSP: how packets travel")

    @property
    def shown_place(self) -> str:
        """``place`` without a password."""
        return without_password(self.place) if self.kind in ("rtsp", "http") else self.place


class Device(BaseModel):
    """A camera plugged into this machine: a name to show, and an id that survives replugging."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    place: str

    def source(self, **wishes: object) -> Source:
        """This device as a source; ``wishes`` are fields of :class:`Source`."""
        fields = {"id": self.id, "name": self.name, "kind": "device", "place": self.place}
        return Source.model_validate({**fields, **wishes})


def source_of(text: str | Path, name: str = "") -> Source:
    """A source from what a person typed or dropped: a file, a folder, a URL or a device's path.

    Raises StudioError if it is none of these.
    """
    text = str(text).strip()
    if not text:
        raise StudioError("No camera was named.", _PHONES)
    if "://" in text:
        kind = check_url(text)
        return Source(id=_id(text), name=name or _address(text), kind=kind, place=text)
    path = Path(text).expanduser()
    if text.startswith("/dev/video") or text.startswith("/dev/v4l/"):
        return Source(id=_id(text), name=name or path.name, kind="device", place=text)
    if not path.exists():
        raise StudioError(
            f"There is no “{text}”.",
            "Give a video, a folder of pictures, a camera, or a URL with rtsp:// or http://.",
        )
    kind = "images" if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES else "video"
    place = str(path.absolute())
    return Source(id=_id(place), name=name or path.stem, kind=kind, place=place)


def check_url(url: str) -> Literal["rtsp", "http"]:
    """Which kind of stream a URL names. Raises StudioError with what to write instead."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise StudioError(f"“{url}” is not a URL: {error}.", _PHONES) from error
    if parts.scheme not in ("rtsp", "rtsps", "http", "https"):
        raise StudioError(
            f"“{parts.scheme}” streams are not understood.",
            f"Use an RTSP or an HTTP (MJPEG) address. {_PHONES}",
        )
    if not parts.hostname:
        raise StudioError(f"“{without_password(url)}” names no camera.", _PHONES)
    if port == 0:
        raise StudioError("Port 0 cannot be reached.", "Give the port that the app shows.")
    return "rtsp" if parts.scheme.startswith("rtsp") else "http"


def without_password(url: str) -> str:
    """The URL as it may be shown and logged."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))


def _address(url: str) -> str:
    """What tells a stream from others: host, port, and the end of a path that says something."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    tail = parts.path.rstrip("/").rpartition("/")[2]
    return f"{parts.hostname}{port}" + (f"/{tail}" if tail not in _USUAL else "")


def _id(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:12]
