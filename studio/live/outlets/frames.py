"""Finished pictures of the stage, for whoever takes them: a virtual camera, a film, a window.

Who takes pictures is a :class:`FrameSink`: two methods that may block as long as they like. The
stage holds one :class:`FrameOutlet` for each, which gives the sink a thread of its own and never
waits for it::

    outlet = FrameOutlet("film", lambda: FilmSink(path), every=True)
    outlet.show(Picture(rgba, time_s))      # at once, from any thread
    outlet.close()                          # a film's last pictures are written first

A plug-in offers a sink by naming a :data:`MakeSink` as ``frames`` in its ``feature.toml``;
:meth:`studio.registry.Registry.offering` finds it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from jaxtyping import UInt8
from numpy import ndarray

ROOM_BYTES = 200_000_000
"""What may wait for a sink that wants every picture: 54 of 1280 x 720 with alpha."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture (height, width, 3: RGB, or 4: RGBA, alpha not multiplied in), and when it
    was taken, by ``time.monotonic``. Nobody writes into it any more."""

    pixels: UInt8[ndarray, "height width channels"]
    time_s: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.pixels.shape[:2]
        return width, height


@dataclass(frozen=True)
class Wish:
    """What the stage is going to show: its size and its usual rate."""

    size_px: tuple[int, int]
    rate_hz: float = 30.0


class FrameSink(Protocol):
    """Who takes pictures. Made, used and closed by one thread, which is not the stage's."""

    def write(self, picture: Picture) -> None: ...

    def close(self) -> None: ...


MakeSink = Callable[[Wish], FrameSink]
"""Opens a sink; raises StudioError, with what to do, where that is not possible."""


class FrameOutlet:
    """A sink behind a thread of its own. For any number of threads.

    A sink that takes ``every`` picture has room for ``room_bytes`` of them, and what comes while
    that is full is skipped; any other is shown the newest alone. ``skipped`` counts what it missed,
    ``written`` what it took. What it raises ends it and is kept in ``error``.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], FrameSink],
        *,
        every: bool = False,
        room_bytes: int = ROOM_BYTES,
    ) -> None:
        self.name, self._make = name, make
        self._every, self._room_bytes = every, room_bytes
        self.written = self.skipped = 0
        self.error: BaseException | None = None
        self._waiting: deque[Picture] = deque()
        self._held = 0
        self._ending = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"frames {name}", daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """Whether it takes pictures: not once it was closed or failed."""
        return self._thread.is_alive() and not self._ending

    def show(self, picture: Picture) -> None:
        """Hand on a picture. Returns at once."""
        with self._news:
            if self._ending or self.error is not None:
                return
            if not self._every:
                self.skipped += len(self._waiting)
                self._waiting.clear()
                self._held = 0
            elif self._waiting and self._held + picture.pixels.nbytes > self._room_bytes:
                self.skipped += 1
                return
            self._waiting.append(picture)
            self._held += picture.pixels.nbytes
            self._news.notify_all()

    def close(self, wait_s: float = 30.0) -> None:
        """Take no more; what waits is written first where every picture counts. Waits at most
        ``wait_s`` for the sink to be closed."""
        with self._news:
            self._ending = True
            if not self._every:
                self._waiting.clear()
            self._news.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(wait_s)

    def _run(self) -> None:
        sink: FrameSink | None = None
        try:
            sink = self._make()
            while (picture := self._next()) is not None:
                sink.write(picture)
                self.written += 1
        except Exception as error:
            self.error = error
        finally:
            self._let_go(sink)

    def _next(self) -> Picture | None:
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._ending)
            if not self._waiting:
                return None
            picture = self._waiting.popleft()
            self._held -= picture.pixels.nbytes
            return picture

    def _let_go(self, sink: FrameSink | None) -> None:
        with self._news:
            self._waiting.clear()
        if sink is not None:
            try:
                sink.close()
            except Exception as error:
                self.error = self.error or error
