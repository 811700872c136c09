"""A head from photographs, as a project sees it: somebody new."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from studio.document.folder import Assets
from studio.document.project import AvatarItem, Project, Recipe, traces
from studio.document.step import Missing, Packed
from studio.features.head.engine import Head, Inputs
from studio.features.head.params import Params
from studio.human.stored import fit_arrays
from studio.perception.neural_heads.keeping import LEARNED


class Step:
    """Photographs are chosen in the panel; a person comes out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs(layers=layers_of(project, assets))

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Head):
            raise TypeError("this step packs heads")
        item = AvatarItem(
            name=result.name,
            data=assets.put_arrays(
                fit_arrays(result.fit) | (result.learned.arrays() if result.learned else {})
            ),
            design=result.design,
            facts=traces(result.facts),
            recipe=Recipe.of("head", params, seconds),
        )
        return Packed("Head from photographs", (item,), result.facts)


def heads_of(project: Project) -> tuple[AvatarItem, ...]:
    """Who was made from photographs, the newest first."""
    made = reversed(project.all(AvatarItem))
    return tuple(one for one in made if one.recipe and one.recipe.feature == "head")


def newest_head(project: Project) -> AvatarItem | None:
    """The newest person who was made from photographs."""
    return next(iter(heads_of(project)), None)


def layers_of(project: Project, assets: Assets) -> dict[str, np.ndarray] | None:
    """What the newest head with a learned surface has learned; None if there is none."""
    for one in heads_of(project):
        found = {k: v for k, v in assets.arrays(one.data).items() if k.startswith(LEARNED)}
        if found:
            return found
    return None


def params_of(item: AvatarItem) -> Params | None:
    """What a person was made of; None if it is of an older version."""
    try:
        return Params.model_validate(item.recipe.params if item.recipe else {})
    except ValidationError:
        return None
