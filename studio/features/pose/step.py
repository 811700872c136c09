"""Detection, as a project sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import CameraRig
from studio.document.data import crowd_arrays, detections_arrays, monocular_arrays, motion_arrays
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
from studio.features.pose.engine import Inputs, facts
from studio.features.pose.space import Alone, motions
from studio.media.films import Films, films_of
from studio.perception.take import TakeDetections

ASSUMED = "assumed"


class Step:
    """A take in, its 2D keypoints out; of one camera also motions, where the network tells 3D."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, TakeItem) is None:
            return (Missing("There are no videos yet.", "capture", "Open footage"),)
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = project.picked(chosen, TakeItem)
        if take is None:
            raise StudioError("There is no take to look at.", "Open footage first.")
        films = films_of(take.clips, assets.folder.parent)
        rig = project.get(take.rig, RigItem) if take.rig else None
        rig = rig if rig is not None and rig.accepted else None
        return Inputs(
            Films(films, take.in_s, take.out_s), take.name, take.id,
            rig.rig().cameras if rig else (), rig.id if rig else None,
        )  # fmt: skip

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, TakeDetections)):
            raise TypeError("this step packs the detections of a take")
        told, crowd, deep = facts(result, seconds), result.crowd, result.monocular
        alone = [] if deep is None else motions(deep, result.detections, crowd, inputs.cameras)
        recipe = Recipe.of("pose", params, seconds, (inputs.take,) if inputs.take else ())
        told += alone[0].facts if alone else ()
        item = DetectionsItem(
            name=f"{inputs.name}: keypoints",
            take=inputs.take,
            layout=result.detections.layout.name,
            cameras=result.detections.cameras,
            data=assets.put_arrays(detections_arrays(result.detections)),
            people=None if crowd is None else assets.put_arrays(crowd_arrays(crowd)),
            monocular=None if deep is None else assets.put_arrays(monocular_arrays(deep)),
            facts=traces(told),
            recipe=recipe,
        )
        return Packed("Detect people", (item, *_motions(inputs, alone, recipe, assets)), told)


def _motions(
    inputs: Inputs, alone: Sequence[Alone], recipe: Recipe, assets: Assets
) -> list[AnyItem]:
    """A motion for everybody whom the one camera saw in 3D, and the camera if it is assumed."""
    if not alone:
        return []
    out: list[AnyItem] = []
    rig, first = inputs.rig, alone[0]
    if not first.calibrated:
        made = RigItem.of(f"{inputs.name}: camera as assumed", CameraRig((first.camera,)), ASSUMED)
        made = made.model_copy(update={"accepted": False})
        out.append(made)
        rig = made.id
    group = new_id()
    for number, one in enumerate(alone, start=1):
        title = f"{inputs.name} in 3D, from single pictures of {one.camera.name}"
        out.append(MotionItem(
            name=title if len(alone) == 1 else f"Person {number}, {title}",
            take=inputs.take,
            rig=rig,
            layout=one.motion.layout.name,
            data=assets.put_arrays(motion_arrays(one.motion)),
            person=PersonMark(group=group, number=number) if len(alone) > 1 else None,
            facts=traces(one.facts),
            recipe=recipe,
        ))  # fmt: skip
    return out
