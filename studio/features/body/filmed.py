"""A picture of a film as the photograph: at a moment, or the sharpest."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import VIDEO_SUFFIXES
from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.media.video import open_clip
from studio.vision.picture_aids import sharpness

_TRIED = 15


def is_film(path: Path) -> bool:
    """Whether a file is a film, by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def photograph_of(film: Path, at_s: float | None = None) -> Path:
    """The picture of a film at a moment (seconds), or, without, the sharpest of some over all of
    it: kept as a picture in the user's cache.

    Raises StudioError if it is no film, or it does not last so long.
    """
    with open_clip(film) as clip:
        if at_s is None:
            tried = np.unique(np.linspace(0, clip.frames - 1, _TRIED).astype(int))
            frames = [clip.frame(int(k)) for k in tried]
            best = max(frames, key=lambda one: sharpness(np.asarray(one.rgb), 0.9))
        else:
            last = float(clip.times_s[-1])
            if at_s > last + 0.5:
                raise StudioError(
                    f"“{film.name}” lasts {last:.1f} seconds.", "Give an earlier moment."
                )
            best = clip.frame(int(np.abs(np.asarray(clip.times_s) - at_s).argmin()))
    name = f"{film.stem}-{sha256(str(film.resolve()).encode()).hexdigest()[:8]}"
    folder = cache_folder("stills") / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{film.stem} {best.time_s:.2f} s.png"
    write_picture(path, np.ascontiguousarray(best.rgb))
    return path
