"""Hats on real people before whom nothing is: how much of their front the network hides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from studio.core.pictures import read_picture
from studio.core.types import Frame
from studio.journeys.figures import Figure, footage_set
from studio.journeys.puppet import REAL
from studio.journeys.tryon_sheet import PORTRAITS
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.media.video import open_clip
from studio.perception.occluder.predictor import OccluderInput, OcclusionPredictor, covered

HATS = ("beanie", "cap", "fedora")
PHOTOGRAPHS = ("astronaut.png", "biden.jpg", "obama.jpg", "obama3.jpg")
_MOMENTS, _FRAMES = (0, 90, 180), 181
_BEFORE_M = 0.002
"""What lies so far before the head known by the tracker is a hat's front."""


def bare_hats(footage: Path | None) -> Iterator[Figure]:
    """How many of the pixels of hats' fronts are told hidden, on films and photographs in which no
    hand is near: hair gives way to a hat."""
    fronts = {name: _Fronts() for name in HATS}
    for frame in _frames(footage):
        for name, told in fronts.items():
            with TryOn(make_predictor=lambda told=told: told) as tryon:
                tryon.show(frame, WearSettings(items=(name,)))
    each = {name: told.share for name, told in fronts.items()}
    most = max(each.values())
    yield Figure(
        "hats on people before whom nothing is: of their front hidden, at most", f"{most:.1%}",
        note=", ".join(f"{name} {share:.1%}" for name, share in each.items()),
    )  # fmt: skip


def _frames(footage: Path | None) -> Iterator[Frame]:
    for folder, names in REAL.items():
        for name in names:
            with open_clip(footage_set(footage, folder) / name) as clip:
                for k, frame in enumerate(clip):
                    if k in _MOMENTS:
                        yield frame
                    if k == _FRAMES:
                        break
    for name in PHOTOGRAPHS:
        yield Frame(name, 0.0, read_picture(footage_set(footage, PORTRAITS) / name))


class _Fronts:
    """Predicts maps, and counts the pixels of fronts that are told hidden."""

    def __init__(self) -> None:
        self._own = OcclusionPredictor()
        self._front = self._hidden = 0

    @property
    def share(self) -> float:
        return self._hidden / max(self._front, 1)

    def predict(self, crop: OccluderInput) -> np.ndarray:
        found = self._own.predict(crop)
        front = front_of(crop)
        self._front += int(front.sum())
        self._hidden += int((front & (found < 0.5)).sum())
        return found


def front_of(crop: OccluderInput) -> np.ndarray:
    """Where an item lies before the body that the tracker knows, or beside it (256, 256)."""
    there = covered(crop.item[..., 3]) & np.isfinite(crop.item_depth_m)
    return there & (crop.item_depth_m < crop.proxy_depth_m - _BEFORE_M)
