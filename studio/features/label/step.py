"""Labelling, as a project sees it: frames of a take become pictures to label."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import FileItem, Project, TakeItem
from studio.document.step import Missing, Packed
from studio.features.label.engine import Collected, Inputs
from studio.training.labels import MAP_KINDS, LabelFolder

ROLE = "labels"


class Step:
    """A take in, pictures to label out; the project remembers the folder."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        take = project.picked(chosen, TakeItem)
        if take is None:
            return Inputs(())
        home = assets.folder.parent
        return Inputs(tuple(home / clip.path for clip in take.clips))

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Collected):
            raise TypeError("this step packs collected pictures")
        item = FileItem(name=f"{result.folder.name} (labels)", role=ROLE, path=str(result.folder))
        return Packed(f"Add {len(result.names)} pictures to label", (item,), facts_of(result))


def facts_of(result: Collected) -> tuple[Fact, ...]:
    """What a folder of labels holds after pictures were added."""
    folder = LabelFolder.open(result.folder)
    told = [Fact("Added", f"{len(result.names)} pictures", "good")]
    if result.left_out:
        told.append(Fact("Left out", f"{len(result.left_out)} files", "look", result.left_out[0]))
    counts = {kind: len(folder.labelled(kind)) for kind in MAP_KINDS}
    words = {"parts": "parts", "mask": "a mask", "occlusion": "an item"}
    done = ", ".join(f"{count} with {words[kind]}" for kind, count in counts.items() if count)
    held = f"{len(folder.names())} pictures" + (f", {done}" if done else "")
    told.append(Fact("In the folder", held, "plain", str(result.folder)))
    return tuple(told)
