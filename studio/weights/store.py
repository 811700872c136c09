"""The networks on disk: one folder in the user's cache, every file known by its sha256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.errors import StudioError
from studio.core.folders import cache_folder
from studio.weights.networks import Network, WeightFile, catalogue, network

State = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True)
class Installed:
    """A network of the catalogue, and whether it is here."""

    network: Network
    state: State
    path: Path


def folder() -> Path:
    """Where weights are kept: ``DOPPEL_CACHE_DIR`` or the user's cache, then ``weights``."""
    return cache_folder("weights")


def place(file: WeightFile) -> Path:
    """Where a file is kept, whether or not it is there."""
    return folder() / file.name


def find(name: str) -> Path:
    """The main file of a network. Raises StudioError saying how to get it if it is not here."""
    wanted = network(name)
    if (state := _look(wanted, deep=False)) != "ready":
        trouble = "is not installed" if state == "missing" else "is damaged"
        raise StudioError(
            f"The network “{name}” ({wanted.need.lower()}) {trouble}.",
            f"Run: doppel models install {name}",
            "app.models",
        )
    return place(wanted.files[0])


def finder() -> Callable[[str], Path] | None:
    """:func:`find` for evaluations, if the network that all are measured beside is installed."""
    try:
        find("pose_landmarker_full")
    except StudioError:
        return None
    return find


def state() -> tuple[Installed, ...]:
    """Every network and whether it is here, by its size alone: quick."""
    return _all(deep=False)


def verify() -> tuple[Installed, ...]:
    """Every network and whether it is here, by its sha256: reads every installed file."""
    return _all(deep=True)


def keep(file: WeightFile, data: bytes) -> Path:
    """Check a file's final bytes and put it in its place (temp + replace).

    Raises StudioError if it is not that file or the disk refuses it.
    """
    refuse_wrong(file.name, data, file.kept_size, file.kept_sha256)
    path = place(file)
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temp.write_bytes(data)
        temp.replace(path)
    except OSError as error:
        temp.unlink(missing_ok=True)
        raise StudioError(
            f"“{path.name}” could not be written to {path.parent}: {error.strerror or error}.",
            "Free some space, or set DOPPEL_CACHE_DIR to a folder that can be written.",
        ) from error
    return path


def refuse_wrong(name: str, data: bytes, size: int, sha256: str) -> None:
    """Raise StudioError naming what is wrong with these bytes, if they are not the file's."""
    again = f"Get “{name}” again."
    if data.startswith(b"version https://git-lfs"):
        raise StudioError(
            f"“{name}” is a Git LFS pointer, not the weights themselves.",
            "Run “git lfs pull” in the folder it came from, then install it again.",
        )
    if data[:64].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise StudioError(f"“{name}” is a web page, not a network.", again)
    if len(data) < size:
        raise StudioError(f"“{name}” is cut short: {len(data):,} of {size:,} bytes.", again)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StudioError(f"“{name}” is not the file that was checked (its sha256 differs).", again)


def _all(*, deep: bool) -> tuple[Installed, ...]:
    return tuple(Installed(n, _look(n, deep=deep), place(n.files[0])) for n in catalogue().values())


def _look(wanted: Network, *, deep: bool) -> State:
    states = {_look_at(file, deep=deep) for file in wanted.files}
    if "missing" in states:
        return "missing"
    return "damaged" if "damaged" in states else "ready"


def _look_at(file: WeightFile, *, deep: bool) -> State:
    path = place(file)
    try:
        if path.stat().st_size != file.kept_size:
            return "damaged"
        if deep and hashlib.sha256(path.read_bytes()).hexdigest() != file.kept_sha256:
            return "damaged"
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "damaged"
    return "ready"
