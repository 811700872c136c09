"""Home-made JSON: a list of cameras with K, R, t in OpenCV's sense (x = K (R X + t)).

Nothing in it is standard: a ``unit`` or ``convention`` that names the unit is believed and said,
else the unit is found or asked; so is the up axis. Read only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.frames import UNITS_M
from studio.media.formats.rigs import model
from studio.media.formats.rigs.model import RawCamera, RawRig, Size, load_json

NAME = "JSON with K, R, t"
WRITES = ()


def accepts(path: Path) -> bool:
    """Whether this is such a file. Raises StudioError if its JSON is damaged."""
    if path.suffix.lower() != ".json":
        return False
    content = load_json(path)
    cameras = content.get("cameras") if isinstance(content, dict) else content
    return (
        isinstance(cameras, list)
        and bool(cameras)
        and all(isinstance(camera, dict) and {"K", "R", "t"} <= set(camera) for camera in cameras)
    )


def read(path: Path) -> RawRig:
    """The cameras, in the file's unit. Raises StudioError."""
    content = load_json(path)
    head = content if isinstance(content, dict) else {"cameras": content}
    cameras: list[RawCamera] = []
    for number, values in enumerate(head["cameras"]):
        picture = Path(str(values.get("image", ""))).stem
        name = model.camera_name(values.get("name") or picture, f"cam_{number}")
        terms = next((values[k] for k in ("dist", "distortion", "distCoef") if k in values), None)
        cameras.append(
            RawCamera(
                name,
                _size(path, name, values),
                model.array(path, values["K"], (3, 3), f"{name}: K"),
                model.distortion(path, terms, "pinhole", f"{name}: distortion"),
                model.rotation(path, values["R"], f"{name}: R"),
                model.array(path, values["t"], (3,), f"{name}: t"),
            )
        )
    unit = _unit(head)
    notes = (f"The file says that its unit is {unit}.",) if unit else ()
    return RawRig(NAME, tuple(cameras), unit=unit, notes=notes)


def _size(path: Path, name: str, values: Mapping[str, Any]) -> Size | None:
    if "width" in values and "height" in values:
        return model.size(path, (values["width"], values["height"]), f"{name}: size")
    sizes = (values[k] for k in ("size", "resolution", "image_size") if k in values)
    found = next(sizes, None)
    return model.size(path, found, f"{name}: size") if found is not None else None


def _unit(head: Mapping[str, Any]) -> str | None:
    """The unit that the file names itself, if it names exactly one."""
    said = " ".join(str(head.get(key, "")) for key in ("unit", "units", "convention")).lower()
    said = said.replace("millimetre", "mm ").replace("millimeter", "mm ")
    said = said.replace("centimetre", "cm ").replace("centimeter", "cm ")
    units = {u for word in re.findall(r"[a-z]+", said) if (u := word) in UNITS_M}
    lengths = {UNITS_M[unit] for unit in units}
    return min(units, key=len) if len(lengths) == 1 else None
