"""Poses to learn a prior from: takes of real motion, single poses, and the factory's own motions.

A pack is one file, ``poses.npz``: ``angles`` (N, angles; radians, see
:mod:`studio.human.prior.space`), ``time_s``, ``take`` (the number of the take that a pose belongs
to), ``split`` (0 train, 1 validation, 2 test) and ``kind`` (a number into :data:`KINDS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.training.task import Sample, Split

KINDS = ("take", "single", "authored", "tracked")
"""Frames of a long take, single poses, moments of the factory's motions, and people whom a tracker
followed: these are only tested on."""
SHARES = {"take": 0.35, "single": 0.2, "authored": 0.45}
"""How much of what is learned from is of each kind; kinds that are not there leave theirs."""
_SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_PARTS = ((0.0, 0.68), (0.71, 0.83), (0.86, 1.0))
"""A long take's parts by split; between them lies what is in none."""
_LONG = 30
_FILE = "poses.npz"
_NEAR_S, _FAR_S = 0.1, 1.0


@dataclass(frozen=True, eq=False)
class Takes:
    """All poses at hand (see the module's text)."""

    angles: np.ndarray
    time_s: np.ndarray
    take: np.ndarray
    split: np.ndarray
    kind: np.ndarray

    def __len__(self) -> int:
        return len(self.angles)

    def of(self, split: Split, *kinds: str) -> np.ndarray:
        """Which poses are of a split and of these kinds (all kinds: none named)."""
        wanted = [KINDS.index(kind) for kind in kinds or KINDS]
        return np.flatnonzero((self.split == _SPLITS.index(split)) & np.isin(self.kind, wanted))

    def save(self, folder: Path) -> Path:
        """Write the pack."""
        import io

        whole = io.BytesIO()
        np.savez_compressed(whole, **vars(self))
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / _FILE, whole.getvalue())
        return folder / _FILE


def load(folder: Path) -> Takes:
    """The pack of a folder. Raises StudioError if there is none."""
    try:
        with np.load(folder / _FILE) as table:
            return Takes(**{key: table[key] for key in table.files})
    except (OSError, ValueError, TypeError) as error:
        raise StudioError(
            f"There are no poses in “{folder}”.",
            "Make some: doppel train pose_prior --prepare 60 --takes FOLDER --data FOLDER",
        ) from error


def gathered(takes: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> Takes:
    """Takes (kind, times, angles) with every pose put into a split.

    Long takes are cut by time, single poses are dealt out in their order, tracked people are tested
    on. Authored ones say their split themselves: ``authored/train``.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    singles = 0
    for number, (told, times_s, angles) in enumerate(takes):
        kind, _, chosen = told.partition("/")
        if kind == "single":
            split = np.full(len(angles), (0, 0, 1, 0, 2)[singles % 5])
            singles += 1
        elif kind == "tracked":
            split = np.full(len(angles), 2)
        elif chosen:
            split = np.full(len(angles), _SPLITS.index(chosen))  # pyright: ignore[reportArgumentType]
        else:
            at = np.linspace(0, 1, len(angles))
            split = np.full(len(angles), -1)
            for which, (a, b) in enumerate(_PARTS):
                split[(at >= a) & (at <= b)] = which
        count = len(angles)
        parts.append((angles, times_s, np.full(count, number), split,
                      np.full(count, KINDS.index(kind))))  # fmt: skip
    angles, times_s, take, split, kind = (np.concatenate(p) for p in zip(*parts, strict=True))
    kept = split >= 0
    return Takes(angles[kept].astype(np.float32), times_s[kept].astype(np.float32),
                 take[kept], split[kept].astype(np.int8), kind[kept].astype(np.int8))  # fmt: skip


def kind_of(frames: int) -> str:
    """Whether so many frames are a take or a single pose."""
    return "take" if frames >= _LONG else "single"


def authored(each: int, seed: int = 0) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Moments of the factory's motions: so many of each, those of a split for that split alone."""
    from studio.human.prior.retarget import fit_turns, turned_bones
    from studio.human.prior.space import pose_space
    from studio.synth.factory.motions import make_pose, motions_of
    from studio.synth.factory.poses import turns_of
    from studio.synth.factory.streams import stream
    from studio.synth.figure import make_figure

    figure, out = make_figure(), []
    train = motions_of("train")
    for split in _SPLITS:
        names = [n for n in motions_of(split) if split == "train" or n not in train]
        turns: list[np.ndarray] = []
        for name in names:
            rng = stream("pose prior", seed, name)
            turns += [turns_of(figure, make_pose(name, rng, figure))[1] for _ in range(each)]
        fitted = fit_turns(pose_space(), turned_bones(np.stack(turns)), np.zeros(len(turns)))
        out.append((f"authored/{split}", fitted.times_s, fitted.angles))
    return out


class Pairs:
    """Training samples: a pose ``x``, the pose ``after`` it, and the ``seconds`` between them
    (0: there is none after it, ``after`` is ``x``). Half of them are mirrored."""

    def __init__(self, takes: Takes, split: Split, seed: int, length: int = 20_000) -> None:
        self._takes, self._seed, self._length = takes, seed, length
        self._of = {kind: takes.of(split, kind) for kind in SHARES}
        self._kinds = [kind for kind, found in self._of.items() if len(found)]
        if not self._kinds:
            raise StudioError(f"There are no poses of the split {split} to learn from.")
        shares = np.array([SHARES[kind] for kind in self._kinds])
        self._edges = np.cumsum(shares / shares.sum())

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Sample:
        dice = np.random.default_rng([self._seed, number])
        last = len(self._edges) - 1
        kind = self._kinds[min(int(np.searchsorted(self._edges, dice.random())), last)]
        among = self._of[kind]
        which = int(among[dice.integers(len(among))])
        takes, then, seconds = self._takes, which, 0.0
        if kind == "take":
            ahead = takes.time_s[among] - takes.time_s[which]
            near = (np.abs(ahead) >= _NEAR_S) & (np.abs(ahead) <= _FAR_S)
            near &= takes.take[among] == takes.take[which]
            if near.any():
                then = int(dice.choice(among[near]))
                seconds = abs(float(takes.time_s[then] - takes.time_s[which]))
        x, after = takes.angles[which], takes.angles[then]
        if dice.random() < 0.5:
            from studio.human.prior.space import mirrored

            x, after = mirrored(x), mirrored(after)
        return {"x": x.astype(np.float32), "after": after.astype(np.float32),
                "seconds": np.array(seconds, np.float32)}  # fmt: skip
