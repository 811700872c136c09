"""A live performance, as a project sees it: nothing of it is kept."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import Project
from studio.document.step import Missing, Packed
from studio.features.puppet.engine import Inputs
from studio.live import lanes
from studio.live.lanes import Lasted


class Step:
    """Live cameras in; what comes out was seen, and told."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs()

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Lasted):
            raise TypeError("this step packs a live performance")
        return Packed("Perform", (), facts_of(result))


def facts_of(result: Lasted) -> tuple[Fact, ...]:
    """How often, how late, and in how many pictures a face was seen."""
    return lanes.facts_of(result, "performance", "Face", good_hz=24)
