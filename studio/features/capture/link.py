"""What belongs together: takes, rigs and detections, by the names of cameras and by place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from studio.document.project import Clip, TakeItem
from studio.media.cameras import match_cameras

Thing = TypeVar("Thing")


def nearness(a: Path, b: Path) -> int:
    """How many folders two paths share."""
    try:
        return len(Path(os.path.commonpath([a.absolute(), b.absolute()])).parts)
    except ValueError:
        return 0


def nearest(
    names: Sequence[str], place: Path, others: Iterable[tuple[Thing, Sequence[str], Path]]
) -> tuple[Thing, dict[str, str]] | None:
    """Of ``others`` (thing, its camera names, its place) the one that knows all these cameras.

    Among several the nearest in the folders wins, then the one with the fewest other cameras.
    Returns it with name -> its name.
    """
    best: tuple[tuple[int, int], Thing, dict[str, str]] | None = None
    for thing, theirs, their_place in others:
        match = match_cameras(names, theirs)
        if len(match) < len(names):
            continue
        rank = (nearness(place, their_place), -len(theirs))
        if best is None or rank > best[0]:
            best = (rank, thing, match)
    return (best[1], best[2]) if best else None


def renamed(take: TakeItem, names: dict[str, str], rig: str) -> TakeItem:
    """The take with its cameras called as its rig calls them."""
    clips = tuple(
        clip.model_copy(update={"camera": names.get(clip.camera, clip.camera)})
        for clip in take.clips
    )
    return take.model_copy(update={"clips": clips, "rig": rig})


def compare_clips(clips: Sequence[Clip]) -> tuple[str, ...]:
    """Warnings about clips of one take that do not fit each other."""
    if len(clips) < 2:
        return ()
    warnings: list[str] = []
    rates = {clip.camera: clip.rate_hz for clip in clips}
    low, high = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    if rates[high] > 1.01 * rates[low]:
        warnings.append(
            f"Frame rates differ: {low} has {rates[low]:.4g} Hz, {high} {rates[high]:.4g} Hz."
        )
    lengths = {clip.camera: clip.frames / clip.rate_hz for clip in clips}
    short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    if lengths[long] - lengths[short] > 1.5 / rates[low]:
        warnings.append(
            f"Lengths differ: {short} lasts {lengths[short]:.2f} s, {long} {lengths[long]:.2f} s; "
            "check that they start together."
        )
    return tuple(warnings)
