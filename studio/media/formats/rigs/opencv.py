"""OpenCV's FileStorage (YAML, XML, JSON) as calibration samples and other programs write it.

Three forms: a stereo pair (``intrinsics.yml`` with M1 D1 M2 D2, ``extrinsics.yml`` with R T; the
world is the first camera), one file a rig with named matrices (EasyMocap's ``intri.yml`` and
``extri.yml``: K_name, dist_name, Rot_name or R_name, T_name; metres), and single cameras (a lens
without a pose, which is no rig by itself). Lengths of a stereo pair are in the unit of the board.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.core.files import read_text
from studio.core.types import CameraRig
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, RawRig, Size, broken

NAME = "OpenCV YAML/XML"
WRITES = ("*.yml", "*.yaml", "*.xml")
_SUFFIXES = (".yml", ".yaml", ".xml")
_MATRIX = ("camera_matrix", "cameraMatrix", "Camera_Matrix", "K", "M", "mtx", "intrinsic_matrix")
_TERMS = (
    "distortion_coefficients", "distortionCoefficients", "Distortion_Coefficients", "distCoeffs",
    "dist_coeffs", "dist_coeff", "dist", "D",
)  # fmt: skip
_PARTNERS = (("intrinsics", "extrinsics"), ("intri", "extri"), ("intrinsic", "extrinsic"))

Values = dict[str, "np.ndarray | float | str | list[str]"]


@dataclass(frozen=True, eq=False)
class Intrinsics:
    """A camera's lens: K, OpenCV's distortion terms, and the picture size if it is stored."""

    name: str
    matrix: np.ndarray
    distortion: np.ndarray
    size_px: Size | None


def accepts(path: Path) -> bool:
    """Whether this is a FileStorage file with a camera in it, or a folder with such a pair."""
    if path.is_dir():
        return any((path / f"{inner}.yml").is_file() for inner, _ in _PARTNERS)
    if path.suffix.lower() not in _SUFFIXES:
        return False
    values = _load_all(path)
    return any(name.split("_")[0] in ("K", "M1", "M", "Rot", "T") for name in values) or any(
        name in values for name in (*_MATRIX, "R", "T")
    )


def read(path: Path) -> RawRig:
    """The rig. Raises StudioError, also for a lens without a pose."""
    values = _load_all(path)
    lenses = _intrinsics(path, values)
    if not lenses:
        raise broken(path, "it has poses but no camera matrix; intrinsics.yml should lie beside it")
    poses = _poses(path, values, [lens.name for lens in lenses])
    if not poses:
        raise broken(path, "it describes a lens only; poses (extrinsics.yml) are missing beside it")
    named = "M1" not in values
    cameras = tuple(
        RawCamera(lens.name, lens.size_px, lens.matrix, lens.distortion, *poses[lens.name])
        for lens in lenses
        if lens.name in poses
    )
    notes = tuple(f"{x.name} has no pose and was left out." for x in lenses if x.name not in poses)
    return RawRig(NAME, cameras, unit="m" if named else None, notes=notes)


def read_intrinsics(path: Path) -> tuple[Intrinsics, ...]:
    """The lenses a file describes, with or without poses. Raises StudioError."""
    found = _intrinsics(path, _load(path))
    if not found:
        raise broken(path, "it holds no camera matrix")
    return found


def _load_all(path: Path) -> Values:
    """The values of a file and of its partner (intrinsics and extrinsics) beside it."""
    values: Values = {}
    for file in _with_partner(path):
        values |= _load(file)
    return values


def _with_partner(path: Path) -> Iterable[Path]:
    if path.is_dir():
        stems = next(pair for pair in _PARTNERS if (path / f"{pair[0]}.yml").is_file())
        return [p for p in (path / f"{stem}.yml" for stem in stems) if p.is_file()]
    for pair in _PARTNERS:
        for one, other in (pair, pair[::-1]):
            if path.stem == one and (path.with_stem(other)).is_file():
                return [path, path.with_stem(other)]
    return [path]


def _load(path: Path) -> Values:
    text = read_text(path, "the calibration")
    if path.suffix.lower() in (".yml", ".yaml") and not text.startswith("%YAML"):
        text = f"%YAML:1.0\n---\n{text.removeprefix('---')}"
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        root = storage.root()
        values = {key: _value(root.getNode(key)) for key in root.keys()}  # noqa: SIM118
        storage.release()
    except (cv2.error, SystemError) as error:
        raise broken(path, "it is damaged, or not written by OpenCV") from error
    return values


def _value(node: cv2.FileNode) -> np.ndarray | float | str | list[str]:
    if node.isInt() or node.isReal():
        return float(node.real())
    if node.isString():
        return node.string()
    if node.isSeq():
        items = [node.at(i) for i in range(node.size())]
        if all(item.isInt() or item.isReal() for item in items):
            return np.array([item.real() for item in items])
        return [item.string() for item in items if item.isString()]
    if node.isMap() and not node.getNode("data").empty():
        return np.asarray(node.mat(), np.float64)
    return ""


def _first(values: Values, names: Iterable[str]) -> np.ndarray | None:
    for name in names:
        if isinstance(found := values.get(name), np.ndarray):
            return found
    return None


def _intrinsics(path: Path, values: Values) -> tuple[Intrinsics, ...]:
    found: list[Intrinsics] = []
    for key in values:
        if match := re.fullmatch(r"(?:K|M|cameraMatrix|camera_matrix)_?(.*)", key):
            tail = match[1]
            if not isinstance(values[key], np.ndarray) or (not tail and key not in _MATRIX):
                continue
            name = model.camera_name(tail, path.stem)
            terms = _first(values, (f"{n}{u}{tail}" for n in _TERMS for u in ("_", "")))
            found.append(
                Intrinsics(
                    name,
                    model.array(path, values[key], (3, 3), key),
                    model.distortion(path, terms, "pinhole", f"{name}: distortion"),
                    _size(values, tail),
                )
            )
    if not found and (matrix := _first(values, _MATRIX)) is not None:
        terms = model.distortion(path, _first(values, _TERMS), "pinhole", "distortion")
        camera = model.array(path, matrix, (3, 3), "camera matrix")
        found.append(Intrinsics(path.stem, camera, terms, _size(values, "")))
    return tuple(found)


def _size(values: Values, tail: str) -> Size | None:
    for width, height in (("image_width", "image_height"), (f"W_{tail}", f"H_{tail}")):
        if isinstance(w := values.get(width), float) and isinstance(h := values.get(height), float):
            return round(w), round(h)
    for key in (f"image_size_{tail}", "image_size", "imageSize", "size"):
        if isinstance(both := values.get(key), np.ndarray) and both.size == 2:
            return round(float(both.flat[0])), round(float(both.flat[1]))
    return None


def _poses(
    path: Path, values: Values, names: list[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in names:
        tail = name.removeprefix("cam_") if f"T_{name}" not in values else name
        turned = _first(values, (f"Rot_{tail}", f"R_{tail}", f"rvec_{tail}"))
        moved = _first(values, (f"T_{tail}", f"tvec_{tail}"))
        if turned is not None and moved is not None:
            found[name] = (
                model.rotation(path, turned, f"{name}: rotation"),
                model.array(path, moved, (3,), f"{name}: translation"),
            )
    turned, moved = _first(values, ("R", "rvec")), _first(values, ("T", "tvec"))
    if found or turned is None or moved is None:
        return found
    second = (model.rotation(path, turned, "R"), model.array(path, moved, (3,), "T"))
    if len(names) == 1:
        return {names[0]: second}
    if len(names) == 2:
        return {names[0]: (np.eye(3), np.zeros(3)), names[1]: second}
    raise broken(path, f"one pose (R, T) does not place {len(names)} cameras")


def write(path: Path, rig: CameraRig) -> None:
    """One file with named matrices: K_name, dist_name, Rot_name, T_name, W_name, H_name.

    Letters that OpenCV does not take in names become ``_``.
    """
    form = cv2.FILE_STORAGE_FORMAT_XML if path.suffix.lower() == ".xml" else (
        cv2.FILE_STORAGE_FORMAT_YAML
    )  # fmt: skip
    mode = cv2.FILE_STORAGE_WRITE | cv2.FILE_STORAGE_MEMORY | form
    storage = cv2.FileStorage(path.name, mode)
    taken: set[str] = set()
    for camera in rig.cameras:
        model.check_terms(path, camera, 14, NAME)
        key = re.sub(r"\W", "_", camera.name, flags=re.ASCII)
        while key in taken:
            key += "_"
        taken.add(key)
        terms = camera.distortion if len(camera.distortion) else np.zeros(5)
        storage.write(f"K_{key}", camera.matrix)
        storage.write(f"dist_{key}", terms[None])
        storage.write(f"Rot_{key}", camera.rotation)
        storage.write(f"T_{key}", camera.translation_m[:, None])
        storage.write(f"W_{key}", camera.size_px[0])
        storage.write(f"H_{key}", camera.size_px[1])
    path.write_text(storage.releaseAndGetString(), "utf-8")
