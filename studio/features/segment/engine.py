"""The engine of cutting out: pictures and videos in, cut-outs and label pictures on disk out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from pydantic import BaseModel, ConfigDict, Field

from studio.core.card import Card, find_card
from studio.core.errors import StudioError
from studio.core.parts import PART_COLOURS, PART_TITLES, PartLabel
from studio.core.percent import percent
from studio.core.pictures import write_picture
from studio.core.types import Fact
from studio.jobs import Context, Engine
from studio.media.formats.whole import check_place
from studio.media.video import open_clip
from studio.perception.parts.cutter import Cutter
from studio.training.labels import LabelFolder
from studio.weights.device import device

_REAL, _GOOD = "real: person IoU on cut-outs", 0.9
ORIGIN = "Labelled by Doppel's parts network, not by hand."
Part = Literal["person", "hair", "face", "hands", "skin", "top", "bottom", "shoes", "items"]


class Params(BaseModel):
    """What to cut out, and what to write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        default=None, description="Folder to write to; by default one beside the project"
    )
    part: Part = Field(default="person", description="What is cut out: all of a person, or a part")
    cut_outs: bool = Field(
        default=True,
        title="Cut-out pictures",
        description="Write pictures whose background is transparent (PNG)",
    )
    labels: bool = Field(
        default=True,
        title="Labels for networks",
        description="Write the label of each pixel (0 background, 1 hair, 2 face, 3 hands, 4 skin, "
        "5 top, 6 bottom, 7 shoes, 8 items) into a folder that “Label pictures” opens",
    )
    colours: bool = Field(
        default=False,
        title="Labels in colour",
        description="Write the labels as colours to look at too",
    )
    every: int = Field(default=1, ge=1, le=1000, title="Every n-th frame", description="Of a video")


@dataclass(frozen=True)
class Inputs:
    """Pictures, picture folders or videos, and where to write if the params do not say."""

    sources: tuple[Path, ...]
    folder: Path
    name: str = "Pictures"
    weights: Path | None = None


@dataclass(frozen=True, eq=False)
class Cut:
    """One picture and its labels, as it is shown while the work goes on."""

    name: str
    rgb: UInt8[np.ndarray, "height width 3"]
    labels: UInt8[np.ndarray, "height width"]


@dataclass(frozen=True, eq=False)
class Segmented:
    """Where the pictures lie, how many, in how many somebody was found, and the mean share of each
    label in a picture. ``each_s`` is the time the network took for one; ``measured`` is the person
    IoU on real cut-outs that its card tells, None for other weights."""

    folder: Path
    pictures: int
    found: int
    shares: dict[str, float]
    each_s: float
    measured: float | None = None


def segment(params: Params, inputs: Inputs, context: Context) -> Engine[Cut, Segmented]:
    """Cut people out of every picture. Yields each as it is done.

    Raises StudioError if a source cannot be read, the folder cannot be written, or the network is
    not there.
    """
    if not inputs.sources:
        raise StudioError("There are no pictures to cut out of.", "Give pictures or videos.")
    if not (params.cut_outs or params.labels or params.colours):
        raise StudioError("There is nothing to write.", "Choose cut-outs, labels or colours.")
    folder = params.folder or inputs.folder
    check_place(folder / "cut_outs" / "picture.png")
    context.report(0.0, "Loading the network")
    cutter = Cutter.load(inputs.weights, device())
    shares = np.zeros(len(PartLabel))
    pictures = found = 0
    spent_s = 0.0
    for name, rgb, way in _pictures(inputs.sources, params.every):
        context.check()
        begun = time.perf_counter()
        sure = cutter.shares(rgb)
        spent_s += time.perf_counter() - begun
        labels = sure.argmax(0).astype(np.uint8)
        _write(folder, name, rgb, sure, labels, params)
        counts = np.bincount(labels.ravel(), minlength=len(PartLabel))
        shares += counts / labels.size
        pictures += 1
        found += bool(counts[1:].sum() > 0.002 * labels.size)
        context.report(way, f"{name}: {pictures} pictures")
        yield Cut(name, rgb, labels)
    mean = {label.name.lower(): float(shares[label] / max(pictures, 1)) for label in PartLabel}
    each_s = spent_s / max(pictures, 1)
    measured = None if inputs.weights else _measured(find_card("parts"))
    return Segmented(folder, pictures, found, mean, each_s, measured)


def _measured(card: Card) -> float | None:
    rows = (row for row in card.figures if row["what"] == _REAL)
    return next((row.get("value") for row in rows), None)


def _pictures(sources: tuple[Path, ...], every: int) -> Iterator[tuple[str, np.ndarray, float]]:
    """Each picture with a name of its own and how much is done after it."""
    for index, path in enumerate(sources):
        with open_clip(path) as clip:
            stem = (
                path.stem
                if sum(p.stem == path.stem for p in sources) == 1
                else f"{path.stem}-{index + 1}"
            )
            for number, frame in clip.run():
                if number % every == 0:
                    name = stem if clip.frames == 1 else f"{stem}-{number:06d}"
                    way = (index + (number + 1) / clip.frames) / len(sources)
                    yield name, frame.rgb, way


def _write(
    folder: Path, name: str, rgb: np.ndarray, sure: np.ndarray, labels: np.ndarray, params: Params
) -> None:
    if params.cut_outs:
        chosen = 1 - sure[0] if params.part == "person" else sure[PartLabel[params.part.upper()]]
        alpha = np.rint(np.clip((chosen - 0.1) / 0.8, 0, 1) * 255).astype(np.uint8)
        write_picture(folder / "cut_outs" / f"{name}.png", np.dstack([rgb, alpha]))
    if params.labels:
        kept = LabelFolder.create(folder / "labels", ORIGIN)
        if name not in kept.names():
            kept.add(rgb, name)
        kept.save_map(name, "parts", labels)
    if params.colours:
        mixed = (0.35 * rgb + 0.65 * PART_COLOURS[labels]).astype(np.uint8)
        write_picture(folder / "colours" / f"{name}.png", mixed)


def facts(result: Segmented) -> tuple[Fact, ...]:
    """How much was found, and how quickly."""
    share = result.found / max(result.pictures, 1)
    parts = ", ".join(
        f"{PART_TITLES[PartLabel[name.upper()]].lower()} {percent(value, 1)}"
        for name, value in result.shares.items()
        if name != "background" and value >= 0.001
    )
    return (
        Fact(
            "People found",
            f"in {result.found} of {result.pictures} pictures",
            "good" if share > 0.95 else "look" if share > 0.5 else "stop",
            "" if share > 0.95 else "where nobody was found the cut-out is empty",
        ),
        Fact("Of the picture", parts or "nothing but background", "plain"),
        *_trust(result.measured),
        Fact("Time", f"{result.each_s * 1000:.0f} ms a picture for the network", "plain"),
    )


def _trust(measured: float | None) -> tuple[Fact, ...]:
    if measured is None:
        return ()
    text = f"its masks agree with true cut-outs of real people by {percent(measured)} (IoU)"
    if measured >= _GOOD:
        return (Fact("Network", text, "good"),)
    return (Fact("Network", text, "look", "correct its labels with “Label pictures”"),)
