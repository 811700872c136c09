"""The avatar, as a project sees it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.data import motion_of
from studio.document.folder import Assets
from studio.document.project import (
    AvatarItem,
    MotionItem,
    Project,
    Recipe,
    RigItem,
    TakeItem,
    traces,
)
from studio.document.step import Missing, Packed
from studio.features.avatar.engine import Avatar, Inputs, Origin
from studio.features.avatar.look import Filmed
from studio.human.stored import fit_arrays
from studio.media.films import Films, films_of


class Step:
    """A motion in, an avatar that moves like it out."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        if project.picked(chosen, MotionItem) is not None:
            return ()
        return (Missing("There is no motion in 3D yet.", "triangulate", "Triangulate"),)

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        item = project.picked(chosen, MotionItem)
        if item is None:
            raise StudioError("The avatar needs a motion in 3D.", "Triangulate a take first.")
        motion = motion_of(item, assets)
        origin = Origin(item.name.removesuffix(" in 3D"), item.id)
        return Inputs(motion, origin, _filmed(item, project, assets))

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not (isinstance(inputs, Inputs) and isinstance(result, Avatar)):
            raise TypeError("this step packs avatars")
        origin = inputs.origin
        item = AvatarItem(
            name=f"{origin.name}, avatar" if origin else "Avatar",
            motion=origin.motion if origin else None,
            design=result.design,
            data=assets.put_arrays(fit_arrays(result.fit)),
            facts=traces(result.facts),
            recipe=Recipe.of("avatar", params, seconds, (origin.motion,) if origin else ()),
        )
        return Packed("Fit avatar", (item,), result.facts)


def _filmed(item: MotionItem, project: Project, assets: Assets) -> Filmed | None:
    take = project.get(item.take, TakeItem) if item.take else None
    rig = project.get(item.rig, RigItem) if item.rig else None
    if take is None or rig is None:
        return None
    films = Films(films_of(take.clips, assets.folder.parent), take.in_s, take.out_s)
    return Filmed(films, rig.rig())
