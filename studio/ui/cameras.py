"""The live cameras of the window: shared by the features, kept over sessions, opened on demand."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.settings import SettingsFile
from studio.core.types import Frame
from studio.media.live.hub import Cameras
from studio.media.live.source import Device, Source
from studio.media.live.stats import State
from studio.ui.devices import Devices
from studio.ui.notices import Notice, Notices

TELL_MS = 500
CLOSE_S = 2.0
FILES = frozenset({"video", "images"})
GONE: frozenset[State] = frozenset({"lost", "failed"})
ON: frozenset[State] = frozenset({"live", "stalled"})


def looks(source: Source) -> bool:
    """Whether somebody may be before this camera now: not before a film."""
    return source.kind not in FILES


class CameraService(QObject):
    """The cameras and the devices there are. Nothing is opened until :meth:`open` is called.

    ``changed`` follows a change of the set, its order, a setting, and opening and closing;
    ``told`` comes twice a second while cameras are open; ``ask`` asks the list of cameras for
    “files” or a “stream”. Pictures are pulled from :attr:`hub`.
    ``canvas`` is the canvas that shows them, once there is one; ``followed`` are the pictures, by
    camera, that somebody shows there together with what was found in them, in place of the newest.
    """

    changed = Signal()
    told = Signal()
    ask = Signal(str)

    def __init__(
        self,
        settings: SettingsFile,
        notices: Notices,
        hub: Cameras | None = None,
        devices: Devices | None = None,
    ) -> None:
        super().__init__()
        self._settings, self._notices = settings, notices
        self.hub = hub or Cameras()
        self.hub.may_open = lambda source: self._agreed or not looks(source)
        self.devices = devices or Devices()
        self.canvas: Any = None
        self.followed: dict[str, Frame] = {}
        self._lively: set[str] = set()
        self._gone: set[str] = set()
        self._known: frozenset[str] | None = None
        self._none: Notice | None = None
        self._asked: Notice | None = None
        self.hub.restore(settings.value.cameras)
        self.devices.changed.connect(self._on_devices)
        self._timer = QTimer(self, interval=TELL_MS)
        self._timer.timeout.connect(self._tell)

    # -- which cameras there are

    @property
    def sources(self) -> tuple[Source, ...]:
        """The cameras in the user's order, open or not."""
        return self.hub.sources

    def look_for_devices(self) -> None:
        """List what is plugged in, and follow it from now on. Opens nothing."""
        self.devices.start()

    def free_devices(self) -> tuple[Device, ...]:
        """Devices that are plugged in and not among the cameras."""
        taken = {source.id for source in self.sources}
        return tuple(p.device for p in self.devices.plugged if p.device.id not in taken)

    def add(self, *sources: Source) -> tuple[Source, ...]:
        """Take cameras in, each under a name of its own; they open where the others are open.

        Where all are files they begin together. Raises StudioError for one that is there already.
        """
        added: list[Source] = []
        try:
            for source in sources:
                names = {known.name for known in self.sources}
                name, count = source.name, 2
                while name in names:
                    name, count = f"{source.name} {count}", count + 1
                added.append(source.model_copy(update={"name": name}))
                self.hub.add(added[-1])
        finally:
            if self.running and all(known.kind in FILES for known in self.sources):
                self.hub.stop()
                self.hub.start()
            self._keep()
        if self.running:
            self.open()
        return tuple(added)

    def remove(self, id: str) -> None:
        """Let a camera go."""
        self.hub.remove(id)
        if not self.sources:
            self.close_cameras()
        self._keep()

    def change(self, source: Source) -> None:
        """Rename a camera or change its settings. Raises StudioError for a name that is taken."""
        self.hub.change(source)
        self._keep()

    def move(self, id: str, to: int) -> None:
        """Put a camera at another place in the order."""
        self.hub.move(id, min(max(to, 0), len(self.sources) - 1))
        self._keep()

    def _keep(self) -> None:
        if self._none is not None and self.sources:
            self._notices.settle(self._none)
            self._none = None
        self._settings.change(cameras=self.hub.saved())
        self.changed.emit()

    # -- opening and closing

    @property
    def running(self) -> bool:
        """Whether the cameras are open, or being opened."""
        return self.hub.running

    def open(self) -> None:
        """Open all cameras. Returns at once; each says by itself how it fares.

        Before a camera opens that looks at somebody, they are asked, once; films do not wait.
        """
        looking = [source for source in self.sources if looks(source)]
        if looking and not self._agreed:
            self._ask_first()
            if len(looking) == len(self.sources):
                return
        if self.running:
            self.hub.start()
            self.changed.emit()
        elif self.sources:
            self.hub.start()
            self._lively.clear()
            self._gone.clear()
            self._timer.start()
            self.changed.emit()

    @property
    def looking(self) -> tuple[str, ...]:
        """The names of the cameras that look at whoever is before them."""
        return tuple(c.name for c in self.hub.live() if looks(c.source) and c.status.state in ON)

    @property
    def _agreed(self) -> bool:
        return self._settings.value.cameras_agreed

    def _ask_first(self) -> None:
        if self._asked is None:
            self._asked = self._notices.tell(
                "A camera is about to be opened.",
                "Its pictures stay on this computer; nothing is recorded or sent unless you ask "
                "for it. Ask whoever else can be seen.",
                "look",
                ("Open the camera", self._agree),
            )

    def _agree(self) -> None:
        """Somebody was told what a camera does here, and wants it opened."""
        self._settings.change(cameras_agreed=True)
        if self._asked is not None:
            self._notices.settle(self._asked)
            self._asked = None
        self.open()

    def open_first(self) -> None:
        """Open what there is: the cameras, else the first device; says so if there is none."""
        self.look_for_devices()
        free = self.free_devices()
        if not self.sources and free:
            self.add(free[0].source())
        self.open()
        if not self.sources:
            self._none = self._notices.tell(
                "No camera is plugged in." if not self.devices.trouble else self.devices.trouble,
                "Plug one in, or use a phone, a network stream or a video in its place.",
                "look",
                ("Use a video", lambda: self.ask.emit("files")),
                ("Use a phone or stream", lambda: self.ask.emit("stream")),
            )

    def close_cameras(self) -> None:
        """Let go of all cameras."""
        if self.running:
            self._timer.stop()
            self.hub.stop()
            self.changed.emit()

    def close(self) -> None:
        """The program ends: let go of everything, and wait a moment for the threads."""
        self._timer.stop()
        self.hub.stop(wait_s=CLOSE_S)
        self.devices.close()

    # -- what is told

    def _tell(self) -> None:
        for camera in self.hub.live():
            status = camera.status
            if status.state in GONE and camera.name in self._lively:
                self._lively.discard(camera.name)
                self._gone.add(camera.name)
                self._notices.tell(status.text, status.hint, "look")
            elif status.state == "live":
                self._lively.add(camera.name)
                if camera.name in self._gone:
                    self._gone.discard(camera.name)
                    self._notices.tell(f"{camera.name} is back.", level="good")
        self.told.emit()

    def _on_devices(self) -> None:
        """Something was plugged in or out: tell the cameras, and offer what is new."""
        present = [p.device for p in self.devices.plugged]
        self.hub.present(present)
        free = {device.id: device for device in self.free_devices()}
        known, self._known = self._known, frozenset(device.id for device in present)
        for id in free if known is not None else ():
            if known is not None and id not in known:
                self._offer(free[id])
        self.changed.emit()

    def _offer(self, device: Device) -> None:
        def take() -> None:
            self.add(device.source())
            self.open()

        self._notices.tell(f"“{device.name}” was plugged in.", "", "plain", ("Use it", take))
