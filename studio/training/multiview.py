"""One person seen by several calibrated cameras at once, as training samples, live or packed.

A sample is ``rgb`` (views, 192, 192, 3; uint8): a loose crop of the person from every camera, its
lens taken out; ``parts`` (views, 192, 192; uint8), the labels of the factory's people in it;
``projections`` (views, 3, 4): the pinhole matrix of every crop, from the world (metres) to its
pixels, whose centres lie at integers; ``points`` (176, 3): where the points of coco_133, halpe_26
and h36m_17 are in the world; and ``visible`` (views, 176): whether a camera sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.core.types import Camera
from studio.perception.views.crop import Crop, loose_crop
from studio.training.people import Live, Pack, fill
from studio.training.task import Sample, Source, Split

SIDE_PX = 192
LAYOUTS = ("coco_133", "halpe_26", "h36m_17")
RECIPE = "views"
VIEWS: Mapping[Split, int] = {"train": 4, "validation": 4, "test": 8}
"""How many cameras a packed rig has; held-out ones have eight, of which some are taken. About as
many things stand in the way whatever their number."""
SHARD = 16
LIVE: Mapping[Split, int] = {"train": 1_000_000, "validation": 64, "test": 128}


def place_of(layout: str) -> slice:
    """Where the points of a layout are among those of a sample."""
    from studio.human.layouts import layout as find_layout

    start = 0
    for name in LAYOUTS:
        count = len(find_layout(name))
        if name == layout:
            return slice(start, start + count)
        start += count
    raise KeyError(layout)


@dataclass
class Scenes(Live):
    """Moments, each with cameras of its own."""

    count = LIVE

    def made(self) -> Any:
        from studio.synth.factory.factory import Factory
        from studio.synth.factory.recipe import find_recipe

        recipe, views = find_recipe(RECIPE), VIEWS[self.split]
        hindered = recipe.hindered * recipe.views / views
        chosen = replace(recipe, views=views, hindered=hindered)
        return Factory(chosen, self.split, self.seed)

    def __getitem__(self, number: int) -> Sample:
        return sample_of(self.factory.moment(number))


def sample_of(shots: tuple[Any, ...]) -> Sample:
    """The views of a moment as a training sample of its first person."""
    views: list[Sample] = []
    for shot in shots:
        person = shot.people[0]
        crop = loose_crop(shot.camera, box_of(person.boxes_px["body"], shot.camera), SIDE_PX)
        views.append({
            "rgb": crop.take(shot.rgb), "parts": _picked(crop, shot.parts),
            "projections": crop.projection.astype(np.float32),
            "visible": np.concatenate([person.points[name].visible for name in LAYOUTS]),
        })  # fmt: skip
    first = shots[0].people[0].points
    told = {key: np.stack([view[key] for view in views]) for key in views[0]}
    return {**told, "points": np.concatenate([first[name].xyz_m for name in LAYOUTS])}


def box_of(box_px: np.ndarray, camera: Camera) -> tuple[float, float, float, float]:
    """What of a person's box lies in the picture; the whole picture where nothing of it does."""
    width, height = camera.size_px
    left, top, right, bottom = np.nan_to_num(box_px, nan=0.0)
    left, right = np.clip([left, right], 0.0, width - 1.0)
    top, bottom = np.clip([top, bottom], 0.0, height - 1.0)
    if right - left < 1 or bottom - top < 1:
        return 0.0, 0.0, width - 1.0, height - 1.0
    return float(left), float(top), float(right), float(bottom)


def _picked(crop: Crop, labels: np.ndarray) -> np.ndarray:
    return cv2.remap(labels, *crop.where, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)


def pack(folder: Path, split: Split, seed: int, count: int, told: Callable[[int], object]) -> int:
    """Pack scenes straight from the factory; returns how many there are then."""
    facts = {"recipe": RECIPE, "seed": seed, "split": split, "views": VIEWS[split]}
    return fill(folder, Scenes(split, seed), count, told, facts, SHARD)


def scenes(data: Path | None, split: Split, seed: int) -> Source:
    """The samples of a split: those packed under ``data``, or, without, live from the factory."""
    return Scenes(split, seed) if data is None else Pack(data / split, SHARD)
