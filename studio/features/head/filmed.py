"""A phone's sweep around a head as photographs: of a film, the sharpest picture of each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.files import VIDEO_SUFFIXES
from studio.core.folders import cache_folder
from studio.core.pictures import write_picture
from studio.jobs import Context
from studio.media.video import open_clip
from studio.perception.portraits import Looked, Looker

MOST = 5
"""Photographs that a sweep gives: sides in between tell little more."""
APART_DEG = 12.0
"""Pictures of nearer sides are of one side."""
FAR_DEG = 42.0
"""Faces that are turned further are not told well, and spoil hair."""
_LOOKED_AT, _TRIED = 15, 6
_SMALL_PX = 320
_EARS = (234, 454)
"""The right and the left end of the face."""


@dataclass(frozen=True, eq=False)
class Taken:
    """A picture of a film: when it is seen (s), how the face is turned (degrees, to its left),
    how sharp it is, and what it shows."""

    time_s: float
    turn_deg: float
    sharp: float
    looked: Looked


def is_film(path: Path) -> bool:
    """Whether a file is a film, by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def photographs_of(film: Path, looker: Looker, context: Context) -> dict[Path, Looked]:
    """The best pictures of a film of somebody's head, the most frontal first: kept as pictures in
    the user's cache, with what they show.

    Raises StudioError if it is no film, or no face is found in it.
    """
    taken = chosen(looked_at(film, looker, context))
    if not taken:
        raise StudioError(
            f"No face is found in “{film.name}”.",
            "Film around somebody's head slowly, from ear to ear, with light on the face.",
        )
    name = f"{film.stem}-{sha256(str(film.resolve()).encode()).hexdigest()[:8]}"
    folder = cache_folder("sweeps") / name
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[Path, Looked] = {}
    for one in taken:
        path = folder / f"{film.stem} {one.time_s:.2f} s.png"
        write_picture(path, one.looked.rgb)
        found[path] = one.looked
    return found


def looked_at(film: Path, looker: Looker, context: Context) -> list[Taken]:
    """The sharpest pictures of a film, one of each of so many moments, in which there is a face."""
    found: list[Taken] = []
    with open_clip(film) as clip:
        for number, span in enumerate(np.array_split(np.arange(clip.frames), _LOOKED_AT)):
            if not len(span):
                continue
            context.check()
            context.report(0.2 * number / _LOOKED_AT, f"Looking for sides in {film.name}")
            picks = span[np.linspace(0, len(span) - 1, min(_TRIED, len(span))).astype(int)]
            frames = [clip.frame(int(k)) for k in picks]
            sharp = [sharpness(one.rgb) for one in frames]
            best = frames[int(np.argmax(sharp))]
            try:
                name = f"{film.name}, {best.time_s:.1f} s"
                looked = looker.look(name, np.ascontiguousarray(best.rgb))
            except StudioError:
                continue
            found.append(Taken(best.time_s, turn_deg(looked.xyz_px), max(sharp), looked))
    return found


def chosen(taken: Sequence[Taken]) -> list[Taken]:
    """At most ``MOST`` pictures: the most frontal, then each time the one that is turned furthest
    from those there are, the sharper of those that are turned alike."""
    left = [one for one in taken if abs(one.turn_deg) <= FAR_DEG]
    out: list[Taken] = []
    while left and len(out) < MOST:
        if out:
            apart = [min(abs(one.turn_deg - o.turn_deg) for o in out) for one in left]
            if max(apart) < APART_DEG:
                break
            aim = left[int(np.argmax(apart))].turn_deg
        else:
            aim = min((one.turn_deg for one in left), key=abs)
        alike = [one for one in left if abs(one.turn_deg - aim) < APART_DEG / 3]
        best = max(alike, key=lambda one: one.sharp)
        out.append(best)
        left = [one for one in left if one not in alike]
    return out


def turn_deg(xyz_px: np.ndarray) -> float:
    """How far a face is turned to its left, by its ends (degrees)."""
    x, _, z = xyz_px[_EARS[1]] - xyz_px[_EARS[0]]
    return float(np.degrees(np.arctan2(z, x)))


def sharpness(rgb: np.ndarray) -> float:
    """How sharp a picture is (the variance of its Laplacian, made small)."""
    grey = cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2GRAY)
    scale = _SMALL_PX / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_64F).var())
