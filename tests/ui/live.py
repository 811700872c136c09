"""What tests of live cameras need: a driver to plug in and pull out, small films, devices."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.media.live.camera import Patience
from studio.media.live.hub import Cameras
from studio.media.live.source import Device, Source
from studio.media.live.stream import Raw, Session
from studio.media.writer import VideoWriter
from studio.ui.devices import Devices, Mode, Plugged

QUICK = Patience(open_s=2.0, stall_s=0.2, silence_s=3.0, retry_s=0.05, retry_most_s=0.1)
WEBCAM = Plugged(
    Device(id="usb-1", name="Webcam", place="/nowhere/video0"),
    (Mode((1280, 720), 30.0), Mode((640, 480), 60.0)),
)
OTHER = Plugged(Device(id="usb-2", name="Webcam", place="/nowhere/video2"))


class Driver:
    """Opens every source while ``present`` and delivers grey pictures while ``going``."""

    def __init__(self) -> None:
        self.present = self.going = True
        self.rate_hz = 60.0
        self.size_px = (96, 64)
        self.level = 90
        self.notes: tuple[str, ...] = ()
        self.opened: list[Source] = []

    def __call__(self, source: Source, session: Session) -> _Stream:
        if not self.present:
            raise StudioError(f"{source.name} is not plugged in.", "Plug it in.")
        self.opened.append(source)
        return _Stream(self, source, session)


class _Stream:
    def __init__(self, driver: Driver, source: Source, session: Session) -> None:
        self._driver, self._source, self._session = driver, source, session
        self.rate_hz, self.notes = driver.rate_hz, driver.notes

    def read(self) -> Raw | None:
        while True:
            time.sleep(1 / self.rate_hz)
            if self._session.stopping.is_set():
                return None
            if not self._driver.present:
                raise StudioError(f"{self._source.name} was lost.", "Check its cable.")
            if self._driver.going:
                width, height = self._driver.size_px
                picture = np.full((height, width, 3), self._driver.level, np.uint8)
                return Raw(picture=picture)

    def interrupt(self) -> None:
        """It wakes by itself."""

    def close(self) -> None:
        """There is nothing to let go of."""


class Socket:
    """Where cameras are plugged in: a list of devices that tells when it changes."""

    def __init__(self, *plugged: Plugged) -> None:
        self.plugged = plugged
        self._call = lambda: None

    def devices(self) -> Devices:
        def watch(call):
            self._call = call

        return Devices(lambda: self.plugged, watch)

    def plug(self, *plugged: Plugged) -> None:
        self.plugged = plugged
        self._call()


def hub(driver: Driver) -> Cameras:
    """Cameras opened by a driver that comes back soon."""
    return Cameras(opener=driver, patience=QUICK)


def film(path: Path, frames: int = 60, size_px: tuple[int, int] = (96, 64)) -> Path:
    """A video at 30 frames a second that becomes brighter."""
    with VideoWriter(path, size_px, 30.0) as writer:
        for number in range(frames):
            writer.write(np.full((size_px[1], size_px[0], 3), 40 + 2 * number % 160, np.uint8))
    return path
