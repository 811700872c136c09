"""Export, as a project sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.core.types import Character
from studio.document.data import motion_of
from studio.document.folder import Assets
from studio.document.project import (
    AvatarItem,
    FileItem,
    MotionItem,
    Project,
    Recipe,
    new_id,
    traces,
)
from studio.document.step import Missing, Packed
from studio.features.export.engine import Export, Inputs, safe_name


class Step:
    """An avatar and its motion, or a motion alone, in; files beside the project out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        avatar, motion = _chosen(project, chosen)
        if avatar is None and motion is None:
            return (
                Missing("There is no person or motion to export yet.", "avatar", "Make an avatar"),
            )
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        avatar, motion = _chosen(project, chosen)
        named = avatar or motion
        if named is None:
            raise StudioError("There is nothing to export.", "Fit a person, or triangulate a take.")
        beside = assets.folder.parent.parent
        return Inputs(
            named.name,
            beside / f"{safe_name(project.name)} export",
            None if avatar is None else lambda: _character(avatar, assets),
            None if motion is None else lambda: motion_of(motion, assets),
            tuple(item.id for item in (avatar, motion) if item is not None),
        )

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Export)):
            raise TypeError("this step packs exports")
        item = FileItem(
            id=new_id(),
            name=f"{inputs.name}, exported",
            role="export",
            path=str(Path(result.folder).absolute()),
            facts=traces(result.facts),
            recipe=Recipe.of("export", params, seconds, inputs.items),
        )
        return Packed("Export", (item,), result.facts)


def _chosen(
    project: Project, chosen: tuple[str, ...]
) -> tuple[AvatarItem | None, MotionItem | None]:
    """The selected avatar and its motion; a motion selected alone; else the newest avatar."""
    avatar = next((item for i in chosen if (item := project.get(i, AvatarItem))), None)
    motion = next((item for i in chosen if (item := project.get(i, MotionItem))), None)
    if motion is not None and avatar is None:
        return None, motion
    avatar = avatar or project.newest(AvatarItem)
    if motion is None and avatar is not None and avatar.motion is not None:
        motion = project.get(avatar.motion, MotionItem)
    if avatar is None:
        motion = motion or project.newest(MotionItem)
    return avatar, motion


def _character(item: AvatarItem, assets: Assets) -> Character:
    from studio.synth.stored import avatar_of

    return avatar_of(assets.arrays(item.data), item.name, item.design, item.dressed)
