"""The ``camera_parameters`` folder of handpose3d and bodypose3d: ``c0.dat``, ``rot_trans_c0.dat``.

Newer versions write ``camera0_intrinsics.dat`` and ``camera0_rot_trans.dat``. Lengths are sides
of a board square, whatever that was; axes are the board's or the first camera's; the picture size
is not stored. All three are asked where the cameras do not settle them.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from studio.core.files import natural_key, read_text
from studio.core.types import CameraRig
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, RawRig, broken

NAME = "handpose3d .dat"
WRITES = ("camera_parameters",)
_INTRINSIC = re.compile(r"(?:c|camera)(\d+)(?:_intrinsics)?\.dat", re.I)


def accepts(path: Path) -> bool:
    """Whether this is such a folder, its parent, or one of its files."""
    if path.is_file():
        return path.suffix.lower() == ".dat" and bool(_files(path.parent))
    return bool(_files(path) or _files(path / "camera_parameters"))


def read(path: Path) -> RawRig:
    """The cameras, in sides of a board square. Raises StudioError."""
    folder = path.parent if path.is_file() else path
    files = _files(folder) or _files(folder / "camera_parameters")
    cameras: list[RawCamera] = []
    notes: list[str] = []
    for number, (lens, pose) in files.items():
        name = f"cam{number}"
        if pose is None:
            notes.append(f"{name} has no rot_trans file and was left out.")
            continue
        inner, outer = _blocks(lens), _blocks(pose)
        for file, blocks, keys in ((lens, inner, ("intrinsic",)), (pose, outer, ("R", "T"))):
            if absent := [key for key in keys if key not in blocks]:
                raise broken(file, f"it has no “{absent[0]}:” block")
        cameras.append(
            RawCamera(
                name,
                None,
                model.array(lens, inner["intrinsic"], (3, 3), "intrinsic"),
                model.distortion(lens, inner.get("distortion"), "pinhole", "distortion"),
                model.rotation(pose, outer["R"], "R"),
                model.array(pose, outer["T"], (3,), "T"),
            )
        )
    choices = (
        ("25mm", "the side of a board square (measure it; 25mm is an example)"),
        ("cm", "centimetres"), ("mm", "millimetres"), ("m", "metres"),
    )  # fmt: skip
    return RawRig(NAME, tuple(cameras), unit_choices=choices, notes=tuple(notes))


def _files(folder: Path) -> dict[int, tuple[Path, Path | None]]:
    """Camera number -> (intrinsics, pose)."""
    found: dict[int, tuple[Path, Path | None]] = {}
    if not folder.is_dir():
        return found
    for path in sorted(folder.glob("*.dat"), key=lambda p: natural_key(p.name)):
        if match := _INTRINSIC.fullmatch(path.name):
            number = match[1]
            poses = (folder / f"rot_trans_c{number}.dat", folder / f"camera{number}_rot_trans.dat")
            found[int(number)] = (path, next((p for p in poses if p.is_file()), None))
    return found


def _blocks(path: Path) -> dict[str, list[float]]:
    """``name:`` followed by lines of numbers; the first of each name counts."""
    blocks: dict[str, list[float]] = {}
    current: list[float] = []
    for line in read_text(path, "the calibration").splitlines():
        text = line.split("#")[0].strip()
        if text.endswith(":"):
            current = []
            blocks.setdefault(text[:-1].strip(), current)
        elif text:
            try:
                current += [float(value) for value in text.split()]
            except ValueError as error:
                raise broken(path, f"“{text[:40]}” is not a line of numbers") from error
    return blocks


def write(path: Path, rig: CameraRig) -> None:
    """A folder of files in metres, Z up; cameras are numbered in their order."""
    for camera in rig.cameras:
        model.check_terms(path, camera, 5, NAME)
    path.mkdir(parents=True, exist_ok=True)
    for number, camera in enumerate(rig.cameras):
        terms = np.pad(camera.distortion, (0, 5 - len(camera.distortion)))
        lens = f"intrinsic:\n{_rows(camera.matrix)}distortion:\n{_rows(terms[None])}"
        pose = f"R:\n{_rows(camera.rotation)}T:\n{_rows(camera.translation_m[:, None])}"
        (path / f"c{number}.dat").write_text(lens, "utf-8")
        (path / f"rot_trans_c{number}.dat").write_text(pose, "utf-8")


def _rows(values: np.ndarray) -> str:
    return "".join(" ".join(repr(float(v)) for v in row) + " \n" for row in values)
