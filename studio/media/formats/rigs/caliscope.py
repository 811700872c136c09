"""Caliscope's ``camera_array.toml`` (and the older ``config.toml``).

Metres; the world is the board of the frame that was chosen as origin, or the first camera: the
up axis is not part of the format. The rotation is a 3x3 matrix in older files, a Rodrigues
vector in newer ones; ``rotation_count`` counts quarter turns of the picture on the screen only.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.types import CameraRig
from studio.media.formats.rigs import tomls
from studio.media.formats.rigs.model import RawRig

NAME = "Caliscope TOML"
WRITES = ("camera_array.toml", "camera_array*.toml", "*caliscope*.toml")
_MARKS = {"cam_id", "port", "rotation_count", "grid_count", "ignore"}


def accepts(path: Path) -> bool:
    """Whether this is such a file. Raises StudioError if its TOML is damaged."""
    if path.suffix.lower() != ".toml":
        return False
    content = tomls.load(path)
    tables = tomls.camera_tables(content)
    nested = isinstance(content.get("cameras"), dict)
    return bool(tables) and (nested or any(_MARKS & set(values) for _, values in tables))


def read(path: Path) -> RawRig:
    """The cameras, in metres. Raises StudioError."""
    notes: list[str] = []
    cameras = tuple(tomls.read_cameras(path, tomls.camera_tables(tomls.load(path)), notes))
    return RawRig(NAME, cameras, unit="m", notes=tuple(notes))


def write(path: Path, rig: CameraRig) -> None:
    """The rig, Z up, with Rodrigues rotations as current versions write them."""
    lines: list[str] = []
    for number, camera in enumerate(rig.cameras):
        digits = "".join(c for c in camera.name if c.isdigit())
        taken = digits and sum(digits == "".join(filter(str.isdigit, n)) for n in rig.names) == 1
        key = int(digits) if taken else number
        lines += [
            f"[cameras.{key}]",
            f"cam_id = {key}",
            f"name = {tomls.string_text(camera.name)}",
            f"size = [{camera.size_px[0]}, {camera.size_px[1]}]",
            "rotation_count = 0",
            f"matrix = {tomls.list_text(camera.matrix)}",
            f"distortions = {tomls.list_text(camera.distortion)}",
            f"translation = {tomls.list_text(camera.translation_m)}",
            f"rotation = {tomls.list_text(tomls.rodrigues(camera.rotation))}",
            f"fisheye = {str(camera.lens == 'fisheye').lower()}",
            "ignore = false",
            "",
        ]
    path.write_text("\n".join(lines), "utf-8")
