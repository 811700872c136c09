"""Pictures of people with parts and points as training samples: live from the factory or packed.

A sample is ``rgb`` (256, 256, 3; uint8), ``parts`` and ``instances`` (256, 256; uint8), ``points``
(3, 133, 3; x, y in pixels and whether it is visible, NaN for people who are not there) in the
layout coco_133, and ``weight`` (). Pixels with the label 255 are not known.

Those of the recipe ``dope`` are 240 high and 320 wide, show one to three people from near and far,
and have ``whole`` besides (3, 139, 6; x, y, visible, then metres before the camera) in the layout
dope_139, ``halpe_26`` alike (for kinds of parts that are added), and ``lens`` (3; focal length and
middle in pixels).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.training.task import Find, Sample, Source, Split

PEOPLE, POINTS, SIDE_PX = 3, 133, 256
WHOLE = "dope"
MORE = ("halpe_26",)
"""Layouts that pictures of whole people have besides: kinds of parts that are added need them."""
SHARD = 64
VIEWS = 4
DATA = (
    "Synthetic people of Doppel's own factory (Anny, Apache-2.0; MakeHuman data, CC0; garments, "
    "rooms and light made by Doppel); no photograph of people"
)
"""What is learned from, as cards say it."""
UNKNOWN = 255
LIVE: Mapping[Split, int] = {"train": 1_000_000, "validation": 256, "test": 512}


@dataclass
class Live(ABC):
    """Samples straight from the factory; each process has a renderer of its own."""

    split: Split
    seed: int

    count: ClassVar[Mapping[Split, int]]

    def __post_init__(self) -> None:
        self._factory: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_factory": None}

    def __len__(self) -> int:
        return self.count[self.split]

    @property
    def factory(self) -> Any:
        """The factory, made on first use."""
        if self._factory is None:
            self._factory = self.made()
        return self._factory

    @abstractmethod
    def made(self) -> Any:
        """A factory of this split and seed."""


def needed(find: Find | None, what: str, command: str) -> Find:
    """Where networks are found that live samples are looked at by. Raises StudioError if nothing
    tells, and says by which ``command`` of ``doppel train`` to pack ``what`` there is to learn."""
    if find is None:
        raise StudioError(
            f"There are no {what} to learn from.",
            f"Pack some: doppel train {command} --data FOLDER",
        )
    return find


@dataclass
class Shots(Live):
    """Pictures of a recipe."""

    recipe: str = "parts"

    count = LIVE

    def made(self) -> Any:
        return _factory(self.recipe, self.split, self.seed)

    def __getitem__(self, number: int) -> Sample:
        return sample_of(self.factory.shot(number))


def _factory(recipe: str, split: Split, seed: int) -> Any:
    from dataclasses import replace

    from studio.synth.factory.factory import Factory
    from studio.synth.factory.recipe import Recipe, find_recipe

    if recipe == WHOLE:
        chosen = Recipe(
            WHOLE, (320, 240), people=(0.5, 0.3, 0.2), sampled=0.25, bare=0.25,
            framings=(("full_body", 0.2), ("upper_body", 0.24), ("group", 0.26), ("head", 0.12),
                      ("hand", 0.18)),
            layouts=("coco_133", "dope_139", *MORE), block=128, cast=5,
        )  # fmt: skip
    else:
        chosen = replace(find_recipe(recipe), layouts=("coco_133",))
    return Factory(replace(chosen, maps=("parts", "instances"), views=VIEWS), split, seed)


def sample_of(shot: Any) -> Sample:
    """A factory's shot as a training sample."""
    points = np.full((PEOPLE, POINTS, 3), np.nan, np.float32)
    for place, person in enumerate(shot.people[:PEOPLE]):
        told = person.points["coco_133"]
        points[place] = np.column_stack([told.xy_px, told.visible])
    sample = {
        "rgb": shot.rgb, "parts": shot.parts, "instances": shot.instances, "points": points,
        "weight": np.array(1.0, np.float32),
    }  # fmt: skip
    if any("dope_139" in person.points for person in shot.people):
        sample |= _whole(shot)
    return sample


