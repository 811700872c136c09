"""Files that are written whole: a crash or a cancel leaves the old file or the new one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.core.errors import StudioError


def check_places(*wanted: tuple[Path | None, tuple[str, ...]]) -> None:
    """Raise StudioError if one of the files that are wanted (those that are not are None) has an
    ending that is not among its own, or cannot be written: to be asked before long work."""
    for path, endings in wanted:
        if path is None:
            continue
        if path.suffix.lower() not in endings:
            raise StudioError(
                f"“{path.name}” has an ending that is not written here.",
                f"Use {' or '.join(endings)}.",
            )
        check_place(path)


def check_place(path: Path, *suffixes: str) -> None:
    """Raise StudioError if no file can be written to ``path``, or if its name ends in none of the
    ``suffixes`` (if any are given): to be asked before long work."""
    if suffixes and path.suffix.lower() not in suffixes:
        raise StudioError(
            f"“{path.name}” does not end in {' or '.join(suffixes)}.",
            f"Give it the name {path.stem}{suffixes[0]}.",
        )
    try:
        if path.is_dir():
            raise StudioError(f"“{path}” is a folder.", "Give the name of a file in it.")
        nearest = next(folder for folder in path.absolute().parents if folder.exists())
    except OSError as error:
        raise StudioError(
            f"“{path}” cannot be written: {error.strerror or error}.", "Choose another name."
        ) from error
    if not nearest.is_dir():
        raise StudioError(f"“{nearest}” is a file, not a folder.", "Choose another folder.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise StudioError(f"The folder “{nearest}” cannot be written.", "Choose another folder.")


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
