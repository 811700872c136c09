"""What a photograph's file tells of the lens that took it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

_FILM_MM = 43.27
"""The diagonal of 35 mm film (36 x 24 mm)."""
_LENS, _MM, _MM_FILM = 0x8769, 0x920A, 0xA405
_SIZE = 0xA002, 0xA003
_PER_UNIT, _UNIT = (0xA20E, 0xA20F), 0xA210
_UNITS_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
_CROPPED = 0.02
_LEAST, _MOST = 0.3, 20.0
"""Focal lengths by the diagonal, beyond which nobody takes a portrait: the file tells nonsense."""


def focal_px(path: Path) -> float | None:
    """The focal length of a photograph in its pixels, None where its file does not tell it.

    From the focal plane's resolution if there is one, else from the focal length as 35 mm film has
    it, by the diagonal (Exif 2.32). Nothing is told by a picture that was cropped since: its sides
    are then not as its camera wrote.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            size = picture.size
            told: dict[int, Any] = dict(picture.getexif().get_ifd(_LENS))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    written = [_number(told.get(tag)) for tag in _SIZE]
    sides = (written[0], written[1]) if all(written) else None
    scale = 1.0
    if sides is not None:
        scale = max(size) / max(sides)
        if abs(min(size) / min(sides) / scale - 1) > _CROPPED:
            return None
    diagonal = float(np.hypot(*size))
    found = _by_plane(told, scale) if sides is not None else None
    if found is None:
        film = _number(told.get(_MM_FILM))
        found = film / _FILM_MM * diagonal if film else None
    return found if found is not None and _LEAST < found / diagonal < _MOST else None


def _by_plane(told: dict[int, Any], scale: float) -> float | None:
    length = _number(told.get(_MM))
    many = _number(told.get(_PER_UNIT[0]))
    unit = _UNITS_MM.get(int(_number(told.get(_UNIT, 2))))
    if not length or not many or unit is None:
        return None
    return length / unit * many * scale


def _number(value: Any) -> float:
    """A tag's number, 0 if it has none."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
    return number if np.isfinite(number) and number > 0 else 0.0
