"""Pose2Sim's ``Calib*.toml``, also what it makes of Qualisys files.

Metres, Z up, Rodrigues rotations. (The TRC files it writes are Y up: it swaps axes on writing,
Z-up (x, y, z) becoming Y-up (y, z, x).) Sizes are written as floats.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.types import CameraRig
from studio.media.formats.rigs import tomls
from studio.media.formats.rigs.model import RawRig

NAME = "Pose2Sim TOML"
WRITES = ("Calib*.toml", "*pose2sim*.toml")


def accepts(path: Path) -> bool:
    """Whether this is such a file. Raises StudioError if its TOML is damaged."""
    if path.suffix.lower() != ".toml":
        return False
    tables = tomls.camera_tables(tomls.load(path))
    float_sizes = all(
        isinstance(side, float) for _, values in tables for side in values.get("size", ())
    )
    return bool(tables) and (path.name.startswith("Calib") or float_sizes)


def read(path: Path) -> RawRig:
    """The cameras: metres, Z up. Raises StudioError."""
    notes: list[str] = []
    cameras = tuple(tomls.read_cameras(path, tomls.camera_tables(tomls.load(path)), notes))
    return RawRig(NAME, cameras, unit="m", up="z", notes=tuple(notes))


def write(path: Path, rig: CameraRig) -> None:
    """The rig; Pose2Sim itself reads four distortion terms, all are written."""
    lines: list[str] = []
    for camera in rig.cameras:
        terms = list(camera.distortion) + [0.0] * max(0, 4 - len(camera.distortion))
        width, height = camera.size_px
        lines += [
            f"[{tomls.key_text(camera.name)}]",
            f"name = {tomls.string_text(camera.name)}",
            f"size = [ {width}.0, {height}.0]",
            f"matrix = {tomls.list_text(camera.matrix)}",
            f"distortions = [{', '.join(tomls.number_text(t) for t in terms)}]",
            f"rotation = {tomls.list_text(tomls.rodrigues(camera.rotation))}",
            f"translation = {tomls.list_text(camera.translation_m)}",
            f"fisheye = {str(camera.lens == 'fisheye').lower()}",
            "",
        ]
    lines += ["[metadata]", "adjusted = false", "error = 0.0", ""]
    path.write_text("\n".join(lines), "utf-8")
