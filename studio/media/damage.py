"""Whether motions and models are what their names say, by how they begin and how long they are."""

from __future__ import annotations

import re
from pathlib import Path

_BEGINNINGS = {
    ".bvh": re.compile(rb"(\xef\xbb\xbf)?\s*HIERARCHY", re.I),
    ".c3d": re.compile(rb".\x50", re.S),
    ".glb": re.compile(rb"glTF.{8}", re.S),
    ".ply": re.compile(rb"ply\s"),
    ".vrm": re.compile(rb"glTF.{8}", re.S),
}


def damage(path: Path) -> str:
    """Why a file cannot be what its name says, and what to do; nothing if it may be, or if its kind
    has no known beginning. Reads 64 bytes. Raises OSError."""
    suffix = path.suffix.lower()
    if suffix not in _BEGINNINGS:
        return ""
    with path.open("rb") as file:
        head = file.read(64)
    if not _BEGINNINGS[suffix].match(head):
        return f"“{path.name}” is no {suffix[1:].upper()}, or damaged. Export it again."
    whole = int.from_bytes(head[8:12], "little") if head[:4] == b"glTF" else 0
    if whole > path.stat().st_size:
        return f"“{path.name}” is cut off. Copy or download it again."
    return ""
