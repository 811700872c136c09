"""Doppel's own rig JSON: metres, Z up, everything that a camera holds."""

from __future__ import annotations

import json
from pathlib import Path

from studio.core.types import CameraRig
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, RawRig, broken, load_json

NAME = "Doppel rig"
WRITES = ("*.rig.json", "*.json")
_MARK = "doppel-rig"


def accepts(path: Path) -> bool:
    """Whether this is such a file. Raises StudioError if its JSON is damaged."""
    if path.suffix.lower() != ".json":
        return False
    content = load_json(path)
    return isinstance(content, dict) and content.get("format") == _MARK


def read(path: Path) -> RawRig:
    """The cameras. Raises StudioError."""
    content = load_json(path)
    if content.get("version") != 1:
        raise broken(path, "a newer Doppel wrote it; update Doppel to read it")
    listed = content.get("cameras")
    if not isinstance(listed, list):
        raise broken(path, "it lists no camera")
    cameras: list[RawCamera] = []
    for number, raw in enumerate(listed):
        values = model.table(path, raw, f"camera {number}")
        name = str(values.get("name") or f"cam_{number}")
        lens = values.get("lens", "pinhole")
        if lens not in ("pinhole", "fisheye"):
            raise broken(path, f"{name} has an unknown lens “{lens}”")
        cameras.append(
            RawCamera(
                name,
                model.size(path, values.get("size_px"), f"{name}: size_px"),
                model.array(path, values.get("matrix"), (3, 3), f"{name}: matrix"),
                model.distortion(path, values.get("distortion"), lens, f"{name}: distortion"),
                model.rotation(path, values.get("rotation"), f"{name}: rotation"),
                model.array(path, values.get("translation_m"), (3,), f"{name}: translation_m"),
                lens,
            )
        )
    return RawRig(NAME, tuple(cameras), unit="m", up="z")


def write(path: Path, rig: CameraRig) -> None:
    """The rig, exactly."""
    cameras = [
        {
            "name": camera.name,
            "size_px": list(camera.size_px),
            "lens": camera.lens,
            "matrix": camera.matrix.tolist(),
            "distortion": camera.distortion.tolist(),
            "rotation": camera.rotation.tolist(),
            "translation_m": camera.translation_m.tolist(),
        }
        for camera in rig.cameras
    ]
    content = {"format": _MARK, "version": 1, "unit": "m", "up": "z", "cameras": cameras}
    path.write_text(json.dumps(content, indent=1), "utf-8")