def _whole(shot: Any) -> Sample:
    camera = shot.camera
    out: Sample = {"lens": camera.matrix[[0, 0, 1], [0, 2, 2]].astype(np.float32)}
    for key, layout in (("whole", "dope_139"), *((name, name) for name in MORE)):
        people = [person for person in shot.people[:PEOPLE] if layout in person.points]
        if not people:
            continue
        points = len(people[0].points[layout].xy_px)
        out[key] = np.full((PEOPLE, points, 6), np.nan, np.float32)
        for place, person in enumerate(people):
            told = person.points[layout]
            ahead = told.xyz_m @ camera.rotation.T + camera.translation_m
            out[key][place] = np.column_stack([told.xy_px, told.visible, ahead])
    return out


class Pack:
    """Samples kept on disk as plain arrays, read without being loaded: quick, and all it takes is
    NumPy."""

    def __init__(self, folder: Path, shard: int = SHARD, last: str = "rgb") -> None:
        """``shard`` is how many samples a file holds, ``last`` what is packed of them last. Raises
        StudioError if there is no pack."""
        self.folder, self._shard, self._last = folder, shard, last
        self._shards = sorted(folder.glob(f"*_{last}.npy"))
        if not self._shards:
            raise StudioError(
                f"There are no samples in “{folder}”.",
                "Make some: doppel train NAME --prepare N --data FOLDER",
            )
        first = self._shards[0].name.removesuffix(f"{last}.npy")
        self._maps = [path.stem.removeprefix(first) for path in folder.glob(f"{first}*.npy")]
        self._open: dict[str, np.ndarray] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}

    def __len__(self) -> int:
        return len(self._shards) * self._shard

    def __getitem__(self, number: int) -> Sample:
        told = {key: self.part(number, key) for key in self._maps}
        return {**told, "weight": np.array(1.0, np.float32)}

    def part(self, number: int, key: str) -> np.ndarray:
        """One value of a sample."""
        shard, place = divmod(number, self._shard)
        return np.array(self._map(shard, key)[place])

    def whole(self, number: int, key: str) -> np.ndarray:
        """One value of a sample as it lies on the disk, for those who want a few of its numbers."""
        shard, place = divmod(number, self._shard)
        return self._map(shard, key)[place]

    def _map(self, shard: int, key: str) -> np.ndarray:
        path = self._shards[shard]
        path = path.with_name(path.name.replace(f"_{self._last}", f"_{key}"))
        if str(path) not in self._open:
            self._open[str(path)] = np.load(path, mmap_mode="r")
        return self._open[str(path)]


def fill(
    folder: Path,
    source: Source,
    count: int,
    told: Callable[[int], object] = lambda _: None,
    facts: dict[str, Any] | None = None,
    shard: int = SHARD,
    last: str = "rgb",
) -> int:
    """Pack the first ``count`` samples of a source, rounded up to whole shards.

    Shards that are there already are kept, so it can be ended and called again. ``told`` hears how
    many are packed; ``last`` is the value that is written last. Returns that number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "pack.json", json.dumps({"shard": shard, **(facts or {})}).encode())
    shards = -(-count // shard)
    for number in range(shards):
        if not (folder / f"{number:05d}_{last}.npy").is_file():
            samples = [source[k] for k in range(number * shard, (number + 1) * shard)]
            keys = [key for key in samples[0] if key not in (last, "weight")]
            for key in [*keys, last]:  # it says that the shard is whole
                _keep(folder / f"{number:05d}_{key}.npy", np.stack([s[key] for s in samples]))
        told((number + 1) * shard)
    return shards * shard


def pack(
    folder: Path, split: Split, seed: int, count: int, told: Callable[[int], object],
    recipe: str = "parts",
) -> int:  # fmt: skip
    """Pack pictures straight from the factory (see :func:`fill`)."""
    source = Shots(split, seed, recipe)
    facts = {"recipe": source.recipe, "seed": seed, "split": split, "views": VIEWS}
    return fill(folder, source, count, told, facts)


def _keep(path: Path, values: np.ndarray) -> None:
    temp = path.with_name(f".{path.name}.tmp")
    with temp.open("wb") as file:
        np.save(file, values)
    temp.replace(path)


def people(data: Path | None, split: Split, seed: int, recipe: str = "parts") -> Source:
    """The samples of a split: those packed under ``data``, or, without, live from the factory."""
    return Shots(split, seed, recipe) if data is None else Pack(data / split)
