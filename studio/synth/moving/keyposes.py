"""Key poses of the factory's motions as turns of bones: what moving people go from and to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.core.folders import cache_folder
from studio.synth.cast import random_phenotype
from studio.synth.factory.motions import make_pose, make_stride, motions_of
from studio.synth.factory.poses import turns_of
from studio.synth.factory.streams import Split, stream
from studio.synth.figure import Figure, make_figure
from studio.synth.posing import INDEX

VERSION = 1
POSES = {"train": 6000, "validation": 600, "test": 1200}
"""How many key poses each split has."""
PHASES = 12
"""Moments of a stride, from one step of the left foot to the next."""
_A_FIGURE, _A_STRIDE = 100, 20


def _fingers(side: str) -> list[str]:
    return [f"finger{k}-{j}.{side}" for k in range(1, 6) for j in (1, 2, 3)]


TRUNK = ("root", "spine05", "spine04", "spine03", "spine02", "spine01")
HEAD = ("neck01", "neck02", "neck03", "head")
ARMS = {s: (f"clavicle.{s}", f"upperarm01.{s}", f"lowerarm01.{s}", f"lowerarm02.{s}", f"wrist.{s}")
        for s in "LR"}  # fmt: skip
LEGS = {s: (f"upperleg01.{s}", f"lowerleg01.{s}", f"foot.{s}") for s in "LR"}
HANDS = {s: tuple(_fingers(s)) for s in "LR"}
MOVING: tuple[str, ...] = (
    *TRUNK, *HEAD, *(bone for s in "LR" for bone in (*ARMS[s], *LEGS[s], *HANDS[s]))
)  # fmt: skip
"""The bones that move, in the order of :attr:`KeyPoses.turns`."""


@dataclass(frozen=True, eq=False)
class KeyPoses:
    """Poses as unit quaternions (x, y, z, w) of the bones of :data:`MOVING`.

    ``motion`` is the number, among ``names``, of the motion that a pose is a moment of;
    ``strides`` are walks of :data:`PHASES` moments each.
    """

    names: tuple[str, ...]
    motion: Int[np.ndarray, " poses"]
    turns: Float32[np.ndarray, "poses bones 4"]
    strides: Float32[np.ndarray, "walks phases bones 4"]

    def only(self, names: Sequence[str]) -> KeyPoses:
        """The key poses of some motions."""
        kept = np.isin(self.motion, [self.names.index(name) for name in names])
        return replace(self, motion=self.motion[kept], turns=self.turns[kept])


def _quaternions(turns: np.ndarray) -> np.ndarray:
    moving = turns[[INDEX[bone] for bone in MOVING]]
    return Rotation.from_matrix(moving).as_quat().astype(np.float32)


def make_key_poses(split: Split, count: int) -> KeyPoses:
    """Key poses of the motions of a split; the same every time."""
    names = motions_of(split)
    motion, turns, strides = [], [], []
    figure: Figure | None = None
    for number in range(count):
        rng = stream("key pose", VERSION, split, number)
        if figure is None or number % _A_FIGURE == 0:
            figure = make_figure(**random_phenotype(rng))
        which = int(rng.integers(len(names)))
        motion.append(which)
        turns.append(_quaternions(turns_of(figure, make_pose(names[which], rng, figure))[1]))
        if number % _A_STRIDE == 0:
            seed = int(rng.integers(2**31))
            walk = (make_stride(np.random.default_rng(seed), 2 * np.pi * k / PHASES)
                    for k in range(PHASES))  # fmt: skip
            strides.append([_quaternions(turns_of(figure, pose)[1]) for pose in walk])
    return KeyPoses(names, np.array(motion), np.stack(turns), np.array(strides, np.float32))


def key_poses(split: Split, count: int | None = None) -> KeyPoses:
    """The key poses of a split, made once (one or two minutes) and kept in the cache."""
    count = count or POSES[split]
    path = cache_folder("key_poses") / f"{VERSION}_{split}_{count}.npz"
    if path.is_file():
        with np.load(path) as kept:
            return KeyPoses(tuple(kept["names"].tolist()), kept["motion"],
                            kept["turns"], kept["strides"])  # fmt: skip
    made = make_key_poses(split, count)
    _keep(path, made)
    return made


def _keep(path: Path, made: KeyPoses) -> None:
    """Keep them for the next time; a cache that cannot be written is done without."""
    data = BytesIO()
    np.savez_compressed(data, names=np.array(made.names), motion=made.motion,
                        turns=made.turns, strides=made.strides)  # fmt: skip
    with suppress(OSError, StudioError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data.getvalue())
