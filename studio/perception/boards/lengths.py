"""Lengths as people write them: 54mm, 2.5 cm, 1in."""

from __future__ import annotations

import re

from studio.core.errors import StudioError
from studio.core.frames import UNITS_M

_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zA-Z]*|\"|″|′′)\s*")
_INCH = {'"', "″", "′′", "inch", "inches"}
_LARGEST_M = 20.0


def parse_length(text: str, what: str = "The length") -> tuple[float, str]:
    """A length in metres, and the unit it was written in.

    Raises StudioError if it is not a positive number with a unit of length.
    """
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise StudioError(f"{what} “{text}” is not a length.", "Write it like 54mm, 2.5cm or 1in.")
    number, unit = match[1], match[2].lower()
    if not unit:
        raise StudioError(
            f"{what} “{text}” has no unit.", f"Write {number}mm, {number}cm or {number}in."
        )
    unit = "in" if unit in _INCH else unit
    if unit not in UNITS_M:
        raise StudioError(
            f"{what} “{text}”: “{match[2]}” is not a unit of length.",
            f"Write {number}mm, {number}cm or {number}in.",
        )
    metres = float(number) * UNITS_M[unit]
    if not 0 < metres <= _LARGEST_M:
        raise StudioError(f"{what} “{text}” cannot be right.", "Measure it, and write the unit.")
    return metres, unit


def write_length(metres: float) -> str:
    """A length in millimetres, as short as it is exact to a nanometre."""
    return f"{metres * 1000:.6f}".rstrip("0").rstrip(".") + "mm"


def say_length(metres: float) -> str:
    """A length for people: 54 mm, 1.2 m."""
    return f"{metres:.3g} m" if metres >= 1 else f"{metres * 1000:.4g} mm"
