"""Detectors with their networks: what is installed, opened and ready to use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from studio.core.card import find_card
from studio.perception.detector import Detector
from studio.perception.whole_body import Networks as Files
from studio.perception.whole_body import Options, WholeBodyDetector
from studio.weights.store import find

Backend = Literal["mediapipe", "dope"]
"""Whose networks find people: MediaPipe's, or Doppel's own (whole-body pose, several people)."""
BACKENDS: dict[Backend, str] = {"mediapipe": "MediaPipe", "dope": "Our own"}
"""What they are called where one is chosen."""
Networks = Annotated[
    Backend,
    Field(
        title="Networks",
        description="Whose networks find people: mediapipe, or dope, Doppel's own (133 points)",
        json_schema_extra={"words": list(BACKENDS.values())},
    ),
]
"""The same as a setting of a feature."""


def whole_body(options: Options = Options()) -> WholeBodyDetector:  # noqa: B008
    """MediaPipe's detector. Raises StudioError if a network is missing or damaged."""
    pose = "pose_landmarker_lite" if options.quality == "fast" else "pose_landmarker_full"
    networks = Files(find(pose), find("hand_landmarker"), find("face_landmarker"))
    return WholeBodyDetector(networks, options)


def own(options: Options = Options()) -> Detector:  # noqa: B008
    """Doppel's own detector. Raises StudioError if a network is missing or damaged."""
    from studio.perception.dope.detector import DopeDetector, Settings
    from studio.perception.dope.finder import PoseFinder
    from studio.perception.heatmaps.marker import Marker
    from studio.perception.lifting.lifter import Lifter

    cards = [find_card("dope"), find_card("heatmaps"), find_card("lift")]
    finder = PoseFinder.load(cards[0].weights, mode=options.quality, mirror=not options.live)
    marker, lifter = Marker.load(cards[1].weights), Lifter.load(cards[2].weights)
    askew = not options.live and options.quality != "fast"
    settings = Settings(options.people, True, options.hands, options.face, askew=askew)
    weights = [hashlib.sha256(card.weights.read_bytes()).hexdigest()[:12] for card in cards]
    return DopeDetector(finder, marker, settings, " ".join(weights), lifter)


def maker(backend: Backend, options: Options = Options()) -> Callable[[], Detector]:  # noqa: B008
    """What makes detectors of a backend, one for each thread."""
    if backend == "dope":
        return lambda: own(options)
    return lambda: whole_body(options)
