"""Qualisys Track Manager's calibration, ``.qca.txt`` (XML).

Millimetres, Z up. The transform holds the camera's place and its axes as columns of a
camera-to-world rotation whose camera looks along -Z; intrinsics are in 64ths of a pixel, lens
terms too, as Pose2Sim reads them. Cameras that are not video cameras have no picture and are
left out.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from studio.core.files import read_text
from studio.core.types import CameraRig
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, RawRig, broken

NAME = "Qualisys calibration"
WRITES = ("*.qca.txt",)
_FLIP = np.diag([1.0, -1.0, -1.0])
_SUBPIXEL = 64.0
_AXES, _CENTRE = "r11 r12 r13 r21 r22 r23 r31 r32 r33", "x y z"


def accepts(path: Path) -> bool:
    """Whether this is such a file, by its name or its root element."""
    if path.name.lower().endswith(".qca.txt"):
        return True
    if path.suffix.lower() not in (".txt", ".xml"):
        return False
    head = path.read_bytes()[:2000]
    return b"<calibration" in head and b"qtm-version" in head


def read(path: Path) -> RawRig:
    """The video cameras. Raises StudioError."""
    try:
        root = ET.fromstring(read_text(path, "the calibration").encode())
    except ET.ParseError as error:
        raise broken(path, f"its XML is damaged ({error})") from error
    notes: list[str] = []
    cameras: list[RawCamera] = []
    for number, element in enumerate(root.iterfind("cameras/camera"), 1):
        name = model.camera_name(element.get("serial"), f"cam_{number}")
        if element.get("active") == "0":
            notes.append(f"{name} was switched off in the calibration and was left out.")
            continue
        if (kind := element.get("model", "none")) != "none" and "video" not in kind.lower():
            notes.append(f"{name} ({kind}) is a marker camera and was left out.")
            continue
        cameras.append(_camera(path, name, element))
    return RawRig(NAME, tuple(cameras), unit="mm", up="z", notes=tuple(notes))


def _camera(path: Path, name: str, element: ET.Element) -> RawCamera:
    left, right, top, bottom = _numbers(path, name, element, "fov_video", "left right top bottom")
    fu, fv, cu, cv, skew = _numbers(
        path, name, element, "intrinsic", "focalLengthU focalLengthV centerPointU centerPointV skew"
    )
    terms = _numbers(
        path, name, element, "intrinsic",
        "radialDistortion1 radialDistortion2 tangentalDistortion1 tangentalDistortion2 "
        "radialDistortion3",
    )  # fmt: skip
    axes = _numbers(path, name, element, "transform", _AXES)
    centre = _numbers(path, name, element, "transform", _CENTRE)
    turned = _FLIP @ model.rotation(path, axes, f"{name}: transform")
    matrix = np.array([[fu, skew, cu - left * _SUBPIXEL], [0, fv, cv - top * _SUBPIXEL]])
    return RawCamera(
        name,
        (round(right - left) + 1, round(bottom - top) + 1),
        np.vstack([matrix / _SUBPIXEL, [0, 0, 1]]),
        model.distortion(path, terms / _SUBPIXEL, "pinhole", f"{name}: distortion"),
        turned,
        -turned @ centre,
    )


def _numbers(path: Path, name: str, element: ET.Element, child: str, keys: str) -> np.ndarray:
    found = element.find(child)
    if found is None:
        raise broken(path, f"{name} has no “{child}”")
    try:
        return np.array([float(found.get(key, "0")) for key in keys.split()])
    except ValueError as error:
        raise broken(path, f"{name}: “{child}” holds something that is not a number") from error


def write(path: Path, rig: CameraRig) -> None:
    """The rig; lens terms beyond k1 k2 p1 p2 k3 cannot be said in this format."""
    root = ET.Element("calibration", {"source": "Doppel", "type": "regular", "qtm-version": "none"})
    cameras = ET.SubElement(root, "cameras")
    for camera in rig.cameras:
        model.check_terms(path, camera, 5, NAME)
        width, height = camera.size_px
        serial = {"active": "1", "model": "none", "serial": camera.name, "viewrotation": "0"}
        element = ET.SubElement(cameras, "camera", serial)
        for fov in ("fov_marker", "fov_marker_max", "fov_video", "fov_video_max"):
            box = {"left": "0", "top": "0", "right": str(width - 1), "bottom": str(height - 1)}
            ET.SubElement(element, fov, box)
        axes, centre = (_FLIP @ camera.rotation).ravel(), camera.centre_m * 1000
        keys = _AXES.split() + _CENTRE.split()
        values = zip(keys, [*axes, *centre], strict=True)
        ET.SubElement(element, "transform", {k: repr(float(v)) for k, v in values})
        k1, k2, p1, p2, k3 = np.pad(camera.distortion, (0, 5 - len(camera.distortion)))
        intrinsic = {
            "focalLengthU": camera.matrix[0, 0], "focalLengthV": camera.matrix[1, 1],
            "centerPointU": camera.matrix[0, 2], "centerPointV": camera.matrix[1, 2],
            "skew": camera.matrix[0, 1],
            "radialDistortion1": k1, "radialDistortion2": k2, "radialDistortion3": k3,
            "tangentalDistortion1": p1, "tangentalDistortion2": p2,
        }  # fmt: skip
        ET.SubElement(
            element, "intrinsic", {k: repr(float(v) * _SUBPIXEL) for k, v in intrinsic.items()}
        )
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
