"""Detection, as a project sees it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.data import crowd_arrays, detections_arrays
from studio.document.folder import Assets
from studio.document.project import DetectionsItem, Project, Recipe, TakeItem, traces
from studio.document.step import Missing, Packed
from studio.features.pose.engine import Inputs, facts
from studio.media.films import Films, films_of
from studio.perception.take import TakeDetections


class Step:
    """A take in, its 2D keypoints out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, TakeItem) is None:
            return (Missing("Videos of a take.", "capture", "Open footage"),)
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = project.picked(chosen, TakeItem)
        if take is None:
            raise StudioError("There is no take to look at.", "Open footage first.")
        films = films_of(take.clips, assets.folder.parent)
        return Inputs(Films(films, take.in_s, take.out_s), take.name, take.id)

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, TakeDetections)):
            raise TypeError("this step packs the detections of a take")
        told, crowd = facts(result, seconds), result.crowd
        item = DetectionsItem(
            name=f"{inputs.name}: keypoints",
            take=inputs.take,
            layout=result.detections.layout.name,
            cameras=result.detections.cameras,
            data=assets.put_arrays(detections_arrays(result.detections)),
            people=None if crowd is None else assets.put_arrays(crowd_arrays(crowd)),
            facts=traces(told),
            recipe=Recipe(
                feature="pose",
                params=params.model_dump(mode="json"),
                inputs=(inputs.take,) if inputs.take else (),
                app_version=version("doppel-studio"),
                seconds=seconds,
            ),
        )
        return Packed("Detect people", (item,), told)
