"""CMU Panoptic's ``calibration_*.json``: centimetres, Y down (-y is up)."""

from __future__ import annotations

import json
from pathlib import Path

from studio.core.frames import extrinsics_from_world
from studio.core.types import CameraRig
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, RawRig, broken, load_json

NAME = "CMU Panoptic JSON"
WRITES = ("*panoptic*.json", "calibration*.json")
_MARKS = {"K", "R", "t", "distCoef", "resolution"}


def accepts(path: Path) -> bool:
    """Whether this is such a file. Raises StudioError if its JSON is damaged."""
    if path.suffix.lower() != ".json":
        return False
    content = load_json(path)
    cameras = content.get("cameras") if isinstance(content, dict) else None
    return (
        isinstance(cameras, list)
        and bool(cameras)
        and all(isinstance(camera, dict) and set(camera) >= _MARKS for camera in cameras)
    )


def read(path: Path) -> RawRig:
    """The cameras of every panel. Raises StudioError."""
    cameras: list[RawCamera] = []
    for number, values in enumerate(load_json(path)["cameras"]):
        name = model.camera_name(values.get("name"), f"cam_{number}")
        resolution = values.get("resolution")
        cameras.append(
            RawCamera(
                name,
                model.size(path, resolution, f"{name}: resolution") if resolution else None,
                model.array(path, values["K"], (3, 3), f"{name}: K"),
                model.distortion(path, values.get("distCoef"), "pinhole", f"{name}: distCoef"),
                model.rotation(path, values["R"], f"{name}: R"),
                model.array(path, values["t"], (3,), f"{name}: t"),
            )
        )
    if not cameras:
        raise broken(path, "it lists no camera")
    return RawRig(NAME, tuple(cameras), unit="cm", up="-y")


def write(path: Path, rig: CameraRig) -> None:
    """The rig; lens terms beyond k1 k2 p1 p2 k3 cannot be said in this format."""
    cameras: list[dict[str, object]] = []
    for number, camera in enumerate(rig.cameras):
        model.check_terms(path, camera, 5, NAME)
        rotation, translation = extrinsics_from_world(
            camera.rotation, camera.translation_m, "-y", "cm"
        )
        cameras.append(
            {
                "name": camera.name,
                "type": "hd",
                "resolution": list(camera.size_px),
                "panel": 0,
                "node": number,
                "K": camera.matrix.tolist(),
                "distCoef": [*camera.distortion[:5], *[0.0] * (5 - len(camera.distortion))],
                "R": rotation.tolist(),
                "t": translation.reshape(3, 1).tolist(),
            }
        )
    path.write_text(json.dumps({"calibDataSource": "Doppel", "cameras": cameras}, indent=1))
