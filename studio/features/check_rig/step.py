"""The check of a rig, as a project sees it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.data import detections_of
from studio.document.folder import Assets
from studio.document.project import (
    AnyItem,
    DetectionsItem,
    FileItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    traces,
)
from studio.document.step import Missing, Offer, Packed
from studio.document.trust import GateMark, Trust, now
from studio.features.check_rig.engine import Checked, Inputs
from studio.features.check_rig.params import Params
from studio.media.backdrop import reference_folder
from studio.media.footage import Source


def _chosen(project: Project, chosen: tuple[str, ...]) -> tuple[TakeItem | None, RigItem | None]:
    """The selected take, else the newest; the selected rig, else the take's, else the newest."""
    take = project.picked(chosen, TakeItem)
    rig = next((r for id in chosen if (r := project.get(id, RigItem))), None)
    if rig is None and take is not None and take.rig:
        rig = project.get(take.rig, RigItem)
    return take, rig or project.usable_rig() or project.newest(RigItem)


def _then(project: Project, rig: RigItem, today: TakeItem) -> TakeItem | None:
    """The take that the rig was calibrated from, else the oldest other one that it filmed."""
    made = rig.recipe.inputs if rig.recipe else ()
    takes = [take for id in made if (take := project.get(id, TakeItem))]
    takes += [take for take in project.all(TakeItem) if take.rig == rig.id]
    return next((take for take in takes if take.id != today.id), None)


def _sources(take: TakeItem, home: Path) -> tuple[Source, ...]:
    return tuple(
        Source(clip.camera, home / clip.path, clip.offset_s,
               clip.rate_hz if (home / clip.path).is_dir() else None)
        for clip in take.clips
    )  # fmt: skip


class Step:
    """A rig and today's take in; verdicts, and if asked the rig with moved cameras placed anew."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        take, rig = _chosen(project, chosen)
        found: list[Missing] = []
        if rig is None:
            found.append(
                Missing(
                    "There is no calibration to check yet.", "capture", "Bring in a calibration"
                )
            )
        if take is None:
            found.append(Missing("There is no footage of today yet.", "capture", "Open footage"))
        return tuple(found)

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take, rig = _chosen(project, chosen)
        if take is None or rig is None:
            raise StudioError(
                "A check needs a calibration and today's videos.", "Bring them in first."
            )
        home = assets.folder.parent
        seen = [d for d in project.all(DetectionsItem) if d.take == take.id]
        found = None
        if seen:
            item = seen[-1]
            found = detections_of(item, assets)
        then = _then(project, rig, take)
        kept = reference_folder(home / rig.source) if rig.source else None
        return Inputs(
            rig.rig(), _sources(take, home), found, _sources(then, home) if then else (), kept,
            take.in_s, take.out_s, rig.name, (rig.id, take.id),
        )  # fmt: skip

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (
            isinstance(inputs, Inputs)
            and isinstance(result, Checked)
            and isinstance(params, Params)
        ):
            raise TypeError("this step packs checks of a rig")
        recipe = Recipe.of("check_rig", params, seconds, inputs.made_from)
        verdicts = result.verdicts
        gates = tuple(GateMark.model_validate(asdict(gate)) for gate in verdicts.gates)
        item: AnyItem = FileItem(
            name=f"{inputs.name}: check", role="check", facts=traces(result.facts), recipe=recipe
        )
        offers: tuple[Offer, ...] = ()
        moved = ", ".join(verdicts.moved)
        if verdicts.mended is not None and params.mend:
            item = RigItem.of(
                f"{inputs.name}, {moved} placed anew", mended(inputs, result)
            ).model_copy(update={
                "facts": traces(result.facts), "recipe": recipe, "accepted": True,
                "trust": Trust(gates=gates, target="placed anew by the other cameras", when=now()),
            })  # fmt: skip
        elif verdicts.mended is not None:
            text = f"{moved} moved; the other cameras still hold."
            again = params.model_copy(update={"mend": True})
            offers = (Offer(text, f"Place only {moved} anew", again),)
        return Packed("Check the rig", (item,), result.facts, offers)


def mended(inputs: Inputs, result: Checked) -> Any:
    """The whole rig, the named cameras placed anew; cameras without footage as they were."""
    new = result.verdicts.mended
    if new is None:
        return inputs.rig
    cameras = {camera.name: camera for camera in new.cameras}
    return type(new)(tuple(cameras.get(c.name, c) for c in inputs.rig.cameras))
