"""Pictures of feet from near as training samples: live from the factory, or packed.

A sample is ``rgb`` (256, 256, 3; uint8), ``parts`` (256, 256; uint8), and of the left and the right
foot ``points`` (2, 9, 3: x and y in pixels, and how far behind the foot's middle, in feet's
lengths), ``shows`` (2: whether it is seen) and ``frames`` (2, 4, 4: those of ``foot.L`` and
``foot.R`` to the camera, metres), besides ``foot_m`` (), ``lens`` (3; focal length and middle in
pixels) and ``weight`` ().
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.human.feet import marks_m
from studio.training.people import Live, Pack, fill
from studio.training.task import Sample, Source, Split

LIVE: Mapping[Split, int] = {"train": 1_000_000, "validation": 96, "test": 192}


def behind_middle(frame: np.ndarray, foot_m: float, side: str) -> np.ndarray:
    """How far each mark of a foot lies behind their middle (9), along the ray to it, in feet's
    lengths; ``frame`` is the foot's to the camera."""
    places = marks_m(side, foot_m) @ frame[:3, :3].T + frame[:3, 3]
    middle = places.mean(0)
    return (places - middle) @ (middle / np.linalg.norm(middle)) / foot_m


@dataclass
class Feet(Live):
    """Feet straight from the factory."""

    count = LIVE

    def made(self) -> Any:
        from studio.synth.tryon.feet import FeetFactory

        return FeetFactory(self.split, self.seed)

    def __getitem__(self, number: int) -> Sample:
        view = self.factory.view(number)
        deep = [behind_middle(f, view.foot_m, s) for f, s in zip(view.frames, "LR", strict=True)]
        camera = view.camera.matrix
        return {
            "rgb": view.rgb, "parts": view.parts,
            "points": np.dstack([view.points_px, np.stack(deep)]).astype(np.float32),
            "shows": view.shows, "frames": view.frames.astype(np.float32),
            "foot_m": np.array(view.foot_m, np.float32),
            "lens": camera[[0, 0, 1], [0, 2, 2]].astype(np.float32),
            "weight": np.array(1.0, np.float32),
        }  # fmt: skip


def pack(folder: Path, split: Split, seed: int, count: int, told: Callable[[int], object]) -> int:
    """Pack feet straight from the factory (see :func:`studio.training.people.fill`)."""
    facts = {"recipe": "feet", "seed": seed, "split": split}
    return fill(folder, Feet(split, seed), count, told, facts)


def feet(data: Path | None, split: Split, seed: int) -> Source:
    """The feet of a split: those packed under ``data``, or, without, live from the factory."""
    return Feet(split, seed) if data is None else Pack(data / split)
