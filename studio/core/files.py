"""Files read and written with care: is there one, is it really one, and is it whole."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

from studio.core.errors import StudioError

_LFS = b"version https://git-lfs.github.com/spec/"

VIDEO_SUFFIXES = frozenset({
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv",
    ".flv", ".ogv", ".3gp", ".h264", ".264",
})  # fmt: skip
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts ``frame10`` after ``frame9``, in any mixture of digits and letters."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part.casefold())
        for part in re.split(r"(\d+)", name)
        if part
    )


def is_lfs_pointer(path: Path) -> bool:
    """Whether the file is the small text that Git LFS leaves in place of the real content."""
    with path.open("rb") as file:
        return file.read(len(_LFS)) == _LFS


def check_file(path: Path, what: str) -> None:
    """Raise StudioError unless ``path`` is a readable, non-empty file; ``what``: “the video”."""
    try:
        if not path.exists():
            raise StudioError(
                f"There is no file “{path.name}”.",
                f"Check where {what} lies: {path.parent.absolute()}",
            )
        if path.is_dir():
            raise StudioError(f"“{path.name}” is a folder.", f"Choose {what} inside it.")
        if path.stat().st_size == 0:
            raise StudioError(f"“{path.name}” is empty.", "Copy it again from where it was made.")
        if is_lfs_pointer(path):
            raise StudioError(
                f"“{path.name}” is a Git LFS pointer, not the file itself.",
                "Run “git lfs pull” where it came from, then copy it again.",
            )
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be read: {error.strerror or error}.", "Check its permissions."
        ) from error


def read_text(path: Path, what: str) -> str:
    """The text of a checked file. Raises StudioError if it is not text."""
    check_file(path, what)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudioError(f"“{path.name}” is not a text file.", f"Choose {what}.") from error
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be read: {error.strerror or error}.", "Check its permissions."
        ) from error


def images_in(folder: Path) -> tuple[Path, ...]:
    """The pictures of a folder, in natural order; or of a pattern such as ``folder/left*.jpg``."""
    named = folder.parent.glob(folder.name) if "*" in folder.name else folder.iterdir()
    found = (p for p in named if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
    return tuple(sorted(found, key=lambda p: natural_key(p.name)))


def picture_series(folder: Path) -> tuple[Path, ...]:
    """The folder itself, or a pattern for each camera where names tell cameras apart.

    ``left01.jpg right01.jpg left02.jpg ...`` are two series: same numbers, different words.
    """
    series: dict[tuple[str, str], list[str]] = {}
    for path in images_in(folder):
        match = re.fullmatch(r"(.*?)(\d+)", path.stem)
        word, number = (match[1], match[2]) if match else (path.stem, "")
        series.setdefault((word, path.suffix), []).append(number)
    numbers = {tuple(found) for found in series.values()}
    if len(series) < 2 or len(numbers) > 1 or len(next(iter(numbers))) < 2:
        return (folder,)
    return tuple(folder / f"{word}*{suffix}" for word, suffix in series)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new one."""
    temp = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temp.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temp.replace(path)
    except OSError as error:
        with suppress(OSError):
            temp.unlink(missing_ok=True)
        raise StudioError(
            f"“{path.name}” could not be written: {error.strerror or error}.",
            "Free some space, or choose another folder.",
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder, if it is not there. Raises StudioError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(
            f"“{folder}” cannot be made: {error.strerror or error}.", "Choose another folder."
        ) from error
