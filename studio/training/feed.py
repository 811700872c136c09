"""Which samples come in which step, and the processes that make them.

The step alone decides: a resumed run goes on with the very samples that would have come, whatever
the number of workers or devices.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.utils.data import DataLoader

from studio.training.task import Batch, Sample, Source


class Order:
    """A new shuffle of all samples in each epoch, cut into batches."""

    def __init__(self, samples: int, batch: int, seed: int) -> None:
        self._samples, self._batch, self._seed = samples, batch, seed
        self._known: dict[int, np.ndarray] = {}

    def at(self, step: int) -> np.ndarray:
        """The numbers of the samples of a step."""
        places = np.arange(step * self._batch, (step + 1) * self._batch)
        epochs, inside = np.divmod(places, self._samples)
        return np.array(
            [self._epoch(int(e))[i] for e, i in zip(epochs, inside, strict=True)], dtype=np.int64
        )

    def _epoch(self, epoch: int) -> np.ndarray:
        if epoch not in self._known:
            self._known = {e: order for e, order in self._known.items() if e == epoch - 1}
            dice = np.random.default_rng([self._seed, epoch])
            self._known[epoch] = dice.permutation(self._samples)
        return self._known[epoch]


class _Steps:
    """The sample numbers of every step from one on, of one of several ranks."""

    def __init__(self, order: Order, first_step: int, rank: int, world: int) -> None:
        self._order, self._first, self._rank, self._world = order, first_step, rank, world

    def __iter__(self) -> Iterator[list[int]]:
        step = self._first
        while True:
            yield self._order.at(step)[self._rank :: self._world].tolist()
            step += 1


class Mixed:
    """Several sources as one; each is drawn from in proportion to its weight.

    Sample n comes from a source and a place that n alone decides. The length is what the first
    source needs to be gone through once.
    """

    def __init__(self, sources: Sequence[Source], weights: Sequence[float], seed: int = 0) -> None:
        share = np.asarray(weights, float) / np.sum(weights)
        self._sources, self._edges, self._seed = list(sources), np.cumsum(share), seed
        self._length = int(np.ceil(len(sources[0]) / share[0]))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> Sample:
        dice = np.random.default_rng([self._seed, number])
        which = min(int(np.searchsorted(self._edges, dice.random(), "right")), len(self._edges) - 1)
        source = self._sources[which]
        return source[int(dice.integers(len(source)))]


@dataclass(frozen=True)
class _Kept:
    source: Source
    folder: Path

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, number: int) -> Sample:
        folder = self.folder / str(number)
        if not folder.is_dir():
            sample = self.source[number]
            folder.mkdir()
            for key, value in sample.items():
                np.save(folder / f"{key}.npy", value)
        return {path.stem: np.load(path) for path in folder.iterdir()}


@contextmanager
def made_once(source: Source) -> Generator[Source]:
    """A source for going through the same samples several times: those that were asked for lie on
    the disk as long as it is used."""
    with TemporaryDirectory(prefix="doppel-samples-") as folder:
        yield _Kept(source, Path(folder))


def batches(
    source: Source,
    order: Order,
    first_step: int,
    *,
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """The batches of every step from ``first_step`` on, without end.

    With ``workers``, that many processes make the samples ahead, each with its own copy of the
    source.
    """
    loader = DataLoader(
        source,  # pyright: ignore[reportArgumentType]
        batch_sampler=_Steps(order, first_step, rank, world),  # pyright: ignore[reportArgumentType]
        num_workers=workers,
        collate_fn=gathered,
        worker_init_fn=_start_worker if workers else None,
        multiprocessing_context="spawn" if workers else None,
        prefetch_factor=3 if workers else None,
    )
    return iter(loader)


def gathered(samples: list[Sample]) -> Batch:
    """Samples as a batch."""
    return {key: torch.from_numpy(np.stack([s[key] for s in samples])) for key in samples[0]}


def _start_worker(_: int) -> None:
    torch.set_num_threads(1)


def batches_once(source: Source, count: int, batch: int) -> Iterator[Batch]:
    """The first ``count`` samples, or all if there are fewer, in their order."""
    count = min(count, len(source))
    for start in range(0, count, batch):
        yield gathered([source[number] for number in range(start, min(start + batch, count))])
