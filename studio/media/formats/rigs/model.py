"""What a rig file says before its units and axes are settled, and what is asked about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import read_text
from studio.core.frames import Up, to_metres
from studio.core.types import Camera, CameraRig, LensModel

Topic = Literal["unit", "up", "size"]
Size = tuple[int, int]
UPS: tuple[Up, ...] = ("z", "y", "-y", "-z", "x", "-x")


@dataclass(frozen=True)
class Question:
    """Something a rig file does not say. ``choices`` are (value, label); ``flag`` answers it."""

    topic: Topic
    text: str
    choices: tuple[tuple[str, str], ...]
    evidence: str
    likely: str | None = None

    @property
    def flag(self) -> str:
        return f"--{self.topic}"


@dataclass(frozen=True, eq=False)
class RawCamera:
    """A camera as its file describes it: foreign axes and unit, x = K · distort(R · X + t)."""

    name: str
    size_px: Size | None
    matrix: np.ndarray
    distortion: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    lens: LensModel = "pinhole"
    upright_turns: int = 0
    """Clockwise quarter turns that bring the picture upright, where the file knows them."""


@dataclass(frozen=True, eq=False)
class RawRig:
    """A rig file's content. ``unit`` and ``up`` are None where the format does not define them."""

    format: str
    cameras: tuple[RawCamera, ...]
    unit: str | None = None
    up: Up | None = None
    unit_choices: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def centres(self) -> np.ndarray:
        """Where the cameras stand, (cameras, 3) in the file's axes and unit."""
        return np.array([-c.rotation.T @ c.translation for c in self.cameras]).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class ImportedRig:
    """A rig, or the questions that must be answered before it is one.

    ``provisional`` uses the likeliest answers and serves to show the cameras while asking.
    """

    provisional: CameraRig
    format: str
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rig(self) -> CameraRig:
        """The rig in the world frame. Raises StudioError while a question is open."""
        if self.questions:
            texts = " ".join(f"{q.text} {q.evidence}".strip() for q in self.questions)
            answers = ", ".join(
                f"{q.flag} {q.likely or '|'.join(value for value, _ in q.choices)}"
                for q in self.questions
            )
            raise StudioError(f"This {self.format} file leaves something open. {texts}",
                              f"Answer it with {answers}.")  # fmt: skip
        return self.provisional


def metres_in(unit: str) -> float:
    """Metres in a unit that may carry a number: ``mm``, ``25mm`` or ``2.5 cm`` (a board square).

    Raises StudioError.
    """
    match = re.fullmatch(r"\s*([0-9.]*)\s*([a-zA-Z]+)\s*", unit)
    try:
        number = float(match[1]) if match and match[1] else 1.0
    except ValueError:
        number = 0.0
    if match is None or not number > 0:
        raise StudioError(
            f"“{unit}” is not a unit of length.", "Write m, cm or mm, or a length such as 25mm."
        )
    return number * to_metres(match[2])


def camera_name(raw: object, default: str) -> str:
    """A camera's name as text; numbers become ``cam_3``."""
    text = str(raw).strip() if raw is not None else ""
    if not text:
        return default
    return f"cam_{text}" if text.isdigit() else text


def broken(path: Path, why: str) -> StudioError:
    """The error for a rig file that is not what it should be."""
    return StudioError(
        f"“{path.name}” cannot be used as a camera rig: {why}.",
        "Export the calibration again, or choose another file.",
    )


def array(path: Path, values: object, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Numbers of a given shape (row-major, nested or flat). Raises StudioError."""
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.size != int(np.prod(shape)):
        raise broken(path, f"{what} should hold {' x '.join(map(str, shape))} numbers")
    if not np.isfinite(found).all():
        raise broken(path, f"{what} holds a number that is not finite")
    return found.reshape(shape)


def vector(path: Path, values: object, what: str) -> np.ndarray:
    """Any count of finite numbers, flat. Raises StudioError."""
    try:
        found = np.asarray([] if values is None else values, np.float64).ravel()
    except (TypeError, ValueError):
        raise broken(path, f"{what} should hold numbers") from None
    return array(path, found, found.shape, what)


def distortion(path: Path, values: object, lens: LensModel, what: str) -> np.ndarray:
    """OpenCV's distortion terms, completed with zeros to a length that OpenCV knows."""
    found = vector(path, values, what)
    if not found.any():
        return np.zeros(0)
    lengths = (4,) if lens == "fisheye" else (4, 5, 8, 12, 14)
    fitting = [length for length in lengths if length >= len(found)]
    if not fitting:
        raise broken(path, f"{what} holds {len(found)} numbers, OpenCV knows up to {lengths[-1]}")
    return np.concatenate([found, np.zeros(fitting[0] - len(found))])


def rotation(path: Path, values: object, what: str) -> np.ndarray:
    """A 3x3 matrix, given as such or as a Rodrigues vector. Raises StudioError."""
    import cv2

    found = vector(path, values, what)
    if found.size == 3:
        return cv2.Rodrigues(found)[0]
    if found.size != 9:
        raise broken(path, f"{what} should be a 3x3 matrix or three Rodrigues numbers")
    matrix = found.reshape(3, 3)
    left, stretch, right = np.linalg.svd(matrix)
    if np.abs(stretch - 1).max() > 0.01 or np.linalg.det(matrix) < 0:
        raise broken(path, f"{what} is not a rotation")
    return left @ right


def size(path: Path, values: object, what: str) -> Size:
    """A picture size (width, height). Raises StudioError."""
    found = array(path, values, (2,), what)
    if (found < 1).any():
        raise broken(path, f"{what} should be a width and a height in pixels")
    return round(float(found[0])), round(float(found[1]))


def table(path: Path, value: object, what: str) -> Mapping[str, Any]:
    """A table (mapping) of the file. Raises StudioError."""
    if not isinstance(value, Mapping):
        raise broken(path, f"{what} is not a table")
    return value


def finished(camera: RawCamera, size_px: Size, up: Up, metres: float) -> Camera:
    """The camera in the world frame."""
    from studio.core.frames import extrinsics_to_world

    turned, moved = extrinsics_to_world(camera.rotation, camera.translation * metres, up)
    return Camera(
        camera.name, size_px, camera.matrix, camera.distortion, turned, moved, camera.lens
    )


def check_terms(path: Path, camera: Camera, most: int, format: str) -> None:
    """Raise StudioError if a format cannot hold the camera's lens."""
    if camera.lens != "pinhole" or np.any(camera.distortion[most:]):
        raise StudioError(
            f"{format} cannot hold the lens of {camera.name} "
            f"({camera.lens}, {len(camera.distortion)} terms): “{path.name}” was not written.",
            "Choose Doppel's own rig JSON or a TOML form.",
        )


def load_json(path: Path) -> Any:
    """The parsed file. Raises StudioError."""
    try:
        return json.loads(read_text(path, "the calibration"))
    except ValueError as error:
        raise broken(path, f"its JSON is damaged ({error})") from error
