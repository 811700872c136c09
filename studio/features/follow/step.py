"""Live following, as a project sees it: nothing of it is kept."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.document.folder import Assets
from studio.document.project import Project
from studio.document.step import Missing, Packed
from studio.features.follow.engine import Inputs
from studio.live.lanes import Lasted, facts_of

_ADVICE = "quality “fast”, or without hands and face, is quicker"


class Step:
    """Live cameras in; what comes out was seen, and told."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        rig = project.usable_rig()
        return Inputs(None, None if rig is None else rig.rig())

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Lasted):
            raise TypeError("this step packs what was followed live")
        facts = facts_of(result, "skeleton", "Somebody", good_hz=20, advice=_ADVICE)
        return Packed("Follow live", (), facts)
