"""A body from photographs, as a project sees it: somebody new, with the surface they had."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.document.folder import Assets
from studio.document.project import AvatarItem, Project, Recipe, traces
from studio.document.step import Missing, Packed
from studio.features.body.engine import Body, Inputs
from studio.human.stored import fit_arrays
from studio.synth.avatars.keeping import part_arrays


class Step:
    """Photographs are chosen in the panel; an avatar comes out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs()

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Body):
            raise TypeError("this step packs bodies")
        arrays = {**fit_arrays(result.still), **part_arrays(result.made.character)}
        item = AvatarItem(
            name=result.name,
            data=assets.put_arrays(arrays),
            design=result.design,
            facts=traces(result.facts),
            recipe=Recipe.of("body", params, seconds),
        )
        return Packed("Body from photographs", (item,), result.facts)
