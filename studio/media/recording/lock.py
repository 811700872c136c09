"""Whether a take is being recorded right now, by whom, and a little room to end it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from studio.media.recording.take import LOCK

ROOM = 1_000_000
STALE_S = 10.0


class Lock:
    """A file beside the take while it is recorded. It reserves room for the take's last words."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        with self._path.open("wb") as file:
            file.write(f"{os.getpid()}\n".encode())
            with suppress(OSError):
                file.write(b"\0" * ROOM)
                file.flush()

    def beat(self) -> None:
        """Say that the recording goes on."""
        with suppress(OSError):
            os.utime(self._path)

    def give_room(self) -> None:
        """Free the reserved bytes."""
        with suppress(OSError):
            os.truncate(self._path, len(str(os.getpid())) + 1)

    def release(self) -> None:
        """The recording is over."""
        with suppress(OSError):
            self._path.unlink()


def is_recording(folder: Path) -> bool:
    """Whether a program that lives is recording into a folder."""
    path = folder / LOCK
    try:
        with path.open("rb") as file:
            pid = int(file.readline(32))
        quiet_s = time.time() - path.stat().st_mtime
    except (OSError, ValueError):
        return False
    if quiet_s > STALE_S:
        return False
    return sys.platform == "win32" or _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
