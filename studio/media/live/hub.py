"""All live cameras together: one service that the features share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from studio.core.errors import StudioError
from studio.core.types import Frame, FrameSet
from studio.media.live.camera import LiveCamera, Patience
from studio.media.live.open import open_stream
from studio.media.live.sets import newest_set
from studio.media.live.source import Device, Source
from studio.media.live.stats import Stats
from studio.media.live.stream import Opener

START_S = 0.4


class Cameras:
    """The cameras in use, in the user's order. Everything returns at once, from any thread.

    Frames of all cameras carry capture times on one clock: seconds of ``time.monotonic``.
    ``may_open`` is asked before a camera is opened; one that may not waits for the next start.
    """

    def __init__(
        self,
        sources: Sequence[Source] = (),
        *,
        opener: Opener = open_stream,
        patience: Patience | None = None,
    ) -> None:
        self._opener, self._patience = opener, patience or Patience()
        self.may_open: Callable[[Source], bool] = lambda source: True
        self._sources: tuple[Source, ...] = ()
        self._cameras: dict[str, LiveCamera] = {}
        self._running = False
        self._epoch_s = 0.0
        self._edit = threading.RLock()
        self._fresh = threading.Condition()
        self._arrivals = 0
        for source in sources:
            self.add(source)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the cameras are asked to be, in order."""
        return self._sources

    @property
    def running(self) -> bool:
        """Whether :meth:`start` was called and :meth:`stop` was not."""
        return self._running

    def add(self, source: Source) -> None:
        """Take a camera in; it starts at once where the others run.

        Raises StudioError if its name or its id is taken.
        """
        with self._edit:
            self._check(source, self._sources)
            self._sources = (*self._sources, source)
            self._begin(source)

    def remove(self, id: str) -> None:
        """Let a camera go. An unknown id changes nothing."""
        with self._edit:
            self._sources = tuple(s for s in self._sources if s.id != id)
            self._end(id)

    def change(self, source: Source) -> None:
        """Replace the source of the same id; it is opened anew where something changed."""
        with self._edit:
            if source in self._sources:
                return
            self._check(source, [s for s in self._sources if s.id != source.id])
            self._sources = tuple(source if s.id == source.id else s for s in self._sources)
            self._end(source.id)
            self._begin(source)

    def move(self, id: str, to: int) -> None:
        """Put a camera at place ``to`` in the order."""
        with self._edit:
            moved = [s for s in self._sources if s.id == id]
            rest = [s for s in self._sources if s.id != id]
            self._sources = (*rest[:to], *moved, *rest[to:])

    def start(self) -> None:
        """Open all cameras that are not open yet; files among them start together."""
        with self._edit:
            if not self._running:
                self._running = True
                self._epoch_s = time.monotonic() + START_S
            for source in self._sources:
                self._begin(source)

    def stop(self, wait_s: float = 0.0) -> None:
        """Let go of all cameras; waits at most ``wait_s`` in all for their threads."""
        with self._edit:
            self._running = False
            cameras = list(self._cameras.values())
            self._cameras.clear()
        until = time.monotonic() + wait_s
        for camera in cameras:
            camera.stop()
        for camera in cameras:
            camera.stop(max(until - time.monotonic(), 0.0))
        self._tell()

    def camera(self, id: str) -> LiveCamera | None:
        """The camera at work for a source, None while it does not run."""
        return self._cameras.get(id)

    def live(self) -> tuple[LiveCamera, ...]:
        """The cameras at work, in order."""
        with self._edit:
            known = (self._cameras.get(source.id) for source in self._sources)
            return tuple(camera for camera in known if camera is not None)

    def newest(self) -> Mapping[str, Frame]:
        """Camera name -> its newest frame; cameras without a picture are absent."""
        frames = {camera.name: camera.newest() for camera in self.live()}
        return {name: frame for name, frame in frames.items() if frame is not None}

    def stats(self) -> Mapping[str, Stats]:
        """Camera name -> its state and figures, for all that run."""
        return {camera.name: camera.stats() for camera in self.live()}

    def frame_sets(
        self, stop: Callable[[], bool] = lambda: False, *, slack_s: float | None = None
    ) -> Iterator[FrameSet]:
        """Synchronised sets as they come, until ``stop()`` or :meth:`stop`.

        Of every camera the frame nearest to the moment that all can show, if it is within
        ``slack_s`` (default: half its own frame time). A camera silent for a second holds nobody
        up: it is absent. A slow reader misses sets, it never falls behind.
        """
        last_s, number, seen = -float("inf"), 0, -1
        while self._running and not stop():
            with self._fresh:
                self._fresh.wait_for(lambda seen=seen: self._arrivals != seen, 0.1)
                seen = self._arrivals
            found = newest_set(self.live(), last_s, slack_s)
            if found is not None:
                last_s, frames = found
                yield FrameSet(number, last_s, frames)
                number += 1

    def present(self, devices: Sequence[Device]) -> tuple[str, ...]:
        """Tell which devices are plugged in now; returns sentences on what came and went.

        A device that moved to another place is opened there.
        """
        by_id = {device.id: device for device in devices}
        said: list[str] = []
        for source in self._sources:
            if source.kind != "device":
                continue
            device, camera = by_id.get(source.id), self._cameras.get(source.id)
            if device is not None and device.place != source.place:
                self.change(source.model_copy(update={"place": device.place}))
                camera = self._cameras.get(source.id)
            if camera is not None and camera.plugged(device is not None):
                said.append(
                    f"{source.name} is back." if device else f"{source.name} was unplugged."
                )
        return tuple(said)

    def saved(self) -> tuple[dict[str, object], ...]:
        """The set of cameras as plain values, for settings and projects."""
        return tuple(source.model_dump(mode="json") for source in self._sources)

    def restore(self, saved: Sequence[Mapping[str, object]]) -> None:
        """Replace the cameras by a saved set. What cannot be read is left out."""
        with self._edit:
            for source in self._sources:
                self.remove(source.id)
            for fields in saved:
                try:
                    self.add(Source.model_validate(fields))
                except (ValueError, StudioError):
                    continue

    def _begin(self, source: Source) -> None:
        if self._running and source.id not in self._cameras and self.may_open(source):
            epoch = self._epoch_s if time.monotonic() < self._epoch_s else None
            camera = LiveCamera(
                source, self._opener,
                epoch_s=epoch, patience=self._patience, on_frame=self._tell,
            )  # fmt: skip
            self._cameras[source.id] = camera
            camera.start()

    def _end(self, id: str) -> None:
        camera = self._cameras.pop(id, None)
        if camera is not None:
            camera.stop()

    def _tell(self) -> None:
        with self._fresh:
            self._arrivals += 1
            self._fresh.notify_all()

    def _check(self, source: Source, others: Sequence[Source]) -> None:
        if any(other.id == source.id for other in others):
            raise StudioError(f"{source.name} is among the cameras already.", "Choose another.")
        if any(other.name == source.name for other in others):
            raise StudioError(
                f"Two cameras cannot both be called “{source.name}”.", "Rename one of them."
            )
