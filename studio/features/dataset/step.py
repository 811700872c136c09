"""A pose dataset, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import Fact
from studio.document.data import crowd_of, detections_of, motion_of
from studio.document.folder import Assets
from studio.document.project import (
    DetectionsItem,
    FileItem,
    MotionItem,
    Project,
    Recipe,
    RigItem,
    traces,
)
from studio.document.step import Missing, Packed
from studio.features.dataset.engine import Collected, Inputs, Take
from studio.features.dataset.facts import facts_of

ROLE = "poses"


def _solved(project: Project, motion: MotionItem) -> tuple[DetectionsItem, RigItem] | None:
    """The detections and the rig that a motion was triangulated from, if they are still there."""
    if motion.recipe is None or motion.recipe.feature != "triangulate":
        return None
    made_from = motion.recipe.inputs
    detections = next((d for i in made_from if (d := project.get(i, DetectionsItem))), None)
    rig = next((r for i in made_from if (r := project.get(i, RigItem))), None)
    return (detections, rig) if detections and rig else None


def _chosen(project: Project, chosen: tuple[str, ...]) -> tuple[MotionItem, ...]:
    """The selected triangulated motions; else the newest, with whoever was solved with it."""
    every = [m for m in project.all(MotionItem) if _solved(project, m)]
    picked = tuple(m for m in every if m.id in chosen)
    if picked or not every:
        return picked
    newest = every[-1]
    if newest.person is None:
        return (newest,)
    group = newest.person.group
    return tuple(m for m in every if m.person and m.person.group == group)


class Step:
    """Triangulated motions in, takes of a dataset out; the project remembers its folder."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if _chosen(project, chosen):
            return ()
        return (Missing("No take is triangulated yet.", "triangulate", "Triangulate a take"),)

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        motions = _chosen(project, chosen)
        solved = _solved(project, motions[0]) if motions else None
        if solved is None:
            raise StudioError(
                "There is no triangulated take to learn from.", "Triangulate a take first."
            )
        detections, rig = solved
        together = [m for m in motions if _solved(project, m) == solved]
        return Inputs(
            rig.rig(), detections_of(detections, assets),
            tuple(Take(m.name, motion_of(m, assets)) for m in together),
            crowd_of(detections, assets), (*(m.id for m in together), detections.id, rig.id),
        )  # fmt: skip

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Collected)):
            raise TypeError("this step packs takes of a pose dataset")
        facts = (*facts_of(result), *(Fact("Note", note) for note in result.notes))
        place = result.dataset.path
        item = FileItem(
            name=f"{place.name} (poses)", role=ROLE, path=str(place), facts=traces(facts),
            recipe=Recipe.of("dataset", params, seconds, inputs.items),
        )  # fmt: skip
        takes = "a take" if len(result.added) == 1 else f"{len(result.added)} takes"
        return Packed(f"Add {takes} to a pose dataset", (item,), facts)
