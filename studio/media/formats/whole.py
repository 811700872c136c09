"""Files that are written whole: a crash or a cancel leaves the old file or the new one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.core.errors import StudioError


@contextmanager
def whole(path: Path) -> Generator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well.

    It keeps the suffix, for libraries that choose their format by it. Raises StudioError if the
    folder cannot be written.
    """
    temp = path.with_name(f".{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temp
        with temp.open("rb+") as file:
            os.fsync(file.fileno())
        temp.replace(path)
    except OSError as error:
        raise StudioError(
            f"“{path.name}” could not be written: {error.strerror or error}.",
            "Choose another folder, or free some space.",
        ) from error
    finally:
        with suppress(OSError):
            temp.unlink(missing_ok=True)
