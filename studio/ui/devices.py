"""The cameras plugged into this machine, by name, as Qt Multimedia lists them; none is opened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.media.live.devices import devices_here
from studio.media.live.source import Device

_log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Mode:
    """A size and the highest rate at which a device offers it."""

    size_px: tuple[int, int]
    rate_hz: float


@dataclass(frozen=True)
class Plugged:
    """A device that is there now, and what it offers, largest first."""

    device: Device
    modes: tuple[Mode, ...] = ()


class Devices(QObject):
    """Who is plugged in. ``changed`` follows plugging and unplugging.

    ``look`` lists what is there and ``watch`` calls back on changes; the defaults ask Qt
    Multimedia. Where that is missing the list stays empty and :attr:`trouble` says why; files and
    streams work on.
    """

    changed = Signal()

    def __init__(
        self,
        look: Callable[[], Iterable[Plugged]] | None = None,
        watch: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        super().__init__()
        self.trouble = ""
        self.plugged: tuple[Plugged, ...] = ()
        self._look = look or _listed
        self._watch = watch or _follow
        self._watcher: object = None
        self._started = False

    def start(self) -> None:
        """Look for the first time, and follow changes from now on. Calling again is fine."""
        if self._started:
            return
        self._started = True
        try:
            self._watcher = self._watch(self.refresh)
        except Exception as error:
            self._give_up(error)
            return
        self.refresh()

    def refresh(self) -> None:
        """List the devices anew."""
        try:
            found = tuple(self._look())
        except Exception as error:
            self._give_up(error)
            return
        if found != self.plugged:
            self.plugged = found
            self.changed.emit()

    def _give_up(self, error: Exception) -> None:
        if not self.trouble:
            _log.warning("cameras cannot be listed: %s", error)
        self.trouble = "Cameras cannot be listed here: Qt Multimedia does not start."

    def modes(self, id: str) -> tuple[Mode, ...]:
        """What a device offers; empty where unknown."""
        return next((p.modes for p in self.plugged if p.device.id == id), ())

    def close(self) -> None:
        """Stop following."""
        watcher, self._watcher = self._watcher, None
        self._watch = lambda _: None
        if isinstance(watcher, QObject):
            watcher.disconnect(self)
            watcher.deleteLater()


def _follow(call: Callable[[], object]) -> QObject:
    from PySide6.QtMultimedia import QMediaDevices

    watcher = QMediaDevices()
    watcher.videoInputsChanged.connect(call)
    return watcher


def _listed() -> Iterable[Plugged]:
    from PySide6.QtMultimedia import QMediaDevices

    here = {Path(device.place).resolve(): device for device in devices_here()}
    return [_plugged(camera, here) for camera in QMediaDevices.videoInputs()]


def _plugged(camera: Any, here: Mapping[Path, Device]) -> Plugged:
    """A device of Qt's list. Windows and macOS give ids that survive replugging; for Linux, which
    numbers devices as they come, ``here`` knows them by their nodes."""
    best: dict[tuple[int, int], float] = {}
    for form in camera.videoFormats():
        size = (form.resolution().width(), form.resolution().height())
        best[size] = max(best.get(size, 0.0), round(float(form.maxFrameRate()), 3))
    modes = tuple(sorted((Mode(size, rate) for size, rate in best.items()), reverse=True))
    own = camera.id().data().decode("utf-8", "replace")
    name = camera.description() or "Camera"
    known = here.get(Path(own).resolve()) if own.startswith("/dev/") else None
    if known is not None:
        return Plugged(known.model_copy(update={"name": name}), modes)
    place = own if own.startswith("/dev/") else name
    return Plugged(Device(id=own, name=name, place=place), modes)
