"""Triangulation, as a project sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import Fact
from studio.document.data import crowd_of, detections_of, motion_arrays
from studio.document.folder import Assets
from studio.document.project import (
    CameraItem,
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
from studio.features.triangulate.engine import Triangulation
from studio.features.triangulate.inputs import Inputs, Origin
from studio.features.triangulate.several import Everybody
from studio.media.films import Films, films_of


def _chosen(
    project: Project, chosen: tuple[str, ...]
) -> tuple[DetectionsItem | None, RigItem | None]:
    """The selected detections and rig, else those that belong together, else the newest."""
    detections = next(
        (item for i in chosen if (item := project.get(i, DetectionsItem))),
        project.newest(DetectionsItem),
    )
    rig = next((item for i in chosen if (item := project.get(i, RigItem))), None)
    if rig is None and detections is not None and detections.take:
        take = project.get(detections.take, TakeItem)
        rig = project.get(take.rig, RigItem) if take and take.rig else None
    return detections, rig or project.usable_rig() or project.newest(RigItem)


class Step:
    """Detections and a rig in, a motion out; one for each person where there are several."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        detections, rig = _chosen(project, chosen)
        found: list[Missing] = []
        if rig is None:
            found.append(
                Missing(
                    "There is no calibrated camera rig yet.", "capture", "Bring in a calibration"
                )
            )
        elif not rig.accepted:
            text = f"The calibration “{rig.name}” was not accepted: it cannot be trusted yet."
            found.append(Missing(text, "calibrate", "Look at the calibration"))
        if detections is None:
            found.append(Missing("Nobody was detected in a take yet.", "pose", "Detect people"))
        return tuple(found)

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        detections, rig = _chosen(project, chosen)
        if detections is None or rig is None:
            lacking = " ".join(missing.text for missing in self.missing(project, chosen))
            raise StudioError(lacking, "Bring in or make what lacks: a rig and keypoints.")
        origin = Origin(detections.name, detections.id, rig.id, detections.take)
        values, crowd = detections_of(detections, assets), crowd_of(detections, assets)
        take = project.get(detections.take, TakeItem) if detections.take else None
        films = None
        if take is not None:
            films = Films(films_of(take.clips, assets.folder.parent), take.in_s, take.out_s)
        return Inputs(rig.rig(), values, origin, crowd, films)

    def renewed(self, project: Project, inputs: Any) -> Inputs | None:
        """The same with the rig as it is now, if it was calibrated again and can be used."""
        origin = inputs.origin
        rig = project.get(origin.rig, RigItem) if origin else None
        known = tuple(CameraItem.of(camera) for camera in inputs.rig.cameras)
        if rig is None or not rig.accepted or rig.cameras == known:
            return None
        return replace(inputs, rig=rig.rig())

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Triangulation | Everybody)):
            raise TypeError("this step packs triangulations")
        notes = tuple(Fact("Note", note) for note in result.notes)
        several = isinstance(result, Everybody)
        group = new_id()
        items: list[MotionItem] = []
        for number, one in enumerate(result.persons if several else (result,), start=1):
            facts = (*result.facts, *one.facts, *notes) if several else (*one.facts, *notes)
            items.append(
                _item(
                    inputs, params, one, facts, assets, seconds,
                    PersonMark(group=group, number=number) if several else None,
                )
            )  # fmt: skip
        facts = (*result.facts, *result.persons[0].facts) if several else result.facts
        return Packed("Triangulate", tuple(items), (*facts, *notes))


def _item(
    inputs: Inputs,
    params: BaseModel,
    result: Triangulation,
    facts: tuple[Fact, ...],
    assets: Assets,
    seconds: float,
    person: PersonMark | None,
) -> MotionItem:
    origin = inputs.origin
    name = f"{origin.name.removesuffix(': keypoints')} in 3D" if origin else "Motion"
    return MotionItem(
        name=f"Person {person.number}, {name}" if person else name,
        take=origin.take if origin else None,
        rig=origin.rig if origin else None,
        layout=result.motion.layout.name,
        data=assets.put_arrays(motion_arrays(result.motion)),
        person=person,
        facts=traces(facts),
        recipe=Recipe.of(
            "triangulate", params, seconds, (origin.detections, origin.rig) if origin else ()
        ),
    )
