"""Lenses out of any file that holds them: a rig of any format, or intrinsics without poses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import check_file
from studio.core.types import Camera
from studio.media.formats.rigs import model as raw
from studio.media.formats.rigs import opencv, tomls
from studio.media.formats.rigs.model import RawCamera, Size


def read_lenses(path: Path) -> dict[str, Camera]:
    """Camera name -> its lens, as a camera that stands at the origin.

    The size is (0, 0) where the file does not store it. Raises StudioError if no lens is in it.
    """
    path = Path(path)
    if not path.is_dir():
        check_file(path, "the lens file")
    found = tuple(_found(path))
    if not found:
        raise StudioError(
            f"“{path.name}” holds no lens: no camera matrix was found in it.",
            "Choose a calibration of any known format, or OpenCV's intrinsics.",
        )
    return {camera.name: camera for camera in found}


def _found(path: Path) -> Iterator[Camera]:
    if path.suffix.lower() in (".yml", ".yaml", ".xml") and opencv.accepts(path):
        for lens in opencv.read_intrinsics(path):
            yield _camera(lens.name, lens.size_px, lens.matrix, lens.distortion)
        return
    if path.suffix.lower() == ".toml":
        for key, values in tomls.camera_tables(tomls.load(path)):
            if values.get("matrix") is not None:
                yield _of_table(path, key, values)
        return
    for camera in _rig(path):
        yield _camera(camera.name, camera.size_px, camera.matrix, camera.distortion, camera.lens)


def _of_table(path: Path, key: str, values: Mapping[str, Any]) -> Camera:
    number = next((values[k] for k in ("cam_id", "port") if k in values), key)
    name = raw.camera_name(values.get("name", number), f"cam_{key}")
    lens = "fisheye" if values.get("fisheye") else "pinhole"
    return _camera(
        name,
        raw.size(path, values["size"], f"{name}: size") if "size" in values else None,
        raw.array(path, values["matrix"], (3, 3), f"{name}: matrix"),
        raw.distortion(path, values.get("distortions"), lens, f"{name}: distortions"),
        lens,
    )


def _rig(path: Path) -> tuple[RawCamera, ...]:
    from studio.media.formats.rigs import FORMATS

    return next((form.read(path).cameras for form in FORMATS if form.accepts(path)), ())


def _camera(
    name: str,
    size: Size | None,
    matrix: np.ndarray,
    distortion: np.ndarray,
    lens: Any = "pinhole",
) -> Camera:
    return Camera(name, size or (0, 0), matrix, distortion, np.eye(3), np.zeros(3), lens)
