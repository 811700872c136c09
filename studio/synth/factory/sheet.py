"""Contact sheets: many shots of a factory in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.parts import PART_COLOURS
from studio.synth.factory.shot import Shot

GAP_PX = 4


def labelled(shot: Shot, share: float = 0.6) -> np.ndarray:
    """A shot's picture under the colours of its parts."""
    if shot.parts is None:
        raise StudioError("This recipe makes no map of parts.", "Choose one that does: parts.")
    return ((1 - share) * shot.rgb + share * PART_COLOURS[shot.parts]).astype(np.uint8)


def pointed(shot: Shot) -> np.ndarray:
    """A shot's picture with the points of its first layout: green where seen, red where hidden."""
    canvas = shot.rgb.copy()
    size = max(round(shot.rgb.shape[1] / 256), 1)
    for person in shot.people:
        points = next(iter(person.points.values()))
        for (x, y), seen in zip(points.xy_px, points.visible, strict=True):
            if np.isfinite((x, y)).all() and max(abs(x), abs(y)) < 1e4:
                colour = (60, 230, 90) if seen else (230, 60, 60)
                cv2.circle(canvas, (round(float(x)), round(float(y))), size, colour, -1)
    return canvas


def contact_sheet(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size in rows, with a thin gap between them."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.full(
        (rows * (height + GAP_PX) - GAP_PX, columns * (width + GAP_PX) - GAP_PX, 3), 24, np.uint8
    )
    for k, picture in enumerate(pictures):
        y, x = k // columns * (height + GAP_PX), k % columns * (width + GAP_PX)
        sheet[y : y + height, x : x + width] = picture
    return sheet


def save(picture: np.ndarray, path: Path, quality: int = 90) -> None:
    """Write a picture as its name says (.png, .jpg ...). Raises StudioError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        how = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix == ".jpg" else []
        fine, data = cv2.imencode(path.suffix, picture[..., ::-1], how)
        if fine:
            path.write_bytes(data.tobytes())
            return
    except (OSError, cv2.error) as error:
        raise StudioError(
            f"The picture “{path}” cannot be written ({error}).",
            "Give a file name that ends in .png or .jpg, in a folder you may write to.",
        ) from error
