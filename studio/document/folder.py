"""A project on disk: ``Name.doppel/`` with ``project.json``, ``autosave.json`` and ``assets/``.

Every write is temp + fsync + replace, so a crash leaves the old file or the new one, never half
of one. Assets are named by their sha256 and never change. A project that cannot be read is moved
aside, never overwritten; one made by a newer Doppel, or in a folder that cannot be written, opens
read-only and says so.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.document import migrate
from studio.document.project import VERSION, Asset, Project

SUFFIX = ".doppel"


class Assets:
    """The content-addressed files of a project. Safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, asset: Asset) -> Path:
        """Where the file lies. Raises StudioError if it is gone."""
        path = self.folder / f"{asset.sha256}{asset.suffix}"
        if not path.is_file():
            raise StudioError(
                f"A data file of this project is missing ({asset.sha256[:8]}…{asset.suffix}).",
                "Restore the project's assets folder from a backup, or run the step again.",
            )
        return path

    def put(self, data: bytes, suffix: str) -> Asset:
        """Store bytes once; the same bytes give the same asset."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.folder / f"{sha256}{suffix}"
        if not path.exists():
            write_whole(path, data)
        return Asset(sha256=sha256, suffix=suffix, size=len(data))

    def put_file(self, source: Path) -> Asset:
        """Store a copy of a file."""
        return self.put(source.read_bytes(), source.suffix.lower())

    def put_arrays(self, arrays: Mapping[str, np.ndarray]) -> Asset:
        """Store named arrays (npz, no pickles)."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return self.put(buffer.getvalue(), ".npz")

    def arrays(self, asset: Asset) -> dict[str, np.ndarray]:
        """Read named arrays. Raises StudioError if the file is gone or damaged."""
        path = self.path(asset)
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise StudioError(
                f"A data file of this project is damaged ({path.name[:8]}…).",
                "Run the step that made it again.",
            ) from error

    def sweep(self, needed: frozenset[str]) -> int:
        """Delete files that nothing needs any more; how many were deleted."""
        gone = 0
        for path in self.folder.glob("*"):
            if path.is_file() and path.stem not in needed and not path.name.startswith("."):
                path.unlink(missing_ok=True)
                gone += 1
        return gone


@dataclass(frozen=True)
class Opened:
    """What came of opening a folder. ``note`` explains a read-only or recovered project."""

    project: Project
    read_only: bool = False
    note: str = ""
    recovered: Project | None = None


class ProjectFolder:
    """A project's folder: read, save, autosave, recover."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.assets = Assets(path / "assets")

    @property
    def file(self) -> Path:
        return self.path / "project.json"

    @property
    def autosave_file(self) -> Path:
        return self.path / "autosave.json"

    def save(self, project: Project) -> None:
        """Write the project, then drop the autosave it replaces."""
        write_whole(self.file, project.model_dump_json(indent=1).encode())
        self.autosave_file.unlink(missing_ok=True)

    def autosave(self, project: Project) -> None:
        """Write the project beside itself."""
        write_whole(self.autosave_file, project.model_dump_json(indent=1).encode())

    def open(self) -> Opened:
        """Read the project; offer a newer autosave as ``recovered``.

        Raises StudioError if there is no project here, or if it cannot be read (it is then moved
        aside first).
        """
        if not self.file.is_file() and not self.autosave_file.is_file():
            raise StudioError(
                f"There is no project in “{self.path.name}”.",
                "Open a folder whose name ends in .doppel.",
            )
        recovered = self._autosaved()
        if not self.file.is_file():
            if recovered is None:
                raise StudioError(
                    f"“{self.path.name}” holds only an autosave that cannot be read.",
                    "Start a new project; the file was kept.",
                )
            return Opened(recovered, note="Recovered from the autosave.")
        text = self.file.read_bytes()
        try:
            raw = json.loads(text)
            if not isinstance(raw, dict):
                raise ValueError("not an object")
            version = raw.get("version")
            if isinstance(version, int) and version > VERSION:
                return self._newer(raw, version)
            project = Project.model_validate(migrate.to_current(raw))
        except (ValueError, ValidationError) as error:
            aside = self._move_aside()
            if recovered is not None:
                return Opened(
                    recovered,
                    note="The project file was damaged and moved aside as "
                    f"“{aside.name}”; this is the autosave.",
                )
            raise StudioError(
                f"The project file of “{self.path.name}” is damaged.",
                f"It was kept as “{aside.name}”. The data files are untouched.",
            ) from error
        read_only = not os.access(self.path, os.W_OK)
        note = "This folder cannot be written: save the project elsewhere." if read_only else ""
        if recovered == project:
            recovered = None
        return Opened(project, read_only, note, recovered)

    def _newer(self, raw: dict[str, Any], version: int) -> Opened:
        known = {name: raw[name] for name in ("name", "items", "params") if name in raw}
        try:
            project = Project.model_validate({**known, "version": VERSION})
        except ValidationError as error:
            raise StudioError(
                f"This project was made by a newer Doppel (format {version}).",
                "Update Doppel to open it; nothing was changed.",
            ) from error
        return Opened(
            project,
            read_only=True,
            note=f"This project was made by a newer Doppel (format {version}): it is open to "
            "look at. Save it under another name to work on a copy.",
        )

    def _autosaved(self) -> Project | None:
        try:
            if self.file.is_file() and (
                self.autosave_file.stat().st_mtime_ns < self.file.stat().st_mtime_ns
            ):
                return None
            return Project.model_validate(
                migrate.to_current(json.loads(self.autosave_file.read_bytes()))
            )
        except (OSError, ValueError, ValidationError):
            return None

    def _move_aside(self) -> Path:
        aside = self.path / f"project.broken-{time.strftime('%Y%m%d-%H%M%S')}.json"
        self.file.replace(aside)
        return aside

    def copy_to(self, path: Path) -> ProjectFolder:
        """Copy the assets to a new folder (``Save as``); the caller saves the project there."""
        if path.exists() and any(path.iterdir()):
            raise StudioError(
                f"“{path.name}” already exists and is not empty.", "Choose another name."
            )
        copy = ProjectFolder(path)
        if self.assets.folder.is_dir():
            shutil.copytree(self.assets.folder, copy.assets.folder, dirs_exist_ok=True)
        return copy
