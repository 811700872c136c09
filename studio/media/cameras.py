"""Which name here is which camera there: ``cam_01``, ``cam1``, ``Camera 1``, ``Static_cam_01``."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBERED = re.compile(r"(?:camera|cam|port|view|gopro|kinect)[\W_]*(\d+)", re.I)
_PLAIN = re.compile(r"(?:camera|cam|c|view|port|v)?[\W_]*0*(\d+)", re.I)
_SIDES = re.compile(r"left|right|front|back|top|side", re.I)


def camera_keys(names: Sequence[str]) -> tuple[str, ...]:
    """A key a name, alike for names of the same camera. Distinct, or else the names themselves."""
    for keys in (
        [_numbered(name) for name in names],
        [str(int(part)) if part.isdecimal() else "" for part in _differing(names)],
        [_numbered(name) or _plain(name) for name in names],
    ):
        if all(keys) and len(set(keys)) == len(keys):
            return tuple(keys)
    return tuple(names)


def match_cameras(names: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Name -> its name among ``others``, where there is one. Exact names come first."""
    exact = {name: name for name in names if name in others}
    if len(exact) == len(names):
        return exact
    theirs = dict(zip(camera_keys(others), others, strict=True))
    pairs = zip(names, camera_keys(names), strict=True)
    return {name: theirs[key] for name, key in pairs if key in theirs}


def share_pattern(names: Sequence[str]) -> bool:
    """Whether names differ like those of one take's cameras: by a number, a letter or a side."""
    if len(names) < 2:
        return False
    same = len({re.sub(r"\d+", "#", name) for name in names}) == 1
    sides = len({_SIDES.sub("#", name) for name in names}) == 1 and bool(_SIDES.search(names[0]))
    letters = all(len(part) == 1 and part.isalpha() for part in _differing(names))
    return same or sides or (letters and len(names[0]) > 1)


def _numbered(name: str) -> str:
    found = _NUMBERED.findall(name)
    return str(int(found[-1])) if found else ""


def _plain(name: str) -> str:
    match = _PLAIN.fullmatch(name.strip())
    return str(int(match[1])) if match else re.sub(r"[\W_]+", "", name).casefold()


def _differing(names: Sequence[str]) -> list[str]:
    """The middles of names, without the beginning and the end that all share."""
    if len(names) < 2:
        return list(names)
    start = re.sub(r"\d+$", "", _common_start(names))
    rest = [name[len(start) :] for name in names]
    end = re.sub(r"^\d+", "", _common_start([name[::-1] for name in rest])[::-1])
    return [name[: len(name) - len(end)] for name in rest]


def _common_start(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first[:same] if same is not None else min(first, last, key=len)
