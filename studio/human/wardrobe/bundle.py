"""The files of assets: a folder or a zip, read by name and never outside of it."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from studio.core.errors import StudioError

LARGEST_BYTES = 256_000_000
"""A file that unpacks to more than this is not read."""
_ALIKE = (".png", ".webp", ".jpg", ".jpeg", ".tga", ".tif", ".bmp")


@dataclass(frozen=True, eq=False)
class Bundle:
    """Files by their names, ``/`` between folders, relative to the bundle's root."""

    title: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]

    def text(self, name: str) -> str:
        """A text file; bytes that are no UTF-8 are read as Latin-1."""
        data = self.read(name)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")

    def ending(self, suffix: str) -> tuple[str, ...]:
        """The files with this suffix, in order."""
        return tuple(name for name in self.names if name.lower().endswith(suffix))

    def beside(self, name: str, wanted: str) -> str | None:
        """The file that ``name`` calls ``wanted``: relative to it, or of that name anywhere near.

        Capital letters do not matter, nor which of the usual formats a picture is in. None if there
        is no such file in the bundle.
        """
        wanted = wanted.strip().strip('"').replace("\\", "/")
        folder = posixpath.dirname(name)
        place = posixpath.normpath(posixpath.join(folder, wanted))
        every = {other.lower(): other for other in self.names}
        near = [other for other in self.names if other.startswith(f"{folder}/" if folder else "")]
        by_name = {posixpath.basename(other).lower(): other for other in reversed(near)}
        for table, key in ((every, place), (by_name, posixpath.basename(place))):
            for candidate in _spellings(key.lower()):
                if candidate in table:
                    return table[candidate]
        return None


def _spellings(name: str) -> tuple[str, ...]:
    stem, suffix = posixpath.splitext(name)
    return (name, *(stem + other for other in _ALIKE)) if suffix in _ALIKE else (name,)


def open_bundle(path: Path) -> Bundle:
    """A folder, a zip, or the folder around one file. Raises StudioError if it cannot be read, or
    if a zip holds files that would land outside of it."""
    try:
        if path.is_dir():
            return _folder(path)
        if not path.exists():
            raise StudioError(f"“{path}” is not there.", "Choose a folder, a zip or an .mhclo.")
        if zipfile.is_zipfile(path):
            return _zip(path)
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be read: {error.strerror or error}.", "Choose another file."
        ) from error
    if path.suffix.lower() == ".zip":
        raise StudioError(
            f"“{path.name}” is not a zip, or it is cut short.", "Download the asset again."
        )
    return _folder(path.parent)


def _folder(root: Path) -> Bundle:
    home = root.resolve()
    names = sorted(
        file.relative_to(root).as_posix()
        for file in root.rglob("*")
        if file.is_file() and file.resolve().is_relative_to(home)
    )
    shared = home.parent / "materials"  # MakeHuman keeps there what several assets share
    if (
        any(name.endswith((".mhclo", ".mhmat")) and "/" not in name for name in names)
        and shared.is_dir()
    ):
        names += [f"../materials/{file.name}" for file in sorted(shared.iterdir())]

    def read(name: str) -> bytes:
        return _limited(name, (root / name).stat().st_size, (root / name).read_bytes)

    return Bundle(root.name, tuple(names), read)


def _zip(path: Path) -> Bundle:
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
    sizes: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for member in members:
        name = member.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or ":" in name:
            raise StudioError(
                f"“{path.name}” holds a file “{name}” that points outside of the zip.",
                "Do not use this file: it is damaged or was made to do harm.",
            )
        sizes[name], spelled[name] = member.file_size, member.filename

    def read(name: str) -> bytes:
        def unpack() -> bytes:
            try:
                with zipfile.ZipFile(path) as archive:
                    return archive.read(spelled[name])
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
                raise StudioError(
                    f"“{name}” in “{path.name}” cannot be unpacked ({error}).",
                    "Download the asset again, or unpack it and choose the folder.",
                ) from error

        return _limited(name, sizes[name], unpack)

    return Bundle(path.stem, tuple(sorted(sizes)), read)


def _limited(name: str, size: int, read: Callable[[], bytes]) -> bytes:
    if size > LARGEST_BYTES:
        raise StudioError(
            f"“{name}” is too large ({size / 1e6:.0f} MB).",
            f"Files of assets are read up to {LARGEST_BYTES / 1e6:.0f} MB.",
        )
    return read()
