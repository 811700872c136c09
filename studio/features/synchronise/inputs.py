"""What there is to synchronise, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.types import CameraRig, Detections, Fact
from studio.document.project import TakeItem
from studio.vision.synchrony.graph import Clocks
from studio.vision.synchrony.track import Track


@dataclass(frozen=True)
class Source:
    """One camera's video or picture folder. ``rate_hz`` is for pictures, which have no times."""

    camera: str
    path: Path
    rate_hz: float | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """The clips, and what else is known of them.

    ``detections`` are keypoints whose frames are each camera's own (frame i of one camera does
    not belong to frame i of another); ``rig`` the cameras that filmed them; ``stale`` says that
    something was already computed from the take as it was.
    """

    sources: tuple[Source, ...]
    rig: CameraRig | None = None
    detections: Detections | None = None
    take: TakeItem | None = None
    stale: bool = False


@dataclass(frozen=True, eq=False)
class Synchronised:
    """The clocks of all cameras, what they were found by, and the curves that show it."""

    clocks: Clocks
    method: str
    tracks: tuple[Track, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()
