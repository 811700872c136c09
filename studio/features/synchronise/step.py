"""Synchronisation, as a project sees it: a new version of the take, its clips on one clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import (
    Clip,
    DetectionsItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    traces,
)
from studio.document.step import Missing, Packed
from studio.features.synchronise.inputs import Inputs, Source, Synchronised
from studio.vision.synchrony.track import Track


def _take(project: Project, chosen: tuple[str, ...]) -> TakeItem | None:
    """The selected take, else the newest of several cameras, else the newest."""
    picked = (take for id in chosen if (take := project.get(id, TakeItem)))
    several = (take for take in reversed(project.all(TakeItem)) if len(take.clips) > 1)
    return next(picked, next(several, project.newest(TakeItem)))


class Step:
    """A take in, the same take in step out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        take = _take(project, chosen)
        if take is None or len(take.clips) < 2:
            return (
                Missing(
                    "There are no videos of two or more cameras yet.", "capture", "Open footage"
                ),
            )
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = _take(project, chosen)
        if take is None:
            raise StudioError("There is no take to synchronise.", "Open footage first.")
        home = assets.folder.parent
        sources = tuple(
            Source(
                clip.camera,
                home / clip.path,
                clip.rate_hz if (home / clip.path).is_dir() else None,
            )
            for clip in take.clips
        )
        rig = project.get(take.rig, RigItem) if take.rig else None
        stale = any(found.take == take.id for found in project.all(DetectionsItem))
        return Inputs(sources, rig.rig() if rig else None, take=take, stale=stale)

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Synchronised) and inputs.take):
            raise TypeError("this step packs a take that was synchronised")
        take = inputs.take
        clips = tuple(_in_step(clip, result) for clip in take.clips)
        start = take.in_s or 0.0
        moved = clips[0].take_s(take.clips[0].own_s(start)) - start
        item = take.model_copy(
            update={
                "clips": clips,
                "in_s": take.in_s + moved if take.in_s is not None else None,
                "out_s": take.out_s + moved if take.out_s is not None else None,
                "curves": assets.put_arrays(curve_arrays(result.tracks, take.clips)),
                "facts": traces(result.facts),
                "recipe": Recipe.of("synchronise", params, seconds, (take.id,)),
            }
        )
        return Packed("Synchronise", (item,), result.facts)


def _in_step(clip: Clip, result: Synchronised) -> Clip:
    at = result.clocks.cameras.index(clip.camera)
    return clip.model_copy(
        update={
            "offset_s": float(result.clocks.offsets_s[at]),
            "pace": float(result.clocks.pace[at]),
        }
    )


def curve_arrays(tracks: Sequence[Track], before: Sequence[Clip]) -> dict[str, np.ndarray]:
    """The curves as :class:`studio.document.project.TakeItem` keeps them."""
    arrays: dict[str, np.ndarray] = {}
    for track in tracks:
        arrays[f"{track.camera}:times_s"] = track.times_s
        arrays[f"{track.camera}:values"] = track.curve.astype(np.float32)
    for clip in before:
        arrays[f"{clip.camera}:before"] = np.array([clip.offset_s, clip.pace])
    return arrays
