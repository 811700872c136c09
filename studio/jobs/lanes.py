"""Where jobs run: one GPU thread, a few CPU threads, a few for files and cameras."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

LaneName = Literal["gpu", "cpu", "io"]


class Lanes:
    """Three thread pools. ``gpu`` has one thread, so two networks never fight for the memory."""

    def __init__(self, cpu: int | None = None, io: int = 4) -> None:
        cpu = cpu or max(1, (os.cpu_count() or 2) - 1)
        self.gpu = ThreadPoolExecutor(1, "gpu")
        self.cpu = ThreadPoolExecutor(cpu, "cpu")
        self.io = ThreadPoolExecutor(io, "io")

    def __getitem__(self, name: LaneName) -> ThreadPoolExecutor:
        return {"gpu": self.gpu, "cpu": self.cpu, "io": self.io}[name]

    def close(self) -> None:
        """Drop what waits and let what runs end."""
        for lane in (self.gpu, self.cpu, self.io):
            lane.shutdown(wait=True, cancel_futures=True)
