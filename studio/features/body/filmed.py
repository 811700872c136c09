"""A picture of a film as the photograph: at a moment, or the one that shows somebody best."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import VIDEO_SUFFIXES
from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.core.types import Frame
from studio.media.clip import ClipReader
from studio.media.video import open_clip
from studio.perception.best_shown import best_shown
from studio.perception.bodies_seen import NETWORKS
from studio.vision.picture_aids import sharpness
from studio.weights.store import find

_MOMENTS, _ABOUT = 16, 3


def is_film(path: Path) -> bool:
    """Whether a file is a film, by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


@dataclass(frozen=True)
class Still:
    """A picture of a film, kept as a file, and which of the film's it is."""

    path: Path
    number: int
    time_s: float


def photograph_of(film: Path, at_s: float | None = None) -> Still:
    """The picture of a film at a moment (seconds), or, without, the one of some over all of it that
    shows a person best, or else the sharpest: kept as a picture in the user's cache.

    Raises StudioError if it is no film, it does not last so long, or a network is not installed.
    """
    with open_clip(film) as clip:
        if at_s is None:
            frames = _sharpest(clip)
            best = best_shown([np.asarray(one.rgb) for one in frames],
                              {name: find(name) for name in NETWORKS})  # fmt: skip
            if best is None:
                best = int(np.argmax([sharpness(np.asarray(one.rgb), 0.9) for one in frames]))
            frame = frames[best]
        else:
            last = float(clip.times_s[-1])
            if at_s > last + 0.5:
                raise StudioError(
                    f"“{film.name}” lasts {last:.1f} seconds.", "Give an earlier moment."
                )
            frame = clip.frame(clip.number_at(at_s))
        number = clip.number_at(frame.time_s)
    name = f"{film.stem}-{sha256(str(film.resolve()).encode()).hexdigest()[:8]}"
    folder = cache_folder("stills") / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{film.stem} {frame.time_s:.2f} s.png"
    write_picture(path, np.ascontiguousarray(frame.rgb))
    return Still(path, number, frame.time_s)


def _sharpest(clip: ClipReader) -> list[Frame]:
    """The sharpest of some pictures about each of some moments of a film."""
    found: list[Frame] = []
    for span in np.array_split(np.arange(clip.frames), _MOMENTS):
        if len(span):
            tried = [clip.frame(int(k)) for k in span[len(span) // 2 :][:_ABOUT]]
            found.append(max(tried, key=lambda one: sharpness(np.asarray(one.rgb), 0.9)))
    return found
