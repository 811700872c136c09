"""Cutting out, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import FileItem, Project, Recipe, TakeItem, traces
from studio.document.step import Missing, Packed
from studio.features.segment.engine import Inputs, Segmented, facts


class Step:
    """The videos of a take in; pictures beside the project out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, TakeItem) is None:
            return (Missing("There are no videos yet.", "capture", "Open footage"),)
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = project.picked(chosen, TakeItem)
        if take is None:
            raise StudioError("There is no take to cut people out of.", "Open footage first.")
        home = assets.folder.parent
        folder = home.parent / f"{project.name} cut-outs"
        return Inputs(tuple(home / clip.path for clip in take.clips), folder, take.name)

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Segmented)):
            raise TypeError("this step packs cut-outs")
        told = facts(result)
        item = FileItem(
            name=f"{inputs.name}: cut-outs",
            role="cut-outs",
            path=str(result.folder.absolute()),
            facts=traces(told),
            recipe=Recipe.of("segment", params, seconds),
        )
        return Packed("Cut out people", (item,), told)
