"""The import, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.data import crowd_arrays, detections_arrays
from studio.document.folder import Assets
from studio.document.project import AnyItem, DetectionsItem, Project, RigItem, TakeItem, traces
from studio.document.step import Missing, Packed
from studio.features.capture.found import Brought, Known, detections_fact, rig_fact, take_fact
from studio.features.capture.offers import offers


class Step:
    """Files in; takes, rigs and detections out, linked with what the project holds."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Known:
        return Known(project.all(TakeItem), project.all(RigItem))

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Brought):
            raise TypeError("this step packs imports")
        items: list[AnyItem] = []
        for rig in result.rigs:
            if rig.item is not None:
                facts = [rig_fact(rig), *(Fact("Note", note) for note in rig.imported.notes)]
                facts += [Fact("Check", f"{p.message} {p.hint}", "look") for p in rig.problems]
                items.append(rig.item.model_copy(update={"facts": traces(facts)}))
        items += [
            take.item.model_copy(update={"facts": traces([take_fact(take)])})
            for take in result.takes
        ]
        for found in result.detections:
            d = found.detections
            items.append(
                DetectionsItem(
                    name=found.name,
                    take=found.take,
                    layout=d.layout.name,
                    cameras=d.cameras,
                    data=assets.put_arrays(detections_arrays(d)),
                    people=assets.put_arrays(crowd_arrays(found.crowd)) if found.crowd else None,
                    facts=traces([detections_fact(found)]),
                )
            )
        items += result.files
        return Packed("Bring in footage", tuple(items), result.facts, offers(result, params))
