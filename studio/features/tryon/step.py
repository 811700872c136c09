"""A live try-on, as a project sees it: nothing of it is kept."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import Project
from studio.document.step import Missing, Packed
from studio.features.tryon.engine import Inputs
from studio.live import lanes
from studio.live.lanes import Lasted


class Step:
    """Live cameras in; what comes out was seen."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs()

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Lasted):
            raise TypeError("this step packs a live try-on")
        return Packed("Try on", (), facts_of(result))


def facts_of(result: Lasted) -> tuple[Fact, ...]:
    """How often, how late, and in how many pictures somebody was seen."""
    return lanes.facts_of(
        result, "picture", "Somebody", good_hz=20,
        advice="Choose a smaller picture in the camera's settings, or fewer people.",
    )  # fmt: skip
