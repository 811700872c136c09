"""Faces in known light as training samples: live from the factory, or packed.

A sample is ``rgb`` (96, 96, 3; uint8), the square about a face, ``GROWN`` larger than the network
looks at; what the skin tells of the light, its ``shape`` (9, 3) and ``mean`` (3); the true
``light`` (9, 3), harmonics of linear RGB; and ``weight`` ().
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.perception.face_light.predictor import square_of
from studio.training.people import Live, Pack, fill, needed
from studio.training.task import Find, Sample, Source, Split

SIDE_PX, GROWN, SHARD = 96, 1.3, 32
LIVE: Mapping[Split, int] = {"train": 100_000, "validation": 96, "test": 256}


@dataclass
class LitFacesLive(Live):
    """Faces straight from the factory."""

    find: Find | None = None
    count = LIVE

    def made(self) -> Any:
        from studio.perception.faces.tracker import FaceCrowd
        from studio.synth.lit_faces import LitFaces

        find = needed(self.find, "faces", "face_light --prepare 1600")
        crowd = FaceCrowd(find("face_landmarker"), 1, guesses=False, films=False)

        def found(rgb: np.ndarray) -> np.ndarray | None:
            seen = crowd.find(rgb, 0.0)
            return seen[0].xyz_px if seen else None

        return LitFaces(self.split, self.seed, found)

    def __getitem__(self, number: int) -> Sample:
        face = self.factory.face(number)
        return {
            "rgb": square_of(face.rgb, face.face_px, SIDE_PX, GROWN),
            "shape": face.told.shape.astype(np.float32),
            "mean": face.told.mean.astype(np.float32), "light": face.light,
            "weight": np.array(1.0, np.float32),
        }  # fmt: skip


def pack(
    folder: Path,
    split: Split,
    seed: int,
    count: int,
    told: Callable[[int], object],
    find: Find | None,
) -> int:
    """Pack faces straight from the factory (see :func:`studio.training.people.fill`)."""
    facts = {"recipe": "lit faces", "seed": seed, "split": split}
    return fill(folder, LitFacesLive(split, seed, find), count, told, facts, SHARD)


def lit(data: Path | None, split: Split, seed: int, find: Find | None = None) -> Source:
    """The faces of a split: those packed under ``data``, or, without, live from the factory."""
    return LitFacesLive(split, seed, find) if data is None else Pack(data / split, SHARD)
