"""Old projects, brought up to date: one pure dict -> dict function for each version step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.document.project import VERSION

Raw = dict[str, Any]


def _from_0(raw: Raw) -> Raw:
    """Version 0 called items "objects" and had no parameters of its own."""
    items = raw.get("items", raw.get("objects", []))
    return {"version": 1, "name": raw.get("name", "Untitled"), "items": items, "params": {}}


def _from_1(raw: Raw) -> Raw:
    """Version 2 adds what a calibration is worth and the cameras that a take was filmed with."""
    return {**raw, "version": 2}


def _from_2(raw: Raw) -> Raw:
    """Version 3 adds what somebody made of an avatar: its design."""
    return {**raw, "version": 3}


def _from_3(raw: Raw) -> Raw:
    """Version 4 adds everybody whom the cameras saw, and whose motion it is of several people."""
    return {**raw, "version": 4}


def _from_4(raw: Raw) -> Raw:
    """Version 5 adds stages for live performances."""
    return {**raw, "version": 5}


STEPS: dict[int, Callable[[Raw], Raw]] = {
    0: _from_0, 1: _from_1, 2: _from_2, 3: _from_3, 4: _from_4,
}  # fmt: skip


def to_current(raw: Raw) -> Raw:
    """Apply the steps from the file's version to the current one.

    Raises ValueError if the version is not one that Doppel ever wrote.
    """
    version = raw.get("version", 0)
    while version != VERSION:
        if version not in STEPS:
            raise ValueError(f"unknown project version {version!r}")
        raw = STEPS[version](raw)
        version = raw["version"]
    return raw
