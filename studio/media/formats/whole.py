"""Files that are written whole: a crash or a cancel leaves the old file or the new one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.core.errors import StudioError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
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
        temp.unlink(missing_ok=True)


def read_text(path: Path) -> str:
    """The text of a file: UTF-8 with or without a mark, else Latin-1. Raises StudioError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be read: {error.strerror or error}.",
            "Check the path and that you may read the file.",
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
