"""Where jobs run: one GPU thread, a few CPU threads, a few for files and cameras."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, TypeVar

LaneName = Literal["gpu", "cpu", "io"]
T = TypeVar("T")


class Lane(ThreadPoolExecutor):
    """A pool of threads. What is handed to it once it is closed is cancelled, as what waited is: a
    window that closes may still ask for something."""

    _closed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        if not self._closed:
            return super().submit(fn, *args, **kwargs)
        late: Future[T] = Future()
        late.cancel()
        late.set_running_or_notify_cancel()
        return late

    def close(self) -> None:
        """Drop what waits and let what runs end."""
        self._closed = True
        self.shutdown(wait=True, cancel_futures=True)


class Lanes:
    """Three thread pools. ``gpu`` has one thread, so two networks never fight for the memory."""

    def __init__(self, cpu: int | None = None, io: int = 4) -> None:
        cpu = cpu or max(1, (os.cpu_count() or 2) - 1)
        self.gpu = Lane(1, "gpu")
        self.cpu = Lane(cpu, "cpu")
        self.io = Lane(io, "io")

    def __getitem__(self, name: LaneName) -> Lane:
        return {"gpu": self.gpu, "cpu": self.cpu, "io": self.io}[name]

    def close(self) -> None:
        """Drop what waits and let what runs end."""
        for lane in (self.gpu, self.cpu, self.io):
            lane.close()
