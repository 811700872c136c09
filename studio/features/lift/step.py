"""Lifting, as a project sees it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Fact
from studio.document.data import detections_of, motion_arrays, motion_of
from studio.document.folder import Assets
from studio.document.project import (
    AnyItem,
    DetectionsItem,
    MotionItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    traces,
)
from studio.document.step import Missing, Packed
from studio.features.lift.engine import Inputs, Lifting, Origin

ASSUMED = "assumed"


class Step:
    """The 2D keypoints of a camera in, a motion out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, DetectionsItem) is None:
            return (Missing("2D keypoints of a take.", "pose", "Detect people"),)
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        item = project.picked(chosen, DetectionsItem)
        if item is None:
            raise StudioError("Lifting needs 2D keypoints of a take.", "Detect people first.")
        take = project.get(item.take, TakeItem) if item.take else None
        rig = project.get(take.rig, RigItem) if take and take.rig else None
        rig = rig if rig is not None and rig.accepted else project.usable_rig()
        if rig is not None and not set(item.cameras) & {c.name for c in rig.cameras}:
            rig = None
        values = detections_of(item, assets)
        sizes = tuple((clip.camera, clip.size_px) for clip in take.clips) if take else ()
        truth = _triangulated(project, item)
        origin = Origin(item.name, item.id, rig.id if rig else None, item.take)
        return Inputs(
            values,
            rig.rig().cameras if rig else (),
            sizes,
            motion_of(truth, assets) if truth else None,
            origin,
        )

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Lifting)):
            raise TypeError("this step packs liftings")
        origin = inputs.origin
        name = origin.name if origin else result.camera.name
        more: list[AnyItem] = []
        rig = origin.rig if origin else None
        if not result.calibrated:
            made = RigItem.of(f"{name}: camera as assumed", CameraRig((result.camera,)), ASSUMED)
            made = made.model_copy(update={"accepted": False})
            more.append(made)
            rig = made.id
        notes = (*(Fact("Note", note) for note in result.notes),
                 *(row.fact() for row in result.compared))  # fmt: skip
        facts = (*result.facts, *notes)
        item = MotionItem(
            name=f"{name} in 3D, from {result.camera.name}",
            take=origin.take if origin else None,
            rig=rig,
            layout=result.motion.layout.name,
            data=assets.put_arrays(motion_arrays(result.motion)),
            facts=traces(facts),
            recipe=Recipe(
                feature="lift",
                params=params.model_dump(mode="json"),
                inputs=tuple(i for i in (origin.detections, origin.rig) if i) if origin else (),
                app_version=version("doppel-studio"),
                seconds=seconds,
            ),
        )
        return Packed("Lift", (*more, item), facts)


def _triangulated(project: Project, detections: DetectionsItem) -> MotionItem | None:
    """The newest triangulated motion of the same take."""
    made = [
        motion
        for motion in project.all(MotionItem)
        if motion.recipe is not None
        and motion.recipe.feature == "triangulate"
        and (motion.take == detections.take or detections.id in motion.recipe.inputs)
    ]
    return made[-1] if made else None
