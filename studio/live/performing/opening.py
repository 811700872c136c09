"""Performers with their networks: what is installed, opened and ready to use."""

from __future__ import annotations

from studio.live.performing.body import BodyPerformer
from studio.live.performing.face import FacePerformer
from studio.live.performing.settings import Settings
from studio.live.solving import LiftSolver
from studio.perception.faces.solver import FaceSolver
from studio.perception.faces.tracker import FaceTracker
from studio.perception.whole_body import Options
from studio.weights.detectors import whole_body
from studio.weights.store import find


def face_performer() -> FacePerformer:
    """The face of one camera. Raises StudioError if its network is missing or damaged."""
    return FacePerformer(lambda: FaceTracker(find("face_landmarker")), FaceSolver())


def body_performer(settings: Settings) -> BodyPerformer:
    """The body of one camera, with hands if wanted. Raises StudioError if a network is missing."""
    options = Options("fast", hands=settings.hands, face=False)
    return BodyPerformer(lambda: whole_body(options), LiftSolver())
