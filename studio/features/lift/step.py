"""Lifting, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import CameraRig, Fact
from studio.document.data import crowd_of, detections_of, motion_arrays, motion_of
from studio.document.folder import Assets
from studio.document.project import (
    AnyItem,
    DetectionsItem,
    MotionItem,
    PersonMark,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    new_id,
    traces,
)
from studio.document.step import Missing, Packed
from studio.features.lift.engine import Inputs, Lifting, Origin
from studio.features.lift.several import Everybody

ASSUMED = "assumed"


class Step:
    """The 2D keypoints of a camera in, a motion out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, DetectionsItem) is None:
            return (Missing("Nobody was detected in a take yet.", "pose", "Detect people"),)
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
        values, crowd = detections_of(item, assets), crowd_of(item, assets)
        sizes = tuple((clip.camera, clip.size_px) for clip in take.clips) if take else ()
        truth = _triangulated(project, item)
        origin = Origin(item.name, item.id, rig.id if rig else None, item.take)
        return Inputs(
            values,
            rig.rig().cameras if rig else (),
            sizes,
            motion_of(truth, assets) if truth else None,
            origin,
            crowd,
        )

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Lifting | Everybody)):
            raise TypeError("this step packs liftings")
        several = isinstance(result, Everybody)
        persons = result.persons if several else (result,)
        origin, first = inputs.origin, persons[0]
        name = origin.name if origin else first.camera.name
        rig = origin.rig if origin else None
        more: list[AnyItem] = []
        if not first.calibrated:
            made = RigItem.of(f"{name}: camera as assumed", CameraRig((first.camera,)), ASSUMED)
            made = made.model_copy(update={"accepted": False})
            more.append(made)
            rig = made.id
        recipe = Recipe.of(
            "lift",
            params,
            seconds,
            tuple(i for i in (origin.detections, origin.rig) if i) if origin else (),
        )
        group, shared = new_id(), result.facts if several else ()
        notes = tuple(Fact("Note", note) for note in result.notes)
        told: list[tuple[Fact, ...]] = []
        for number, one in enumerate(persons, start=1):
            told.append((*shared, *one.facts, *notes,
                         *(row.fact() for row in one.compared)))  # fmt: skip
            title = f"{name} in 3D, from {one.camera.name}"
            more.append(MotionItem(
                name=f"Person {number}, {title}" if several else title,
                take=origin.take if origin else None,
                rig=rig,
                layout=one.motion.layout.name,
                data=assets.put_arrays(motion_arrays(one.motion)),
                person=PersonMark(group=group, number=number) if several else None,
                facts=traces(told[-1]),
                recipe=recipe,
            ))  # fmt: skip
        return Packed("Lift", tuple(more), told[0])


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
