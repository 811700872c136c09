"""Values of a project's items, read and made ready for drawing. Runs on a lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.types import CameraRig, Character, Crowd, Detections, Motion, Posed
from studio.document.data import crowd_of, detections_of, motion_of
from studio.document.folder import ProjectFolder
from studio.document.project import AvatarItem, DetectionsItem, MotionItem
from studio.scene.surface import plan
from studio.ui.on_show import nearest
from studio.ui.series import Chart, bone_spread, camera_errors, joint_errors

Arrayed = MotionItem | DetectionsItem | AvatarItem


@dataclass(frozen=True, eq=False)
class Loaded:
    """Values of the items on show; None while they are still being read."""

    detections: Detections | None = None
    motion: Motion | None = None
    avatar: Character | None = None
    others: tuple[Motion | None, ...] = ()
    crowd: Crowd | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """Detections as they are shown: the main person's, and everybody's where there are more."""

    main: Detections
    crowd: Crowd | None = None


def key_of(item: Arrayed) -> str:
    """Tells values apart: by the stored data and, of a person, by what was made of it."""
    design = item.design if isinstance(item, AvatarItem) else None
    return f"{item.data.sha256} {design.text()}" if design is not None else item.data.sha256


def load(item: Arrayed, folder: ProjectFolder) -> Any:
    """The value of an item; runs on the lane."""
    assets = folder.assets
    if isinstance(item, MotionItem):
        return motion_of(item, assets)
    if isinstance(item, DetectionsItem):
        return Seen(detections_of(item, assets), crowd_of(item, assets))
    from studio.synth.stored import avatar_of

    character = avatar_of(assets.arrays(item.data), item.name, item.design, item.dressed)
    for part in character.parts:
        plan(part.mesh)
    return character


def posed_at(character: Character | None, time_s: float) -> Posed | None:
    if character is None:
        return None
    animation = character.animation
    if animation is None or not len(animation):
        return Posed(
            character, time_s, character.armature.rest_world, np.zeros(len(character.morph_names))
        )
    frame = nearest(animation.times_s, time_s)
    return Posed(
        character,
        float(animation.times_s[frame]),
        animation.bones_world[frame],
        animation.morphs[frame],
    )


def charts_of(
    motion: Motion, rig: CameraRig | None, detections: Detections | None
) -> tuple[Chart, ...]:
    charts = [joint_errors(motion), bone_spread(motion)]
    if rig is not None and detections is not None and detections.layout == motion.layout:
        charts.insert(1, camera_errors(motion, rig, detections))
    return tuple(charts)
