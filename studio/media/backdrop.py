"""What a camera sees when nobody is there: the middle of many pictures, kept beside a rig.

A folder ``NAME.reference`` beside ``NAME.toml`` holds one PNG a camera, so that a later check can
tell whether a camera was moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from studio.core.errors import StudioError
from studio.media.clip import ClipReader

_LOOKS = 15


def backdrop(clip: ClipReader, looks: int = _LOOKS) -> UInt8[np.ndarray, "height width 3"]:
    """The still scene of a clip: the median of ``looks`` pictures spread over it."""
    numbers = np.unique(np.linspace(0, clip.frames - 1, min(looks, clip.frames)).astype(int))
    pictures = np.stack([clip.frame(int(number)).rgb for number in numbers])
    return np.median(pictures, axis=0).astype(np.uint8)


def reference_folder(rig: Path) -> Path:
    """Where a rig file's backdrops are kept."""
    return rig.with_suffix(".reference")


def write_backdrops(folder: Path, pictures: Mapping[str, np.ndarray]) -> None:
    """Keep one picture a camera. Raises StudioError if the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for camera, rgb in pictures.items():
            coded = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1]
            (folder / f"{camera}.png").write_bytes(coded.tobytes())
    except OSError as error:
        raise StudioError(
            f"The pictures of the empty scene could not be written to “{folder}”: "
            f"{error.strerror or error}.",
            "Choose another place, or free some space.",
        ) from error


def read_backdrops(folder: Path) -> dict[str, UInt8[np.ndarray, "height width 3"]]:
    """The kept pictures by camera; empty where there are none. Damaged ones are left out."""
    out: dict[str, np.ndarray] = {}
    for path in sorted(folder.glob("*.png")) if folder.is_dir() else ():
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if picture is not None:
            out[path.stem] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return out
