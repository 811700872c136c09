"""What triangulation is given."""

from __future__ import annotations

from dataclasses import dataclass

from studio.core.types import CameraRig, Crowd, Detections
from studio.media.films import Films


@dataclass(frozen=True)
class Origin:
    """The project's items that inputs came from, by id, and what the result is named after."""

    name: str
    detections: str
    rig: str
    take: str | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """A calibrated rig and the 2D keypoints of one person in its cameras; everybody's, where the
    cameras saw several (``crowd``). ``films`` are the pictures themselves, for the methods that
    look at them."""

    rig: CameraRig
    detections: Detections
    origin: Origin | None = None
    crowd: Crowd | None = None
    films: Films | None = None
