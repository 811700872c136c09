"""Which networks can be trained, by name; their code is imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from studio.core.errors import StudioError
from studio.training.task import Task

TASKS: Mapping[str, str] = {
    "parts": "studio.training.tasks.parts:PartsTask",
    "feet": "studio.training.tasks.feet:FeetTask",
    "heatmaps": "studio.training.tasks.heatmaps:HeatmapsTask",
    "dope_body": "studio.training.tasks.dope:BodyExpert",
    "dope_hand": "studio.training.tasks.dope:HandExpert",
    "dope_face": "studio.training.tasks.dope:FaceExpert",
    "dope_feet": "studio.training.tasks.dope_feet:FeetExpert",
    "dope_with_feet": "studio.training.tasks.dope_feet:WithFeet",
    "dope": "studio.training.tasks.dope:DopeTask",
    "pose_prior": "studio.training.tasks.pose_prior:PosePriorTask",
    "occluder": "studio.training.tasks.occluder:OccluderTask",
    "body": "studio.training.tasks.body:BodyTask",
    "body_head": "studio.training.tasks.body:BodyHeadTask",
    "neus": "studio.training.tasks.neus:NeusTask",
    "face_light": "studio.training.tasks.face_light:FaceLightTask",
    "lift": "studio.training.tasks.lift:LiftTask",
    "algebraic": "studio.training.tasks.algebraic:AlgebraicTask",
    "volumetric": "studio.training.tasks.volumetric:VolumetricTask",
    "volumetric_refiner": "studio.training.tasks.volumetric_refiner:RefinerTask",
}
"""name -> module:class"""


def find_task(name: str, **options: Any) -> Task:
    """The task of that name, or of ``module:class``, made with its options.

    Raises StudioError if there is none, or if it does not know an option.
    """
    place = TASKS.get(name, name)
    module, colon, attribute = place.partition(":")
    if not colon:
        raise StudioError(
            f"There is no network “{name}” to train.", f"There are: {', '.join(TASKS)}."
        )
    try:
        maker = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise StudioError(f"The task “{place}” cannot be loaded: {error}.") from error
    try:
        return maker(**options)
    except TypeError as error:
        raise StudioError(f"“{name}” cannot be trained with {options}: {error}.") from error
