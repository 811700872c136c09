"""Pictures as arrays: read from any common format, written whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.files import check_file, write_whole

Channels = Literal["rgb", "rgba", "grey"]
_FLAGS = {
    "rgb": cv2.IMREAD_COLOR,
    "rgba": cv2.IMREAD_UNCHANGED,
    "grey": cv2.IMREAD_GRAYSCALE,
}


def read_picture(path: Path, channels: Channels = "rgb", what: str = "the picture") -> np.ndarray:
    """UInt8 (height, width, 3 or 4) or, for grey, (height, width).

    ``rgb`` and ``grey`` are turned upright as their EXIF says; ``rgba`` adds an opaque alpha where
    there is none. Raises StudioError if the file is missing or no picture.
    """
    check_file(path, what)
    found: Any = cv2.imdecode(np.fromfile(path, np.uint8), _FLAGS[channels])
    if found is None:
        raise StudioError(
            f"“{path.name}” is not a picture, or it is damaged.", "Copy it again, or leave it out."
        )
    if found.dtype == np.uint16:
        found = (found >> 8).astype(np.uint8)
    if channels == "rgba":
        if found.ndim == 2:
            found = cv2.cvtColor(found, cv2.COLOR_GRAY2BGR)
        if found.shape[2] == 3:
            found = np.dstack([found, np.full(found.shape[:2], 255, np.uint8)])
    if found.ndim == 3:
        order = [2, 1, 0, 3][: found.shape[2]]
        found = found[..., order]
    return np.ascontiguousarray(found)


def write_picture(path: Path, picture: np.ndarray, quality: int = 92) -> None:
    """Write UInt8 (height, width), (…, 3) or (…, 4) as the suffix says (PNG, JPEG, WebP), whole.

    Raises StudioError if it cannot be written.
    """
    order = None if picture.ndim == 2 else [2, 1, 0, 3][: picture.shape[2]]
    pixels = np.ascontiguousarray(picture if order is None else picture[..., order])
    options = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality], ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, quality],
    }  # fmt: skip
    suffix = path.suffix.lower()
    try:
        made, data = cv2.imencode(suffix, pixels, options.get(suffix, []))
    except cv2.error:
        made, data = False, np.empty(0, np.uint8)
    if not made:
        raise StudioError(
            f"A picture cannot be written as “{path.suffix}”.", "Use .png, .jpg or .webp."
        )
    write_whole(path, data.tobytes())
