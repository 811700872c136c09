"""C3D, the binary marker format of motion-capture laboratories.

Blocks of 512 bytes: a header, the parameters, then 3D points as little-endian floats with a
fourth number for the residual, negative where the point is missing. Lengths are millimetres.
Source: The C3D File Format User Guide, Motion Lab Systems (c3d.org). Reading takes integer and
float files of all three processors (Intel, DEC, MIPS).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.frames import Up
from studio.core.types import Motion
from studio.media.formats.points import check_motion, check_names, marker_layout, motion_of, rate_of
from studio.media.formats.whole import whole

BLOCK = 512
_LABELS = 255  # a parameter's dimensions are bytes: longer lists go on in LABELS2, LABELS3 ...
_UPS: dict[str, Up] = {"+X": "x", "+Y": "y", "+Z": "z", "-X": "-x", "-Y": "-y", "-Z": "-z"}


def write_c3d(path: Path, motion: Motion, up: Up = "z") -> None:
    """Write a motion as C3D in millimetres.

    The residual is the point's error where it is known; 0 marks a filled point, -1 a missing
    one. Raises StudioError if the points' names do not fit into its 128 KiB of parameters.
    """
    check_motion(motion)
    count, names = len(motion), motion.layout.points
    xyz = frames.points_from_world(motion.xyz_m, up, "mm")
    seen = np.asarray(np.isfinite(xyz).all(-1))
    reach = np.abs(xyz[seen]).max() if seen.any() else 0.0
    scale = max(float(np.float32(reach / 32_000)), 0.01)
    error = np.where(motion.filled | np.isnan(motion.error_m), 0.0, motion.error_m * 1000)
    data = np.zeros((count, len(names), 4), "<f4")
    data[..., :3] = np.where(seen[..., None], xyz, 0.0)
    data[..., 3] = np.where(seen, np.clip(np.rint(error / scale), 0, 255), -1)

    rate = rate_of(motion)
    start = 2 + len(_parameters(motion, up, rate, scale, 0)) // BLOCK
    parameters = _parameters(motion, up, rate, scale, start)
    last = min(count, 65_535)
    header = struct.pack(
        "<BBHHHHHfHHf", 2, 0x50, len(names), 0, 1, last, 0, -scale, start, 0, rate
    ).ljust(BLOCK, b"\0")
    with whole(path) as temp, temp.open("wb") as file:
        for part in (header, parameters, data.tobytes()):
            file.write(part)
        file.write(b"\0" * (-data.nbytes % BLOCK))


def _parameters(motion: Motion, up: Up, rate: float, scale: float, start: int) -> bytes:
    """The parameter section, whole blocks long."""
    count, names = len(motion), motion.layout.points
    point: dict[str, Any] = {
        "USED": np.array(len(names), "<u2"),
        "FRAMES": np.array(min(count, 65_535), "<u2"),
        "DATA_START": np.array(start, "<u2"),
        "SCALE": np.array(-scale, "<f4"),
        "RATE": np.array(rate, "<f4"),
        "UNITS": "mm",
        "X_SCREEN": "+X",
        "Y_SCREEN": next(name for name, axis in _UPS.items() if axis == up),
    }
    for k, first in enumerate(range(0, max(len(names), 1), _LABELS), 1):
        number = "" if k == 1 else str(k)
        some = list(names[first : first + _LABELS])
        point[f"LABELS{number}"] = some
        point[f"DESCRIPTIONS{number}"] = [""] * len(some)
    long = np.array([count & 0xFFFF, count >> 16], "<u2")
    groups: dict[str, dict[str, Any]] = {
        "POINT": point,
        "ANALOG": {
            "USED": np.array(0, "<u2"),
            "RATE": np.array(rate, "<f4"),
            "GEN_SCALE": np.array(1, "<f4"),
        },
        "FORCE_PLATFORM": {"USED": np.array(0, "<u2")},
        "TRIAL": {
            "ACTUAL_START_FIELD": np.array([1, 0], "<u2"),
            "ACTUAL_END_FIELD": long,
        },
        "MANUFACTURER": {"SOFTWARE": "Doppel"},
    }
    body = b""
    for id, (group, values) in enumerate(groups.items(), 1):
        body += _entry(group, -id, b"\0")
        for name, value in values.items():
            body += _entry(name, id, _value(value) + b"\0")
    blocks = -(-(len(body) + 6) // BLOCK)
    if blocks > 255:
        raise StudioError(
            f"A C3D file has no room for the names of {len(names)} points.", "Export CSV instead."
        )
    return (struct.pack("<BBBB", 1, 0x50, blocks, 84) + body).ljust(blocks * BLOCK, b"\0")


def _entry(name: str, id: int, content: bytes) -> bytes:
    """A group or parameter record: its name, then the offset to the next one, then its content."""
    text = name.encode("ascii")
    return struct.pack("<bb", len(text), id) + text + struct.pack("<H", len(content) + 2) + content


def _value(value: Any) -> bytes:
    """A parameter's element size, dimensions and data."""
    if isinstance(value, str):
        text = value.encode("utf-8")
        return struct.pack("<bBB", -1, 1, len(text)) + text
    if isinstance(value, list):
        texts = [
            str(item).encode("utf-8")[:127].decode("utf-8", "ignore").encode() for item in value
        ]
        width = max((len(text) for text in texts), default=0) or 1
        padded = b"".join(text.ljust(width) for text in texts)
        return struct.pack("<bBBB", -1, 2, width, len(texts)) + padded
    size = 4 if value.dtype.kind == "f" else 2
    return struct.pack("<bB", size, value.ndim) + bytes(value.shape) + value.tobytes()


