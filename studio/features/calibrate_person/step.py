"""Calibration from a person, as a project sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import Detections
from studio.document.data import detections_arrays, detections_from, detections_of
from studio.document.folder import Assets
from studio.document.project import (
    DetectionsItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    traces,
)
from studio.document.step import Missing, Packed
from studio.document.trust import CameraTrust, GateMark, Trust, known, now
from studio.features.calibrate_person.engine import Calibrated, Inputs
from studio.human.layouts import layout
from studio.media.cameras import match_cameras
from studio.media.footage import Source
from studio.vision.calibration.people.solve import PeopleSolution


def _lenses(project: Project, chosen: tuple[str, ...], take: TakeItem) -> RigItem | None:
    """The selected rig, else the newest whose cameras are the take's, for its lenses."""
    names = [clip.camera for clip in take.clips]
    rigs = [rig for id in chosen if (rig := project.get(id, RigItem))]
    rigs += list(reversed(project.all(RigItem)))
    return next(
        (rig for rig in rigs
         if len(match_cameras(names, [c.name for c in rig.cameras])) == len(names)),
        None,
    )  # fmt: skip


class Step:
    """A take in which somebody walks in, a rig out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, TakeItem) is None:
            text = "There are no videos yet of somebody who walks, from two cameras or more."
            return (Missing(text, "capture", "Open footage"),)
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = project.picked(chosen, TakeItem)
        if take is None:
            raise StudioError("There is no take to look at.", "Open footage first.")
        rig = _lenses(project, chosen, take)
        home = assets.folder.parent
        sources = tuple(
            Source(clip.camera, home / clip.path, clip.offset_s,
                   clip.rate_hz if (home / clip.path).is_dir() else None)
            for clip in take.clips
        )  # fmt: skip
        seen = [d for d in project.all(DetectionsItem) if d.take == take.id]
        found = None
        if seen:
            item = seen[-1]
            found = detections_of(item, assets)
        used = (take.id, *((rig.id,) if rig else ()))
        return Inputs(
            sources, found, {clip.camera: clip.size_px for clip in take.clips},
            rig.rig() if rig else None, take.in_s, take.out_s, take.name, used,
        )  # fmt: skip

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Calibrated)):
            raise TypeError("this step packs calibrations from a person")
        trust = trust_of(result.solution)
        item = RigItem.of(f"{inputs.name}: rig from a person", result.solution.rig).model_copy(
            update={
                "facts": traces(result.facts),
                "trust": trust,
                "accepted": not trust.stopped,
                "views": assets.put_arrays(seen_arrays(result.detections)),
                "recipe": Recipe.of("calibrate_person", params, seconds, inputs.made_from),
            }
        )  # fmt: skip
        return Packed("Calibrate by a person", (item,), result.facts)


def seen_arrays(detections: Detections) -> dict[str, np.ndarray]:
    """The keypoints that the rig was solved from, with their layout and cameras."""
    names = {"layout": np.array(detections.layout.name), "cameras": np.array(detections.cameras)}
    return {**detections_arrays(detections), **names}


def seen_from(arrays: Mapping[str, np.ndarray]) -> Detections:
    """Inverse of :func:`seen_arrays`."""
    cameras = tuple(str(name) for name in arrays["cameras"])
    return detections_from(arrays, layout(str(arrays["layout"])), cameras)


def trust_of(solution: PeopleSolution) -> Trust:
    """What the calibration is worth, as kept with the rig."""

    def three(values: np.ndarray) -> tuple[float | None, ...]:
        return tuple(known(float(value)) for value in values)

    cameras = tuple(
        CameraTrust.model_validate({
            "camera": name,
            "rmse_px": known(solution.camera_rmse_px.get(name, np.nan)),
            "held_out_px": known(solution.held_out.camera_px.get(name, np.nan)),
            "centre_mm": three(spread.centre_mm),
            "rotation_deg": three(spread.rotation_deg),
            "focal_px": three(spread.focal_px),
        })
        for name, spread in solution.spread.items()
    )  # fmt: skip
    return Trust(
        rmse_px=known(solution.rmse_px), held_out_px=known(solution.held_out.px),
        held_out_mm=known(solution.held_out.mm), cameras=cameras,
        gates=tuple(GateMark.model_validate(asdict(gate)) for gate in solution.gates),
        notes=solution.notes, target="a person",
        moments=len(solution.motion), when=now(),
    )  # fmt: skip
