"""What is known of one moment in front of a camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from studio.core.types import Frame, Keypoints, Skeleton
from studio.live.cues import Cues


@dataclass(frozen=True, eq=False)
class Moment:
    """One moment: the pictures of the cameras, who was found in them, and where they are.

    ``people`` are in pixels as seen, the most prominent of each camera first; ``skeletons`` are in
    metres, Z up; ``cues`` say what each of the people does. ``taken_s`` and ``found_s`` say when
    the pictures were taken and when all was found (``time.monotonic``). ``stages_ms`` are the
    lanes' usual milliseconds by the clock, and ``skipped`` how many pictures made way for newer
    ones so far.
    """

    number: int
    frames: Mapping[str, Frame]
    people: tuple[Keypoints, ...]
    skeletons: tuple[Skeleton, ...]
    taken_s: float
    found_s: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    skipped: int = 0
    cues: tuple[Cues, ...] = ()

    @property
    def latency_ms(self) -> float:
        """From when the picture was taken until all was found."""
        return 1e3 * (self.found_s - self.taken_s)
