"""The comparison, as a project sees it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.data import motion_of
from studio.document.folder import Assets
from studio.document.project import AvatarItem, FileItem, MotionItem, Project, Recipe, traces
from studio.document.step import Missing, Packed
from studio.features.compare.engine import Comparison, Inputs, Params, read_truth, truth_from
from studio.human.stored import fit_from

ROLE = "truth"


class Step:
    """A truth file, the chosen or newest motion and its avatar in; a table out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        found: list[Missing] = []
        if self._truth(project, chosen) is None:
            found.append(
                Missing(
                    "There is no truth to compare with yet.", "capture", "Bring in a truth file"
                )
            )
        if not (project.all(MotionItem) or project.all(AvatarItem)):
            found.append(
                Missing(
                    "There is no motion or avatar to compare yet.",
                    "triangulate",
                    "Triangulate a take",
                )
            )
        return tuple(found)

    def _truth(self, project: Project, chosen: tuple[str, ...]) -> FileItem | None:
        files = [item for item in project.all(FileItem) if item.role == ROLE]
        return next((item for item in files if item.id in chosen), files[-1] if files else None)

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        file = self._truth(project, chosen)
        if file is None:
            raise StudioError("There is no truth to compare with.", "Bring in a truth file.")
        if file.data is not None:
            truth = truth_from(assets.arrays(file.data))
        else:
            truth = read_truth(Path(file.path))
        avatar = project.picked(chosen, AvatarItem)
        motion = project.picked(chosen, MotionItem)
        return Inputs(
            truth,
            motion_of(motion, assets) if motion else None,
            fit_from(assets.arrays(avatar.data)) if avatar else None,
        )

    def pack(
        self, inputs: Inputs, params: BaseModel, result: Comparison, assets: Assets, seconds: float
    ) -> Packed:
        assert isinstance(params, Params)
        text = io.StringIO()
        text.write("what,joint,mean_mm,median_mm,p95_mm,missing\n")
        for errors in result.errors:
            for column, joint in enumerate(errors.joints):
                mm = errors.mm[:, column]
                mm = mm[np.isfinite(mm)]
                gone = 1 - mm.size / len(errors.mm)
                numbers = (mm.mean(), *np.percentile(mm, [50, 95])) if mm.size else ()
                cells = [f"{number:.2f}" for number in numbers] or ["", "", ""]
                text.write(f"{errors.what},{joint},{','.join(cells)},{gone:.4f}\n")
        facts = result.facts(params.good_mm)
        item = FileItem(
            name="Errors against truth",
            role="table",
            data=assets.put(text.getvalue().encode(), ".csv"),
            recipe=Recipe(feature="compare", params=params.model_dump(), seconds=seconds),
            facts=traces(facts),
        )
        return Packed("Compare with truth", (item,), facts)
