"""What goes into a calibration and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from jaxtyping import UInt8

from studio.core.calibration import Dropped, Gate, Solution
from studio.core.types import Fact, Motion
from studio.document.folder import Assets
from studio.features.calibrate.facts import facts_of
from studio.features.calibrate.look import Sightings
from studio.features.calibrate.sources import Clips, LiveCameras, Source
from studio.media.clip import ClipReader
from studio.vision.calibration.guidance import Guidance
from studio.vision.calibration.trust.uncertainty import Bar

OF_RIGS = frozenset({
    "graph", "error-bar", "scale", "facing", "duplicate", "clock", "moved", "lens", "view", "floor",
    "held-out",
})  # fmt: skip
"""Gates that ask about several cameras: one alone is not asked."""
_SHOTS = 6


@dataclass(frozen=True)
class Origin:
    """The project's items that inputs came from, by id, and what the result is named after."""

    name: str
    take: str | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is looked at: clips, or live cameras that are open.

    ``names`` are the cameras of the project's take: a source that is one of them is called so.
    ``motion`` is a tracked person whose feet may show the floor; ``assets`` hold what was seen
    before. ``offsets_s``: how much later than the others a camera began, over what its source
    says.
    """

    sources: tuple[Source, ...] = ()
    live: LiveCameras | None = None
    names: tuple[str, ...] = ()
    motion: Motion | None = None
    assets: Assets | None = None
    origin: Origin | None = None
    offsets_s: Mapping[str, float] = field(default_factory=dict)


class Named(Protocol):
    """What was looked for: its name in words, and as it is typed."""

    @property
    def name(self) -> str: ...

    @property
    def spec(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Shot:
    """The picture of a view that was left out."""

    dropped: Dropped
    rgb: UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The result: the rig, what it is worth, what was seen, and what to tell first."""

    solution: Solution
    gates: tuple[Gate, ...]
    bars: tuple[Bar, ...]
    board: Named
    seen: Sightings
    guidance: Guidance
    notes: tuple[str, ...] = ()
    shots: tuple[Shot, ...] = ()
    lenses_only: bool = False

    @property
    def facts(self) -> tuple[Fact, ...]:
        return facts_of(
            self.solution, self.gates, self.bars, self.notes, lenses_only=self.lenses_only
        )

    @property
    def stopped(self) -> tuple[Gate, ...]:
        """The gates that block acceptance."""
        return tuple(gate for gate in self.gates if gate.verdict == "stop")


def numbered(dropped: Sequence[Dropped], seen: Sightings) -> tuple[Dropped, ...]:
    """The same, each with the number of its picture where that is known."""
    frames = {(view.camera, view.moment): view.frame for view in seen.views}
    return tuple(replace(d, frame=frames.get((d.camera, d.moment), d.frame)) for d in dropped)


def shots(solution: Solution, clips: Clips) -> tuple[Shot, ...]:
    """Pictures of the views that the solution does without, the worst first."""
    readers: Mapping[str, ClipReader] = {clip.camera: clip for clip in clips.clips}
    worst = sorted(
        (d for d in solution.dropped if d.camera in readers and d.frame >= 0),
        key=lambda d: -np.nan_to_num(d.off_px, nan=0.0),
    )
    return tuple(Shot(d, readers[d.camera].frame(d.frame).rgb) for d in worst[:_SHOTS])
