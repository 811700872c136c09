"""Aniposelib's ``calibration.toml``: Rodrigues rotations; unit and axes are those of the board.

The translation is in whatever unit the board's squares were given in (often millimetres), so the
unit is found from the size of the rig or asked.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.types import CameraRig
from studio.media.formats.rigs import tomls
from studio.media.formats.rigs.model import RawRig

NAME = "aniposelib TOML"
WRITES = ("calibration.toml", "*.toml")


def accepts(path: Path) -> bool:
    """Whether this is such a file. Raises StudioError if its TOML is damaged."""
    return path.suffix.lower() == ".toml" and bool(tomls.camera_tables(tomls.load(path)))


def read(path: Path) -> RawRig:
    """The cameras, in the file's own unit. Raises StudioError."""
    notes: list[str] = []
    cameras = tuple(tomls.read_cameras(path, tomls.camera_tables(tomls.load(path)), notes))
    return RawRig(NAME, cameras, notes=tuple(notes))


def write(path: Path, rig: CameraRig) -> None:
    """The rig in metres, Z up."""
    lines: list[str] = []
    for number, camera in enumerate(rig.cameras):
        lines += [
            f"[cam_{number}]",
            f"name = {tomls.string_text(camera.name)}",
            f"size = [{camera.size_px[0]}, {camera.size_px[1]}]",
            f"matrix = {tomls.list_text(camera.matrix)}",
            f"distortions = {tomls.list_text(camera.distortion)}",
            f"rotation = {tomls.list_text(tomls.rodrigues(camera.rotation))}",
            f"translation = {tomls.list_text(camera.translation_m)}",
            f"fisheye = {str(camera.lens == 'fisheye').lower()}",
            "",
        ]
    lines += ["[metadata]", "adjusted = false", "error = 0.0", ""]
    path.write_text("\n".join(lines), "utf-8")
