"""Camera rigs from and for other programs, in the world frame (metres, Z up).

Unit and up axis come from what a format defines, else from the cameras themselves where they are
decisive (said in ``notes``), else they are asked: never guessed silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import get_args

from studio.core.errors import StudioError
from studio.core.files import check_file
from studio.core.frames import Up
from studio.core.types import CameraRig
from studio.media.formats.rigs import (
    aniposelib,
    caliscope,
    doppel,
    handpose3d,
    opencv,
    panoptic,
    plain_json,
    pose2sim,
    qualisys,
)
from studio.media.formats.rigs.annotate import annotate
from studio.media.formats.rigs.evidence import plausible_units, reach, up_evidence
from studio.media.formats.rigs.model import (
    ImportedRig,
    Question,
    RawRig,
    Size,
    broken,
    finished,
    metres_in,
)
from studio.media.formats.whole import check_place

__all__ = [
    "FORMATS",
    "ImportedRig",
    "Question",
    "convert_rig",
    "format_of",
    "read_rig",
    "write_rig",
]

FORMATS = (
    caliscope, pose2sim, aniposelib, qualisys, panoptic, doppel, opencv, handpose3d, plain_json
)  # fmt: skip
_WRITABLE = tuple(form for form in FORMATS if form.WRITES)
_UNIT_LABELS = {"m": "metres", "cm": "centimetres", "mm": "millimetres"}
_UP_LABELS: dict[str, str] = {
    "z": "Z up (mocap, robotics, Blender)", "y": "Y up (games, film)",
    "-y": "Y down (the axes of a level camera)", "-z": "Z down", "x": "X up", "-x": "X down",
}  # fmt: skip


def read_rig(
    path: Path,
    *,
    up: str | None = None,
    unit: str | None = None,
    size: Size | Mapping[str, Size] | None = None,
) -> ImportedRig:
    """Read a rig of any known format.

    ``up`` (one of x y z -x -y -z), ``unit`` (m, cm, mm, or a length such as ``25mm``) and
    ``size`` (width, height; or one for each camera) answer what the file leaves open, and
    overrule what it says. ``.rig`` of the result raises while a question is open. Raises
    StudioError if the file is not a rig or is damaged.
    """
    path = Path(path)
    raw = _read_raw(path)
    if not raw.cameras:
        raise broken(path, "it has no camera with intrinsics and a pose" + _because(raw))
    notes, questions = list(raw.notes), []
    metres = _metres(raw, unit, notes, questions)
    axis = _up(raw, up, notes, questions)
    sizes = _sizes(raw, size, questions)
    cameras = tuple(finished(camera, sizes[camera.name], axis, metres) for camera in raw.cameras)
    return ImportedRig(CameraRig(cameras), raw.format, tuple(questions), tuple(notes))


def format_of(path: Path) -> str | None:
    """The name of the rig format a file or folder is in, or None.

    Raises StudioError if it is damaged so badly that this cannot be told.
    """
    return next((form.NAME for form in FORMATS if form.accepts(Path(path))), None)


def _read_raw(path: Path) -> RawRig:
    if not path.is_dir():
        check_file(path, "the calibration")
    for form in FORMATS:
        if form.accepts(path):
            raw = form.read(path)
            names = [camera.name for camera in raw.cameras]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise broken(path, f"two cameras are called “{twice}”")
            return raw
    raise StudioError(
        f"“{path.name}” is not a camera rig Doppel knows.",
        f"Known are: {', '.join(form.NAME for form in FORMATS)}.",
    )


def _because(raw: RawRig) -> str:
    return f" ({' '.join(raw.notes)})" if raw.notes else ""


def _metres(raw: RawRig, unit: str | None, notes: list[str], questions: list[Question]) -> float:
    if unit is not None:
        return metres_in(unit)
    if raw.unit is not None:
        return metres_in(raw.unit)
    span = reach(raw.centres)
    fitting = () if raw.unit_choices else plausible_units(span)
    if len(fitting) == 1:
        found = _UNIT_LABELS[fitting[0]]
        notes.append(
            f"The file does not name its unit; the cameras stand up to {span:.4g} apart, which "
            f"only {found} make believable: read as {found}."
        )
        return metres_in(fitting[0])
    choices = raw.unit_choices or tuple((u, _UNIT_LABELS[u]) for u in fitting or _UNIT_LABELS)
    questions.append(
        Question(
            "unit",
            "In which unit are the camera positions?",
            choices,
            f"The cameras stand up to {span:.4g} apart in the file's unit.",
        )
    )
    return metres_in(choices[0][0]) if choices[0][0] in _UNIT_LABELS else 1.0


def _up(raw: RawRig, up: str | None, notes: list[str], questions: list[Question]) -> Up:
    if up is not None:
        for known in get_args(Up):
            if up.strip().lower().removeprefix("+") == known:
                return known
        raise StudioError(f"“{up}” is not an axis.", "Write x, y, z, -x, -y or -z.")
    if raw.up is not None:
        return raw.up
    seen = up_evidence(raw.cameras, [camera.upright_turns for camera in raw.cameras])
    if seen is not None and seen.decisive:
        notes.append(
            f"The file does not name its up axis; its cameras, taken as upright, agree on "
            f"{seen.up} within {seen.tilt_deg:.0f}°: read so."
        )
        return seen.up
    if seen is None:
        evidence = "The cameras' own pictures do not agree on an up."
    else:
        evidence = (
            f"If the pictures are upright, {seen.up} is nearest, {seen.tilt_deg:.0f}° off, "
            f"and the cameras differ by {seen.spread_deg:.0f}°."
        )
    questions.append(
        Question(
            "up", "Which axis of the file points up?", tuple(_UP_LABELS.items()), evidence,
            seen.up if seen else None,
        )
    )  # fmt: skip
    return seen.up if seen else "z"


def _sizes(
    raw: RawRig, size: Size | Mapping[str, Size] | None, questions: list[Question]
) -> dict[str, Size]:
    found: dict[str, Size] = {}
    unknown: list[str] = []
    for camera in raw.cameras:
        given = size.get(camera.name) if isinstance(size, Mapping) else size
        if camera.size_px is None and given is None:
            unknown.append(camera.name)
        centred = tuple(round(2 * float(c)) + 1 for c in camera.matrix[:2, 2])
        found[camera.name] = given or camera.size_px or (max(centred[0], 1), max(centred[1], 1))
    if unknown:
        width, height = found[unknown[0]]
        questions.append(
            Question(
                "size",
                f"What is the size of the pictures of {', '.join(unknown)}?",
                (("WIDTHxHEIGHT", "width x height in pixels"),),
                f"The optical axis of {unknown[0]} lies at the middle of {width} x {height}.",
            )
        )
    return found


def write_rig(path: Path, rig: CameraRig, format: str = "", note: str = "") -> None:
    """Write a rig; the format is one of ``FORMATS`` by name, else it follows from the file's name.

    ``note`` (lines of text) travels in the file, where every reader of the format skips it.
    Raises StudioError for a format that cannot hold the rig, or if the file cannot be written.
    """
    path = Path(path)
    if not rig.cameras:
        raise StudioError("The rig has no camera to write.", "Calibrate or import one first.")
    form = _form_for(path, format)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        form.write(path, rig)
        if note:
            annotate(path, note)
    except OSError as error:
        raise StudioError(
            f"“{path.name}” could not be written: {error.strerror or error}.",
            "Free some space, or choose another folder.",
        ) from error


def check_rig_place(path: Path, format: str = "") -> None:
    """Raise StudioError if no rig can be written there: to be asked before long work."""
    form = _form_for(path, format)
    folder = not path.suffix and path.name in form.WRITES
    check_place(path / "rig" if folder else path)


def _form_for(path: Path, format: str) -> ModuleType:
    for form in _WRITABLE:
        if format and format.casefold() in form.NAME.casefold():
            return form
    if format:
        known = ", ".join(form.NAME for form in _WRITABLE)
        raise StudioError(f"“{format}” is not a rig format.", f"Known are: {known}.")
    for form in _WRITABLE:
        if any(path.match(pattern) for pattern in form.WRITES):
            return form
    raise StudioError(
        f"No rig format is known by the name “{path.name}”.",
        "Use one of: " + ", ".join(f"{form.WRITES[0]} ({form.NAME})" for form in _WRITABLE) + ".",
    )


def convert_rig(
    a: Path,
    b: Path,
    unit: str | None = None,
    up: str | None = None,
    size: Size | Mapping[str, Size] | None = None,
) -> ImportedRig:
    """Read rig ``a`` and write it as ``b``. Raises StudioError, also while a question is open."""
    found = read_rig(a, up=up, unit=unit, size=size)
    write_rig(b, found.rig)
    return found
