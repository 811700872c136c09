"""The TOML family: a table a camera with size, matrix, distortions, rotation and translation.

Caliscope, aniposelib (and tools that write its form) and Pose2Sim differ in names, in the form of
the rotation, and in what they define about unit and axes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from studio.core.files import read_text
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, broken

Tables = list[tuple[str, Mapping[str, Any]]]


def load(path: Path) -> Mapping[str, Any]:
    """The parsed file. Raises StudioError naming the line that is wrong."""
    try:
        return tomllib.loads(read_text(path, "the calibration"))
    except tomllib.TOMLDecodeError as error:
        raise broken(path, f"its TOML is damaged ({error})") from error


def camera_tables(content: Mapping[str, Any]) -> Tables:
    """Every table that describes a camera, in the file's order."""
    cameras = content.get("cameras")
    source = cameras if isinstance(cameras, Mapping) else content
    return [
        (key, value)
        for key, value in source.items()
        if isinstance(value, Mapping) and {"matrix", "cam_id", "port"} & set(value)
    ]


def read_cameras(path: Path, tables: Tables, notes: list[str]) -> Iterator[RawCamera]:
    """The calibrated cameras; those left out are named in ``notes``. Raises StudioError."""
    for key, values in tables:
        number = next((values[k] for k in ("cam_id", "port") if k in values), key)
        name = model.camera_name(values.get("name", number), f"cam_{key}")
        if values.get("ignore") is True:
            notes.append(f"{name} is marked “ignore” in the file and was left out.")
            continue
        absent = [k for k in ("matrix", "rotation", "translation") if values.get(k) is None]
        if absent:
            notes.append(f"{name} has no {' and no '.join(absent)} yet and was left out.")
            continue
        lens = "fisheye" if values.get("fisheye") else "pinhole"
        yield RawCamera(
            name,
            model.size(path, values["size"], f"{name}: size") if "size" in values else None,
            model.array(path, values["matrix"], (3, 3), f"{name}: matrix"),
            model.distortion(path, values.get("distortions"), lens, f"{name}: distortions"),
            model.rotation(path, values["rotation"], f"{name}: rotation"),
            model.array(path, values["translation"], (3,), f"{name}: translation"),
            lens,
            int(values.get("rotation_count", 0)) % 4,
        )


def number_text(value: float) -> str:
    """A float as TOML writes it, exactly."""
    text = repr(float(value))
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def list_text(values: np.ndarray) -> str:
    """An array of one or two dimensions as TOML writes it."""
    if values.ndim > 1:
        return "[" + ", ".join(list_text(row) for row in values) + "]"
    return "[" + ", ".join(number_text(value) for value in values) + "]"


def key_text(name: str) -> str:
    """A table name, quoted where TOML needs it."""
    plain = name.replace("_", "").replace("-", "")
    if plain.isascii() and plain.isalnum():
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def string_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def rodrigues(rotation: np.ndarray) -> np.ndarray:
    """The rotation as a vector (radians along the axis)."""

    return Rotation.from_matrix(rotation).as_rotvec()  # OpenCV's own loses digits near half a turn
