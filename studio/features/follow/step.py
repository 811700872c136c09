"""Live following, as a project sees it: nothing of it is kept."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import Project
from studio.document.step import Missing, Packed
from studio.features.follow.engine import Inputs
from studio.live.tracking import Tracked

GOOD_MS, FAIR_MS = 80.0, 200.0


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
        if not isinstance(result, Tracked):
            raise TypeError("this step packs what was followed live")
        return Packed("Follow live", (), facts_of(result))


def facts_of(result: Tracked) -> tuple[Fact, ...]:
    """How fast it was, how late, and in how many pictures somebody was found."""
    rate = result.moments / result.seconds if result.seconds > 0 else 0.0
    late = result.latency_ms
    share = result.with_somebody / result.moments if result.moments else 0.0
    stages = ", ".join(f"{name} {ms:.0f} ms" for name, ms in result.stages_ms.items())
    return (
        Fact("Rate", f"{rate:.0f} skeletons a second",
             "good" if rate >= 20 else "look", "" if rate >= 20 else stages),
        Fact("Delay", f"{late:.0f} ms from picture to skeleton",
             "good" if late <= GOOD_MS else "look" if late <= FAIR_MS else "stop",
             "" if late <= GOOD_MS else "quality “fast”, or without hands and face, is quicker"),
        Fact("Somebody", f"in {share:.0%} of {result.moments} pictures".replace("%", " %"),
             "good" if share > 0.9 else "look"),
    )  # fmt: skip
