"""A printed board, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.document.folder import Assets
from studio.document.project import FileItem, Project, Recipe, new_id, traces
from studio.document.step import Missing, Packed
from studio.features.board.engine import Inputs, Printed


class Step:
    """Nothing in; files beside the project out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs(assets.folder.parent.parent / f"{project.name} board")

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Printed):
            raise TypeError("this step packs printed boards")
        item = FileItem(
            id=new_id(),
            name=result.board.name,
            role="board",
            path=str(result.files[0].absolute()),
            facts=traces(result.facts),
            recipe=Recipe.of("board", params, seconds),
        )
        return Packed("Board", (item,), result.facts)
