"""A designed person, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.document.folder import Assets
from studio.document.project import AvatarItem, Project, Recipe, traces
from studio.document.step import Missing, Packed
from studio.features.person.engine import Inputs, Made
from studio.human.stored import fit_arrays


class Step:
    """Nothing in, somebody new out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs()

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Made):
            raise TypeError("this step packs people")
        item = AvatarItem(
            name=result.name,
            data=assets.put_arrays(fit_arrays(result.fit)),
            design=result.design,
            facts=traces(result.facts),
            recipe=Recipe.of("person", params, seconds),
        )
        return Packed("New person", (item,), result.facts)
