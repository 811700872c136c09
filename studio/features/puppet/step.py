"""A live performance, as a project sees it: nothing of it is kept."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from studio.core.types import Fact
from studio.document.folder import Assets
from studio.document.project import Project
from studio.document.step import Missing, Packed
from studio.features.puppet.engine import Inputs
from studio.live.performing.live import Performed

GOOD_MS, FAIR_MS = 80.0, 200.0


class Step:
    """Live cameras in; what comes out was seen, and told."""

    def missing(self, project: Project, chosen: tuple[str, ...]) -> tuple[Missing, ...]:
        return ()

    def inputs(self, project: Project, chosen: tuple[str, ...], assets: Assets) -> Inputs:
        return Inputs()

    def pack(
        self, inputs: Any, params: BaseModel, result: Any, assets: Assets, seconds: float
    ) -> Packed:
        if not isinstance(result, Performed):
            raise TypeError("this step packs a live performance")
        return Packed("Perform", (), facts_of(result))


def facts_of(result: Performed) -> tuple[Fact, ...]:
    """How often, how late, and in how many pictures a face was seen."""
    rate = result.count / result.seconds if result.seconds > 0 else 0.0
    late = result.latency_ms
    share = result.with_face / result.count if result.count else 0.0
    stages = ", ".join(f"{name} {ms:.0f} ms" for name, ms in result.stages_ms.items())
    return (
        Fact("Rate", f"{rate:.0f} performances a second",
             "good" if rate >= 24 else "look", "" if rate >= 24 else stages),
        Fact("Delay", f"{late:.0f} ms from picture to performance",
             "good" if late <= GOOD_MS else "look" if late <= FAIR_MS else "stop",
             "" if late <= GOOD_MS else stages),
        Fact("Face", f"in {share:.0%} of {result.count} pictures".replace("%", " %"),
             "good" if share > 0.9 else "look"),
    )  # fmt: skip
