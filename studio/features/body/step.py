"""A body from photographs, as a project sees it: somebody new, with the surface they had."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from studio.document.folder import Assets
from studio.document.project import AvatarItem, Project, Recipe, traces
from studio.document.step import Missing, Packed
from studio.features.body.engine import Body, Inputs
from studio.features.body.params import Params
from studio.human.design import Design
from studio.human.stored import fit_arrays
from studio.synth.avatars.keeping import paint_arrays, part_arrays


class Step:
    """Photographs are chosen in the panel; an avatar comes out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs(heads=heads_of(project))

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Body):
            raise TypeError("this step packs bodies")
        arrays = {**fit_arrays(result.still), **part_arrays(result.made.character),
                  **paint_arrays(result.made.paint)}  # fmt: skip
        item = AvatarItem(
            name=result.name,
            data=assets.put_arrays(arrays),
            design=result.design,
            facts=traces(result.facts),
            recipe=Recipe.of("body", params, seconds),
        )
        return Packed("Body from photographs", (item,), result.facts)


def heads_of(project: Project) -> dict[str, Design]:
    """The designs of the project's heads by “Head from photographs”, by their items' ids."""
    made = (one for one in project.all(AvatarItem) if one.recipe and one.recipe.feature == "head")
    return {one.id: one.design for one in made if one.design is not None}


def newest_body(project: Project) -> AvatarItem | None:
    """The newest person whom this step made."""
    made = (one for one in reversed(project.all(AvatarItem)) if one.recipe is not None)
    return next((one for one in made if one.recipe and one.recipe.feature == "body"), None)


def params_of(item: AvatarItem) -> Params | None:
    """What a person was made of; None if it is of an older version."""
    try:
        return Params.model_validate(item.recipe.params if item.recipe else {})
    except ValidationError:
        return None