def read_c3d(path: Path, up: Up | None = None) -> Motion:
    """Read the points of a C3D file into world metres.

    ``up`` is taken from POINT:Y_SCREEN, and Z if the file does not say, unless it is given.
    Raises StudioError if the file is not C3D or is damaged.
    """
    try:
        return _read(path.read_bytes(), path, up)
    except (OSError, struct.error, IndexError, KeyError, ValueError) as error:
        raise StudioError(
            f"“{path.name}” is not a C3D file that can be read ({type(error).__name__}: {error}).",
            "Export it again from the program that made it.",
        ) from error


def _read(raw: bytes, path: Path, up: Up | None) -> Motion:
    if raw[1] != 0x50:
        raise ValueError("the key byte is missing")
    at = (raw[0] - 1) * BLOCK
    processor = raw[at + 3] - 83
    if processor not in (1, 2, 3):
        raise ValueError(f"unknown processor {raw[at + 3]}")
    order = ">" if processor == 3 else "<"
    groups = _groups(raw, at + 4, processor)
    point = groups["POINT"]
    used = int(np.uint16(_first(point["USED"])))
    scale = float(_first(point["SCALE"]))
    names: list[str] = []
    for k in range(1, 258):
        names += point.get("LABELS" if k == 1 else f"LABELS{k}", [])
    names = (names + [f"point {i + 1}" for i in range(len(names), used)])[:used]
    check_names(names, path)

    first, last = struct.unpack_from(order + "HH", raw, 6)
    analog = struct.unpack_from(order + "H", raw, 4)[0]
    begin = (int(np.uint16(_first(point["DATA_START"]))) - 1) * BLOCK
    width = 4 if scale < 0 else 2
    stride = (used * 4 + analog) * width
    count = last - first + 1
    if last == 65_535:  # a longer take: the count is in TRIAL, or is what the file has room for
        end = np.atleast_1d(groups.get("TRIAL", {}).get("ACTUAL_END_FIELD", []))
        long = int(np.dot(end.astype(np.uint16), (1, 65_536))) - first + 1 if len(end) == 2 else 0
        count = max(count, long or (len(raw) - begin) // stride)
    block = raw[begin : begin + count * stride]
    if len(block) < count * stride or count < 1:
        raise ValueError("the file ends before its last frame")
    if width == 4:
        values = _floats(block, processor)
    else:
        values = np.frombuffer(block, order + "i2").astype(np.float64)
    values = values.reshape(count, -1)[:, : used * 4].reshape(count, used, 4)
    xyz = values[..., :3] * (1.0 if scale < 0 else scale)
    xyz[values[..., 3] < 0] = np.nan

    rate = float(_first(point["RATE"]))
    if not rate > 0:
        raise ValueError("the frame rate is not positive")
    up = up or _UPS.get(_first(point.get("Y_SCREEN", "")).upper(), "z")
    xyz_m = frames.points_to_world(xyz, up, _first(point.get("UNITS", "mm")) or "mm")
    motion = motion_of(marker_layout(names), np.arange(count) / rate, xyz_m)
    residual = (values[..., 3].astype(np.int64) & 0xFF) * abs(scale) / 1000
    motion.error_m[:] = np.where((values[..., 3] > 0) & (residual > 0), residual, np.nan)
    return motion


def _first(value: Any) -> Any:
    """A parameter's value, or the first of several."""
    if isinstance(value, list):
        return value[0] if value else ""
    return np.ravel(value)[0] if isinstance(value, np.ndarray) else value


def _groups(raw: bytes, at: int, processor: int) -> dict[str, dict[str, Any]]:
    """All parameters, by group and name."""
    order = ">" if processor == 3 else "<"
    names: dict[int, str] = {}
    values: dict[int, dict[str, Any]] = {}
    while True:
        length, id = struct.unpack_from("bb", raw, at)
        length = abs(length)  # negative: locked
        if length == 0 or id == 0:
            return {name: values.get(id, {}) for id, name in names.items()}
        name = raw[at + 2 : at + 2 + length].decode("ascii", "replace").upper()
        content = at + 2 + length
        offset = struct.unpack_from(order + "H", raw, content)[0]
        if id < 0:
            names[-id] = name
        else:
            values.setdefault(id, {})[name] = _parameter(raw, content + 2, processor)
        if offset == 0:
            return {name: values.get(id, {}) for id, name in names.items()}
        at = content + offset


def _parameter(raw: bytes, at: int, processor: int) -> Any:
    """One value: text, a list of texts, a number or an array of numbers."""
    kind, depth = struct.unpack_from("bB", raw, at)
    shape = tuple(raw[at + 2 : at + 2 + depth])
    size = int(np.prod(shape, dtype=np.int64)) if shape else 1
    data = raw[at + 2 + depth : at + 2 + depth + size * abs(kind)]
    if kind == -1:
        text = data.decode("utf-8", "replace")
        if depth < 2:
            return text.rstrip(" \0")
        step = max(shape[0], 1)
        return [text.rstrip(" \0") for text in _texts(data, step)]
    if kind == 4:
        values = _floats(data, processor)
    else:
        order = ">" if processor == 3 else "<"
        values = np.frombuffer(data, "i1" if kind == 1 else order + "i2")
    return values.reshape(shape[::-1]) if shape else values[0]


def _texts(data: bytes, step: int) -> list[str]:
    return [data[i : i + step].decode("utf-8", "replace") for i in range(0, len(data), step)]


def _floats(data: bytes, processor: int) -> np.ndarray:
    """32-bit floats of an Intel (1), DEC (2) or MIPS (3) machine."""
    if processor == 3:
        return np.frombuffer(data, ">f4").astype(np.float64)
    if processor == 1:
        return np.frombuffer(data, "<f4").astype(np.float64)
    words = np.frombuffer(data, "<u2").reshape(-1, 2)[:, ::-1]  # VAX F: swapped, bias 2 higher
    return np.ascontiguousarray(words).view("<f4").ravel().astype(np.float64) / 4
